"""From public pages to landed posts: Scrapy spiders, page parsers, the post record and the landing.

Modules without Scrapy, for other rooms: `crawlers.record` (the post) and `crawlers.landing` (the store).
"""
