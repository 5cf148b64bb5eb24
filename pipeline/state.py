"""Every table of the store, those of the pipeline's own state among them: import `metadata` from here to have them all."""

from crawlers.schema import metadata
from pipeline.access import tables as _access
from pipeline.alerts import tables as _alerts
from pipeline.briefs import tables as _briefs
from pipeline.cases import tables as _cases
from pipeline.desk import tables as _desk
from pipeline.events import tables as _events
from pipeline.rules import tables as _rules
from pipeline.schedule import tables as _schedule

__all__ = ["metadata"]
_ = (_access, _alerts, _briefs, _cases, _desk, _events, _rules, _schedule)
