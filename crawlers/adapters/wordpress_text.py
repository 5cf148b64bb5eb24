"""What WordPress serves as the body of posts and comments, in pages, feeds and REST alike, as plain text."""

from __future__ import annotations

import copy
import re

from crawlers.adapters.html_page import Element, classes, markup_text, one
from crawlers.canonical import canonical_url

# What themes and plugins put into a body beside its author's words.
_ADDED = frozenset(
    ["sharedaddy", "jp-relatedposts", "post-password-form", "page-links", "post-nav-links", "more-link", "yarpp"]
) | frozenset(
    ["addtoany_share", "comment-awaiting-moderation", "comment-reply-link", "screen-reader-text", "wp-block-comments"]
)
_COMMENT_PAGE = re.compile(r"/comment-page-\d+/?$")
_CPAGE = re.compile(r"[?&]cpage=\d+")
_COMMENT = re.compile(r"#comment-(\d{1,19})$")


def body_text(body: Element) -> str:
    """The text of a post's or comment's body; emoji that stand as pictures as their character."""
    own = copy.deepcopy(body)
    own.tail = None
    for part in list(own.iter("*")):
        if part is own:
            continue
        if part.tag == "img" and {"wp-smiley", "emoji"} & classes(part):
            _replace(part, part.get("alt", ""))
        elif _ADDED & classes(part):
            _replace(part, " ")
    return markup_text(own)


def is_protected(markup: str) -> bool:
    """Whether a body asks for a password instead of telling its text."""
    return "post-password-form" in markup or "action=postpass" in markup


def password_form(body: Element) -> bool:
    """Whether an element holds the form that asks for a post's password."""
    return one(body, ".//form[contains(@class, 'post-password-form') or contains(@action, 'postpass')]") is not None


def split_comment_url(url: str) -> tuple[str, str]:
    """A comment's own address (with `#comment-ID`) and the address of the post it stands under."""
    page = canonical_url(url)
    anchor = _COMMENT.search(url)
    return page + (anchor[0] if anchor else ""), post_url(page)


def post_url(url: str) -> str:
    """The post's address without the number of its page of comments."""
    return canonical_url(_CPAGE.sub("", _COMMENT_PAGE.sub("/", canonical_url(url))))


def comment_number(url: str) -> str:
    """The comment's number in an address that ends in #comment-ID; "" in any other."""
    found = _COMMENT.search(url)
    return found[1] if found else ""


def _replace(part: Element, words: str) -> None:
    """Put `words` in the place of an element."""
    parent = part.getparent()
    if parent is None:
        return
    words += part.tail or ""
    before = part.getprevious()
    if before is not None:
        before.tail = (before.tail or "") + words
    else:
        parent.text = (parent.text or "") + words
    part.tail = None
    parent.remove(part)
