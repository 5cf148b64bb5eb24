"""Every table of the store, those of the pipeline's own state among them: import `metadata` from here to have them all."""

from crawlers.schema import metadata
from pipeline.events import tables as _events
from pipeline.rules import tables as _rules

__all__ = ["metadata"]
_ = (_events, _rules)
