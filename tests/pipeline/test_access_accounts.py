"""Accounts and sessions: who gets in, who is kept waiting, when it ends; on both stores."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest
from sqlalchemy import Engine, select

from config.access import Access, Oidc, RoleName
from config.errors import AccessError, ConfigError
from crawlers.schema import audit
from crawlers.store import opened, read
from pipeline.access import accounts, passwords, sessions
from pipeline.access.model import Role
from pipeline.access.providing import provided
from pipeline.access.tables import account, attempt, session
from tests.stores import Stores

NOW = datetime(2026, 11, 24, 0, 20, tzinfo=UTC)
GOOD, OTHER = "一句很长的话 correct horse", "另一句很长的话 battery staple"
ACCESS = Access()


@pytest.fixture
def store(tmp_path: Path, stores: Stores) -> Iterator[Engine]:
    with opened(stores.project(tmp_path)) as engine:
        accounts.add(engine, "admin1", [Role.ADMIN], password=OTHER, least=10, now=NOW)
        accounts.add(engine, "王芳", [Role.ANALYST], password=GOOD, least=10, now=NOW)
        yield engine


def enter(store: Engine, password: str = GOOD, *, name: str = "王芳", at: datetime = NOW, address: str = "a") -> str:
    return sessions.sign_in(store, ACCESS, name, password, address=address, now=at).token


def here(store: Engine, token: str, at: datetime = NOW) -> bool:
    return sessions.who(store, ACCESS, token, now=at) is not None


def said(store: Engine) -> list[tuple[str, str]]:
    with read(store) as connection:
        return [(r.who, r.action) for r in connection.execute(select(audit.c.who, audit.c.action).order_by(audit.c.id))]


def test_roles_in_the_settings_are_the_roles() -> None:
    assert set(get_args(RoleName)) == set(Role)


@pytest.mark.parametrize(
    "password",
    [
        *("short", "a" * 30, "1234567890", "qwertyuiop", "poiuytrewq", "abcdefghijkl", "password123", "admin123456"),
        *("王芳王芳王芳1", "ａａａａａａａａａａ", "x" * 201),
    ],
)
def test_what_is_guessed_first_is_no_password(password: str) -> None:
    with pytest.raises(ConfigError):
        passwords.check(password, name="王芳", least=10)


@pytest.mark.parametrize("password", [GOOD, "我家的猫喜欢晒太阳吃鱼", "kX9-tt2-quam-88-lo", "王芳的家里有三只大肥猫"])
def test_words_and_sentences_are(password: str) -> None:
    passwords.check(password, name="王芳", least=10)
    assert passwords.right(passwords.hashed(password), password)


def test_the_hash_is_argon2id_and_says_nothing(store: Engine) -> None:
    with read(store) as connection:
        kept = connection.execute(select(account.c.hash).where(account.c.name == "王芳")).scalar_one()
    assert kept.startswith("$argon2id$") and GOOD not in kept
    assert not passwords.right(kept, GOOD + "x")
    assert not passwords.right("", GOOD)
    assert not passwords.right("no hash", GOOD)


def test_the_first_account_must_be_an_administrators(tmp_path: Path, stores: Stores) -> None:
    with opened(stores.project(tmp_path)) as engine:
        assert not accounts.any_account(engine)
        with pytest.raises(ConfigError, match="管理员"):
            accounts.add(engine, "王芳", [Role.ANALYST], password=GOOD, least=10, now=NOW)
        assert not accounts.any_account(engine)


@pytest.mark.parametrize("name", ["", "a b", "<script>", "x" * 41, "a\nb", "../x"])
def test_names_that_cannot_be_one(store: Engine, name: str) -> None:
    with pytest.raises(ConfigError):
        accounts.add(store, name, [Role.DUTY], password=GOOD, least=10, now=NOW)


def test_a_name_is_taken_once_and_a_role_is_needed(store: Engine) -> None:
    with pytest.raises(ConfigError, match="已有"):
        accounts.add(store, "王芳", [Role.DUTY], password=GOOD, least=10, now=NOW)
    with pytest.raises(ConfigError, match="角色"):
        accounts.add(store, "李明", [], password=GOOD, least=10, now=NOW)


def test_the_last_administrator_stays_one(store: Engine) -> None:
    for act in (
        lambda: accounts.switch(store, "admin1", active=False, now=NOW),
        lambda: accounts.set_roles(store, "admin1", [Role.DUTY], now=NOW),
    ):
        with pytest.raises(ConfigError, match="最后一个管理员"):
            act()
    accounts.set_roles(store, "王芳", [Role.ANALYST, Role.ADMIN], now=NOW)
    accounts.switch(store, "admin1", active=False, now=NOW)
    with pytest.raises(ConfigError):
        accounts.set_roles(store, "王芳", [Role.ANALYST], now=NOW)


def test_who_knows_the_password_gets_in_and_the_token_is_not_kept(store: Engine) -> None:
    token = enter(store)
    found = sessions.who(store, ACCESS, token, now=NOW)
    assert found is not None and found.name == "王芳" and found.roles == {Role.ANALYST}
    with read(store) as connection:
        assert token not in str(connection.execute(select(session)).all())
    assert said(store)[-1] == ("王芳", "sign-in")
    for wrong in ("", "x", token + "x", "\0", "x" * 500):
        assert sessions.who(store, ACCESS, wrong, now=NOW) is None


def test_one_answer_for_no_account_a_wrong_password_and_one_that_is_off(store: Engine) -> None:
    accounts.add(store, "老赵", [Role.DUTY], password=OTHER, least=10, now=NOW)
    accounts.switch(store, "老赵", active=False, now=NOW)
    answers = []
    for name, password in (("nobody", GOOD), ("王芳", OTHER), ("老赵", OTHER), ("王芳", "")):
        with pytest.raises(AccessError) as found:
            enter(store, password, name=name)
        answers.append(found.value.message)
    assert len(set(answers)) == 1
    assert said(store)[-1] == ("王芳", "sign-in failed")


def test_attempts_from_one_address_wait_longer_each_time_and_shut_out_nobody_else(store: Engine) -> None:
    for n in range(5):
        with pytest.raises(AccessError, match="不对"):
            enter(store, "wrong", address="stranger", at=NOW + timedelta(seconds=n))
    at = NOW + timedelta(seconds=6)
    with pytest.raises(AccessError, match="再试"):
        enter(store, GOOD, address="stranger", at=at)
    assert here(store, enter(store, GOOD, address="office", at=at), at)
    later = at + timedelta(seconds=30)
    with pytest.raises(AccessError, match="不对"):
        enter(store, "wrong", address="stranger", at=later)
    with pytest.raises(AccessError, match="再试"):
        enter(store, "wrong", address="stranger", at=later + timedelta(seconds=14))
    assert ("王芳", "sign-in waits") in said(store)
    assert here(
        store, enter(store, GOOD, address="stranger", at=later + timedelta(hours=7)), later + timedelta(hours=7)
    )


def test_attempts_from_everywhere_are_held_too_in_the_end(store: Engine) -> None:
    for n in range(50):
        with pytest.raises(AccessError, match="不对"):
            enter(store, "wrong", address=f"bot{n}", at=NOW)
    with pytest.raises(AccessError, match="再试"):
        enter(store, GOOD, address="office", at=NOW + timedelta(seconds=1))
    at = NOW + timedelta(minutes=16)
    assert here(store, enter(store, GOOD, address="office", at=at), at)


def test_attempts_are_counted_without_the_address_itself(store: Engine) -> None:
    with pytest.raises(AccessError):
        enter(store, "wrong", address="203.0.113.9")
    with read(store) as connection:
        assert "203.0.113.9" not in str(connection.execute(select(attempt)).all())


def test_a_session_ends_when_it_is_not_used_and_after_its_longest(store: Engine) -> None:
    token = enter(store)
    assert here(store, token, NOW + timedelta(minutes=59))
    assert here(store, token, NOW + timedelta(minutes=110))
    assert not here(store, token, NOW + timedelta(minutes=175))
    token, at = enter(store), NOW
    while at < NOW + timedelta(hours=12):
        assert here(store, token, at)
        at += timedelta(minutes=50)
    assert not here(store, token, NOW + timedelta(hours=12, minutes=1))


def test_what_changes_an_account_ends_its_sessions(store: Engine) -> None:
    for act in (
        lambda: accounts.set_roles(store, "王芳", [Role.DUTY], now=NOW),
        lambda: accounts.set_password(store, "王芳", GOOD, least=10, now=NOW, must_change=False),
        lambda: accounts.switch(store, "王芳", active=True, now=NOW),
        lambda: sessions.end_all(store, "王芳"),
    ):
        token = enter(store)
        act()
        assert not here(store, token)
    token = enter(store)
    assert sessions.open_sessions(store, ACCESS, now=NOW) == {"王芳": 1}
    sessions.sign_out(store, token)
    sessions.sign_out(store, token)
    assert not here(store, token) and said(store)[-1] == ("王芳", "sign-out")


def test_whom_a_provider_vouches_for(store: Engine) -> None:
    oidc = Oidc(discovery="https://idp.example.gov.cn/x", groups={"研判组": "analyst", "值班组": "duty"})
    made = provided(store, oidc, "zhang3", "张三", ["研判组", "别的组"], now=NOW)
    assert made.roles == {Role.ANALYST} and not made.password
    assert provided(store, oidc, "zhang3", "张三", ["值班组"], now=NOW).roles == {Role.DUTY}
    assert provided(store, oidc, "zhang3", "张三", [], now=NOW).roles == {Role.DUTY}
    with pytest.raises(AccessError, match="没有角色"):
        provided(store, oidc, "li4", "李四", ["别的组"], now=NOW)
    with pytest.raises(AccessError, match="本地密码"):
        provided(store, oidc, "王芳", "冒名", ["研判组"], now=NOW)
    with pytest.raises(AccessError):
        enter(store, "", name="zhang3")
    accounts.switch(store, "zhang3", active=False, now=NOW)
    with pytest.raises(AccessError):
        provided(store, oidc, "zhang3", "张三", ["研判组"], now=NOW)


def test_passwords_made_for_others_are_taken_and_differ() -> None:
    made = {passwords.made() for _ in range(50)}
    assert len(made) == 50
    for one in made:
        passwords.check(one, name="王芳", least=10)
