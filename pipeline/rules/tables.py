"""Tables of the rules: what arrived, how far each rule has looked, what it raised, and how long it is silent."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from crawlers.schema import metadata

_Serial = BigInteger().with_variant(Integer, "sqlite")

rule_arrival = Table(  # posts in the order in which they could first be found; old ones are dropped
    "rule_arrival",
    metadata,
    Column("number", _Serial, primary_key=True, autoincrement=True),
    Column("post_id", String(32), nullable=False, unique=True),
    Column("sort_key", BigInteger, nullable=False),  # pipeline.index.document.published_key
    Column("at_ms", BigInteger, nullable=False),  # when it was published
    Index("rule_arrival_at", "at_ms"),
    sqlite_autoincrement=True,  # else SQLite gives the numbers of dropped rows again
)

rule_mark = Table(  # how far a rule has looked
    "rule_mark",
    metadata,
    Column("rule", String(60), primary_key=True),
    Column("arrived", BigInteger, nullable=False),  # the last arrival it was judged with
    Column("evaluated_ms", BigInteger, nullable=False),
    Column("silenced_ms", BigInteger, nullable=False, default=0),  # a person said: nothing until then
    Column(
        "version", BigInteger, nullable=False, default=0
    ),  # rises with each evaluation: two processes never both count
    Column("fault", Text, nullable=False, default=""),  # why it could not be judged last, "" where it could
    Column("silenced_why", Text, nullable=False, server_default=""),  # as that person said
    Column("silenced_by", String(80), nullable=False, server_default=""),
)

rule_state = Table(  # silence of a rule, for each value of its query key
    "rule_state",
    metadata,
    Column("id", String(32), primary_key=True),  # digest of rule and key
    Column("rule", String(60), nullable=False),
    Column("key", Text, nullable=False, default=""),
    Column("fired_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),  # silent until then
    Column("exponent", Integer, nullable=False, default=0),
    # Posts of a rule of kind `any` that came meanwhile: told once it is over.
    Column("held", BigInteger, nullable=False, default=0),
    Column("held_since_ms", BigInteger, nullable=False, default=0),
    Column("held_until_ms", BigInteger, nullable=False, default=0),
    Index("rule_state_rule", "rule"),
)

rule_seen = Table(  # flags and changes that a rule has told of or passed over
    "rule_seen",
    metadata,
    Column("rule", String(60), primary_key=True),
    Column("subject", String(48), primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Index("rule_seen_at", "at_ms"),
)

rule_firing = Table(  # what was raised; id: of the alert
    "rule_firing",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("rule", String(60), nullable=False),
    Column("key", Text, nullable=False, default=""),
    Column("level", String(8), nullable=False),
    Column("since_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
    Column("fired_ms", BigInteger, nullable=False),
    Column("posts", BigInteger, nullable=False),
    Index("rule_firing_rule", "rule", "fired_ms"),
    Index("rule_firing_fired", "fired_ms"),
)

rule_trial = Table(  # back-tests that were made, the newest of each wording of a rule
    "rule_trial",
    metadata,
    Column("digest", String(32), primary_key=True),  # pipeline.rules.trials.digest_of
    Column("rule", String(60), nullable=False),
    Column("who", String(80), nullable=False),
    Column("since_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("record", Text, nullable=False),  # JSON: weeks, firings, variants
)

rule_verdict = Table(  # what people say of firings; append-only, the newest of a firing holds
    "rule_verdict",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("firing_id", String(32), nullable=False),
    Column("verdict", String(8), nullable=False),  # true, noise, known
    Column("who", String(80), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Index("rule_verdict_firing", "firing_id"),
)
