"""Signing in and out: a token that only the browser keeps, its digest here; attempts that fail wait longer each time."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, delete, select

from config.access import Access
from config.errors import AccessError
from config.text import tr
from crawlers.store import insert_rows, read, take_turn, write
from pipeline.access.accounts import Account, account_named
from pipeline.access.passwords import LONGEST, right
from pipeline.access.tables import account, attempt, session
from pipeline.audit import append_audit
from pipeline.query.times import milliseconds

# So many failures from one address are free, then it waits, twice as long each time; from everywhere together much later:
# a stranger shuts out himself, not the person.
_FREE, _FREE_OF_ALL = 5, 50
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=15), timedelta(minutes=15)
# Failures older than that are forgotten.
_FORGOTTEN = timedelta(hours=6)
# The last use is written at most so often.
_EACH = timedelta(minutes=1)
_ANYWHERE = ""
_NAMED = 40


@dataclass(frozen=True, slots=True)
class SignedIn:
    """token: for the browser, kept nowhere else; account: whose it is."""

    token: str
    account: Account


def sign_in(engine: Engine, access: Access, name: str, password: str, *, address: str, now: datetime) -> SignedIn:
    """A new session. address: where the attempt came from, kept as a digest while attempts are counted.

    An unknown name, a wrong password, an account that is switched off are one answer, after the same time. Every outcome is
    audited. Raises AccessError; TransientError, StageError where the store does not take it.
    """
    name = name.strip()[:_NAMED]
    where = _digest(address)
    with read(engine) as connection:
        wait = _wait(connection, name, where, now)
        kept = connection.execute(select(account.c.hash).where(account.c.name == name)).scalar() or ""
        found = account_named(connection, name)
    if wait > timedelta():
        append_audit(engine, name, "sign-in waits", "", 0)
        minutes = max(1, -(-int(wait.total_seconds()) // 60))
        message = tr(
            "试得太多了，请 {n} 分钟后再试；忘了密码请找管理员重设",
            "too many attempts: try again in {n} min, or ask an administrator for another password",
            n=minutes,
        )
        raise AccessError(message)
    fits = right(str(kept), password[: LONGEST + 1])
    if not (fits and found is not None and found.active):
        _failed(engine, name, where, now)
        append_audit(engine, name, "sign-in failed", "", 0)
        raise AccessError(tr("账户名或密码不对", "the name or the password is wrong"))
    token = begin(engine, found, access, now=now, where=where)
    return SignedIn(token, found)


def begin(engine: Engine, found: Account, access: Access, *, now: datetime, where: str = "") -> str:
    """A session of an account that has shown who it is; the token for its browser."""
    token = secrets.token_urlsafe(32)
    oldest = milliseconds(now - timedelta(hours=access.session_hours))
    row = {"digest": _digest(token), "account": found.name, "began_ms": milliseconds(now), "seen_ms": milliseconds(now)}
    with write(engine) as connection:
        connection.execute(delete(session).where(session.c.began_ms < oldest))
        mine = (attempt.c.name == found.name, attempt.c.address.in_([where, _ANYWHERE]))
        connection.execute(delete(attempt).where(*mine))
        insert_rows(connection, session, [row])
    append_audit(engine, found.name, "sign-in", "", 0)
    return token


def who(engine: Engine, access: Access, token: str, *, now: datetime) -> Account | None:
    """The account of a token, as it is now; None where the session has ended or never was."""
    if not token or len(token) > LONGEST:
        return None
    digest = _digest(token)
    with read(engine) as connection:
        row = connection.execute(select(session).where(session.c.digest == digest)).first()
        found = account_named(connection, row.account) if row is not None else None
    if row is None or found is None or not found.active:
        return None
    at = milliseconds(now)
    idle = milliseconds(now - timedelta(minutes=access.idle_minutes))
    if row.seen_ms < idle or row.began_ms < milliseconds(now - timedelta(hours=access.session_hours)):
        return None
    if at - row.seen_ms > _EACH.total_seconds() * 1000:
        with write(engine) as connection:
            connection.execute(session.update().where(session.c.digest == digest).values(seen_ms=at))
    return found


def sign_out(engine: Engine, token: str) -> None:
    """End the session; that it has ended already is fine."""
    digest = _digest(token)
    with write(engine) as connection:
        name = connection.execute(select(session.c.account).where(session.c.digest == digest)).scalar()
        connection.execute(delete(session).where(session.c.digest == digest))
    if name:
        append_audit(engine, name, "sign-out", "", 0)


def end_all(engine: Engine, name: str) -> int:
    """End every session of an account; how many there were."""
    with write(engine) as connection:
        return connection.execute(delete(session).where(session.c.account == name)).rowcount


def open_sessions(engine: Engine, access: Access, *, now: datetime) -> dict[str, int]:
    """How many sessions of each account are open."""
    idle = milliseconds(now - timedelta(minutes=access.idle_minutes))
    began = milliseconds(now - timedelta(hours=access.session_hours))
    asked = select(session.c.account).where(session.c.seen_ms >= idle, session.c.began_ms >= began)
    found: dict[str, int] = {}
    with read(engine) as connection:
        for name in connection.execute(asked).scalars():
            found[name] = found.get(name, 0) + 1
    return found


def _wait(connection: Connection, name: str, where: str, now: datetime) -> timedelta:
    """How long the next attempt has to wait."""
    longest = timedelta()
    for address, free in ((where, _FREE), (_ANYWHERE, _FREE_OF_ALL)):
        mine = (attempt.c.name == name, attempt.c.address == address)
        row = connection.execute(select(attempt).where(*mine)).first()
        if row is None or row.failures < free:
            continue
        since = timedelta(milliseconds=milliseconds(now) - row.last_ms)
        if since < _FORGOTTEN:
            due = min(_FIRST_WAIT * 2 ** min(row.failures - free, 12), _LONGEST_WAIT)
            longest = max(longest, due - since)
    return longest


def _failed(engine: Engine, name: str, where: str, now: datetime) -> None:
    at, old = milliseconds(now), milliseconds(now - _FORGOTTEN)
    with write(engine) as connection:
        take_turn(connection, "attempts")
        connection.execute(delete(attempt).where(attempt.c.last_ms < old))
        for address in {where, _ANYWHERE}:
            mine = (attempt.c.name == name, attempt.c.address == address)
            failures = connection.execute(select(attempt.c.failures).where(*mine)).scalar()
            if failures is None:
                row = {"name": name, "address": address, "failures": 1, "last_ms": at}
                insert_rows(connection, attempt, [row])
            else:
                connection.execute(attempt.update().where(*mine).values(failures=failures + 1, last_ms=at))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
