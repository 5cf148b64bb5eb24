"""Which state may follow which: the one table of it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from config.errors import ConfigError
from config.text import tr
from pipeline.cases.model import NAMES, STATES, Case, State, state_name


@dataclass(frozen=True, slots=True)
class Move:
    """What a move is called and asks for. why: a reason; unit: a responsible unit; anew: the clock starts again."""

    zh: str
    en: str
    why: bool = False
    unit: bool = False
    anew: bool = False


MOVES: Mapping[tuple[State, State], Move] = {
    ("pending", "assigned"): Move("交办", "assign", unit=True),
    ("pending", "answered"): Move("未交办已有答复", "answered before it was assigned", why=True, unit=True),
    ("pending", "declined"): Move("不予受理", "decline", why=True),
    ("assigned", "working"): Move("开始办理", "begin"),
    ("assigned", "answered"): Move("反馈", "answer"),
    ("assigned", "pending"): Move("退回研判", "send back to be judged", why=True),
    ("working", "answered"): Move("反馈", "answer"),
    ("working", "pending"): Move("退回研判", "send back to be judged", why=True),
    ("answered", "working"): Move("退回重办", "return", why=True),
    ("answered", "finished"): Move("办结", "finish"),
    ("finished", "working"): Move("退回重办", "return", why=True),
    ("finished", "closed"): Move("销号", "strike off"),
    ("closed", "working"): Move("重新办理", "reopen", why=True, anew=True),
    ("declined", "pending"): Move("重新受理", "reopen", why=True, anew=True),
}


def check_move(case: Case, to: State, *, why: str) -> Move:
    """The move from where the case stands. Raises ConfigError that says what is allowed, or what is lacking."""
    move = MOVES.get((case.state, to))
    if move is None:
        onward = "、".join(state_name(after) for before, after in MOVES if before == case.state)
        raise ConfigError(
            tr(
                "{n} 现为 {s}，不能改为 {t}；可以改为：{o}",
                "{n} is {s} and cannot become {t}; it can become: {o}",
                n=case.number,
                s=state_name(case.state),
                t=state_name(to),
                o=onward,
            )
        )
    if move.why and not why:
        raise ConfigError(
            tr(
                "{m} 要写明理由（命令行用 --why）",
                "{m}: give the reason (--why on the command line)",
                m=tr(move.zh, move.en),
            )
        )
    if move.unit and not case.unit:
        message = (
            "{n} 还没有责任单位：qingyu cases assign {n} 单位",
            "{n} has no unit yet: qingyu cases assign {n} UNIT",
        )
        raise ConfigError(tr(*message, n=case.number))
    return move


def state_of(said: str) -> State:
    """The state a person names, in Chinese or English or by id. Raises ConfigError that lists them."""
    plain = unicodedata.normalize("NFKC", said).strip().casefold()
    for state in STATES:
        if plain in (state, *(name.casefold() for name in NAMES[state])):
            return state
    known = "、".join(f"{NAMES[state][0]}（{state}）" for state in STATES)
    raise ConfigError(tr("没有状态“{s}”；可用：{k}", "there is no state “{s}”; known: {k}", s=said[:20], k=known))
