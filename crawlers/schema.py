"""The tables of the store (SQLAlchemy Core). Migrations live in `crawlers/migrations`; the schema here is their sum.

Times are integer milliseconds since 1970 UTC (`*_ms`): they compare, index and travel the same in SQLite and PostgreSQL.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, LargeBinary, MetaData, String, Table, Text, text

metadata = MetaData()
# SQLite gives rowid speed and autoincrement only to INTEGER.
_Serial = BigInteger().with_variant(Integer, "sqlite")
_WAITING = text("status = 'annotated'")

post = Table(
    "post",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("source", String(40), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("url", Text, nullable=False),
    Column("thread_url", Text, nullable=False, default=""),
    Column("parent_id", String(32), nullable=False, default=""),
    Column("title", Text, nullable=False, default=""),
    Column("text", Text, nullable=False, default=""),
    Column("author", String(32), nullable=False, default=""),
    Column("published_ms", BigInteger),
    Column("collected_ms", BigInteger, nullable=False),
    Column("edited_ms", BigInteger),
    Column("region", String(40), nullable=False, default=""),
    Column("category", String(80), nullable=False, default=""),
    Column("views", BigInteger),
    Column("likes", BigInteger),
    Column("dislikes", BigInteger),
    Column("replies", BigInteger),
    Column("official_unit", String(200)),
    Column("official_replied_ms", BigInteger),
    Column("official_text", Text),
    Column("content_hash", String(32), nullable=False),
    Column("revision", Integer, nullable=False, default=1),  # grows by one with each change of content
    Column("landed_seq", BigInteger, nullable=False),  # grows with every write that the index must follow
    Column("page_id", String(32), nullable=False, default=""),  # the page it was last read from
    Index("post_landed_seq", "landed_seq", unique=True),
    Index("post_published", "published_ms"),
    Index("post_source", "source", "published_ms"),
    Index("post_thread", "thread_url"),
)

revision = Table(  # what a post said before it was edited or answered
    "revision",
    metadata,
    Column("post_id", String(32), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("replaced_ms", BigInteger, nullable=False),
    Column("record", Text, nullable=False),  # the old Post as JSON
    Index("revision_replaced", "replaced_ms"),
)

page = Table(  # every address known: what is pending, what the server said last, when to look again
    "page",
    metadata,
    Column("id", String(32), primary_key=True),  # digest of source and canonical URL
    Column("source", String(40), nullable=False),
    Column("url", Text, nullable=False),
    Column("role", String(16), nullable=False),  # list, detail, thread, feed, sitemap …
    Column("walk", Integer, nullable=False, default=0),  # 1: leads to other pages and is read in every run
    Column("priority", Integer, nullable=False, default=0),
    Column("state", String(12), nullable=False),  # pending, done, gone, failed
    Column("fingerprint", String(64), nullable=False, default=""),  # of the row in the list that led here
    Column("meta", Text, nullable=False, default="{}"),  # JSON: what the list said and the detail page does not
    Column("etag", Text, nullable=False, default=""),
    Column("last_modified", Text, nullable=False, default=""),
    Column("body_hash", String(32), nullable=False, default=""),
    Column(
        "links", Text, nullable=False, default="[]"
    ),  # JSON: followed pages (next …), so that a 304 can be walked on
    Column("discovered_ms", BigInteger, nullable=False),
    Column("fetched_ms", BigInteger),
    Column("changed_ms", BigInteger),  # when its posts last were new or changed
    Column("due_ms", BigInteger),  # next re-visit; NULL: none
    Column("unchanged", Integer, nullable=False, default=0),  # visits in a row without change
    Column("failures", Integer, nullable=False, default=0),
    Index("page_state", "source", "state"),
    Index("page_due", "source", "due_ms"),
)

run = Table(  # the report of each run of a source
    "run",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("source", String(40), nullable=False),
    Column("started_ms", BigInteger, nullable=False),
    Column("finished_ms", BigInteger),
    Column("outcome", String(16), nullable=False),  # running, finished, limited, failed, stopped
    Column("reason", Text, nullable=False, default=""),
    Column("counts", Text, nullable=False, default="{}"),  # JSON, see crawlers.report.Counts
    Index("run_source", "source", "started_ms"),
)

source_state = Table(  # what a source must remember between runs
    "source_state",
    metadata,
    Column("source", String(40), primary_key=True),
    Column("health", String(16), nullable=False, default="new"),
    Column("reason", Text, nullable=False, default=""),
    Column("since_ms", BigInteger),
    Column("walk_complete", Integer, nullable=False, default=0),  # 1 when the last walk reached its end
    Column("last_ok_ms", BigInteger),
    Column("next_run_ms", BigInteger),
    Column("state", Text, nullable=False, default="{}"),  # JSON of the adapter's own, e.g. the newest time seen by REST
)

set_aside = Table(  # pages and posts that could not be used, with the reason and redacted evidence
    "set_aside",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("stage", String(12), nullable=False),  # crawl, process
    Column("source", String(40), nullable=False),
    Column("run_id", String(32), nullable=False, default=""),
    Column("url", Text, nullable=False, default=""),
    Column("post_id", String(32), nullable=False, default=""),
    Column("reason", Text, nullable=False),
    Column("evidence", Text, nullable=False, default=""),
    Column("at_ms", BigInteger, nullable=False),
    Index("set_aside_at", "at_ms"),
    Index("set_aside_source", "source", "at_ms"),
)

annotation = Table(  # what nlp adds to a post; written once the post stands in the index
    "annotation",
    metadata,
    Column("post_id", String(32), primary_key=True),
    Column(
        "landed_seq", BigInteger, nullable=False
    ),  # of the post when it was annotated; behind post.landed_seq: stale
    Column("model", String(40), nullable=False),  # version of everything that decided: model, taxonomy, dictionaries
    Column("status", String(12), nullable=False),  # annotated (not yet in the index), indexed, set_aside
    Column("content_hash", String(32), nullable=False, default=""),  # of the post then; the same: only counters changed
    Column("title_tokens", Text, nullable=False, default=""),
    Column("text_tokens", Text, nullable=False, default=""),
    Column("official_tokens", Text, nullable=False, default=""),
    Column("words", Text, nullable=False, default=""),  # space-joined content words
    Column("sentiment", String(8), nullable=False, default=""),
    Column("score", Float),
    Column("confidence", Float),
    Column("topics", Text, nullable=False, default=""),  # space-joined topic ids
    Column("keyphrases", Text, nullable=False, default=""),  # \x1f-joined
    Column("unsure", Integer, nullable=False, default=0),  # 1: the sentiment had better be left out
    Column("intent", String(12), nullable=False, default=""),
    Column("appeal", Integer, nullable=False, default=0),  # 1: asks for something to be done
    Column("sectors", Text, nullable=False, default=""),  # space-joined
    Column("places", Text, nullable=False, default=""),  # \x1f-joined ids of the gazetteer
    Column("duty", Text, nullable=False, default=""),  # the unit that usually answers such posts
    Column("copy_cluster", String(32), nullable=False, default=""),  # id of the copies this post is one of
    Column("duplicate_of", String(32), nullable=False, default=""),  # the original of these; "" for the original itself
    Column("annotated_ms", BigInteger, nullable=False),
    # Only where several machines share the work: the bands of `nlp.copies`, for the one that groups the copies.
    Column("copy_keys", LargeBinary),
    Index("annotation_model", "model"),
    Index("annotation_copy_cluster", "copy_cluster"),
    Index("annotation_waiting", "landed_seq", postgresql_where=_WAITING, sqlite_where=_WAITING),
)

worker = Table(  # processes that annotate and index, each with its latest sign of life
    "worker",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("machine", String(80), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("model", String(40), nullable=False),
    Column("started_ms", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
    Column("note", Text, nullable=False, default=""),  # what it waits for, "" for nothing
)

copy_cluster = Table(  # posts that say the same
    "copy_cluster",
    metadata,
    Column("id", String(32), primary_key=True),  # of the member that was seen first
    Column("seen", BigInteger, nullable=False),  # rises with the time a cluster was begun
    Column("original", String(32), nullable=False),  # of the members published first
    Column("published_ms", BigInteger, nullable=False),
    Column("source", String(40), nullable=False),
)

correction = Table(  # labels that people set right; append-only, the newest of a post and field holds
    "correction",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("post_id", String(32), nullable=False),
    Column("field", String(12), nullable=False),  # sentiment, intent, appeal, sector
    Column("value", String(24), nullable=False),
    Column("said", String(24), nullable=False),  # what the model had said then
    Column("model", String(40), nullable=False),
    Column("who", String(80), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Index("correction_post", "post_id"),
)

audit = Table(  # who asked, opened, exported what and when; append-only
    "audit",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("who", String(80), nullable=False),
    Column("action", String(20), nullable=False),
    Column("detail", Text, nullable=False, default=""),
    Column("posts", Integer, nullable=False, default=0),
    Index("audit_at", "at_ms"),
)

meta = Table("meta", metadata, Column("key", String(40), primary_key=True), Column("value", Text, nullable=False))
