"""What users of elastalert2 write in a rule, in our words; what has no counterpart is refused with what to write instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from config.text import tr

# elastalert2 → ours: names alone.
RENAMED: Mapping[str, str] = {
    "type": "kind",
    "timeframe": "window",
    "terms_window_size": "window",
    "buffer_time": "window",
    "is_enabled": "enabled",
    "match_bucket_filter": "match_query",
    "bucket_interval": "window",
    "metric_agg_key": "metric",
    "max_threshold": "above",
    "min_threshold": "below",
    "min_doc_count": "min_denominator",
    "aggregation": "digest",
    "priority": "level",
    "fields": "field",
    "cardinality_field": "field",
}
# Kinds of elastalert2 that are called otherwise here.
KINDS_RENAMED: Mapping[str, str] = {"metric_aggregation": "metric"}
_PRIORITIES: Mapping[int, str] = {1: "red", 2: "orange", 3: "yellow", 4: "blue", 5: "blue"}
_FIELDS: Mapping[str, str] = {"author": "voices", "voice": "voices", "voices": "voices", "places": "place"}
_METRICS: Mapping[str, str] = {
    "score": "mean_sentiment",
    "sentiment": "mean_sentiment",
    "negative": "negative_share",
    "engagement": "mean_engagement",
}


def foreign(key: str) -> str:
    """What to write instead of a key of elastalert2 that has no counterpart; "" for a key that is not known at all."""
    if key in ("filter", "blacklist", "whitelist", "compound_query_key"):
        return tr("写成 query（本系统的查询语言）", "write it as query, in our query language")
    if key in ("index", "es_host", "es_port", "timestamp_field", "timestamp_type", "doc_type", "use_strftime_index"):
        return tr(
            "不需要，删去即可：规则看的总是本项目的索引", "is not needed, drop it: rules ask this project's index"
        )
    if key in ("use_count_query", "use_terms_query", "attach_related", "num_hits", "run_every", "query_delay"):
        return tr("不需要，删去即可", "is not needed, drop it")
    if key in ("alert", "email", "smtp_host", "slack_webhook_url", "http_post_url", "alert_subject", "alert_text"):
        return tr("写成 groups（组在 config/groups.yaml）", "write it as groups (they stand in config/groups.yaml)")
    if key in ("compare_key", "ignore_null"):
        return tr("change 用 from 与 to", "change takes from and to")
    if key == "metric_agg_type":
        return tr(
            "写在 metric 里：mean_sentiment、negative_share、mean_engagement", "say it by metric: mean_sentiment …"
        )
    if key == "match_enhancements":
        return tr("写成 match：title 或 text 的正则表达式", "write it as match: patterns for title or text")
    return ""


def in_our_words(data: Mapping[str, Any]) -> dict[str, tuple[str, Any]]:
    """Our key → (the key as written, the value) of a rule; keys of our own stay as they are."""
    found: dict[str, tuple[str, Any]] = {}
    for key, value in data.items():
        ours = RENAMED.get(key, key)
        if ours in found:
            raise ValueError(
                tr("{a} 与 {b} 是同一项，只写一个", "{a} and {b} are the same key; write one", a=found[ours][0], b=key)
            )
        found[ours] = (key, _value(ours, value))
    return found


def _value(key: str, value: Any) -> Any:
    if key == "kind" and isinstance(value, str):
        return KINDS_RENAMED.get(value, value)
    if key == "level" and isinstance(value, int) and not isinstance(value, bool):
        return _PRIORITIES.get(value, value)
    if key == "field":
        one = value[0] if isinstance(value, list) and len(value) == 1 else value
        return _FIELDS.get(one, one) if isinstance(one, str) else one
    if key == "metric" and isinstance(value, str):
        return _METRICS.get(value, value)
    if key == "query_key" and isinstance(value, list) and len(value) == 1:
        return value[0]
    if key == "digest" and isinstance(value, Mapping) and set(value) == {"schedule"}:
        return value["schedule"]
    return value
