"""One adapter a kind of source: pure page parsers. `crawlers.adapters.registry` finds the adapter of a source."""
