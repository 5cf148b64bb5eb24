"""Roles, what each may do, and the person who does it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from config.text import tr


class Action(StrEnum):
    """What the dashboard can do for a person. Each verb of `pipeline.desk` names the one it needs."""

    SEE_FIGURES = "figures.see"  # counts, shares, curves by the fields of a form; no text of a post, no free query
    READ_POSTS = "posts.read"  # search, titles, texts, words, threads, replies
    EXPORT_POSTS = "posts.export"
    CORRECT_LABELS = "labels.correct"
    KEEP_QUESTIONS = "questions.keep"
    SEE_FLAGS = "flags.see"  # flags, events, alerts, and the rules behind them
    JUDGE_FLAGS = "flags.judge"
    ACKNOWLEDGE = "alerts.acknowledge"
    SILENCE_RULES = "rules.silence"
    DRAFT_RULES = "rules.draft"  # write a draft and test it on the past
    SWITCH_RULES = "rules.switch"
    SEE_CASES = "cases.see"
    WORK_CASES = "cases.work"  # open, assign, move, note, take in answers
    CLOSE_CASES = "cases.close"  # close, dismiss, reopen
    SEE_BRIEFS = "briefs.see"
    MAKE_BRIEFS = "briefs.make"
    SEND_BRIEFS = "briefs.send"
    SEE_SOURCES = "sources.see"
    TRY_SOURCES = "sources.try"
    SEE_SETTINGS = "settings.see"
    EDIT_SETTINGS = "settings.edit"
    MANAGE_USERS = "users.manage"
    READ_AUDIT = "audit.read"


class Role(StrEnum):
    """A role; a person may have several."""

    VISITOR = "visitor"
    DUTY = "duty"
    ANALYST = "analyst"
    REVIEWER = "reviewer"
    ADMIN = "admin"
    AUDITOR = "auditor"


_A = Action
_READS = (_A.SEE_FIGURES, _A.READ_POSTS, _A.SEE_FLAGS, _A.SEE_CASES, _A.SEE_BRIEFS, _A.SEE_SOURCES)
_CASE_WORK = (_A.WORK_CASES, _A.ACKNOWLEDGE)
_QUESTIONS = (_A.EXPORT_POSTS, _A.CORRECT_LABELS, _A.KEEP_QUESTIONS)
_RULES = (_A.JUDGE_FLAGS, _A.SILENCE_RULES, _A.DRAFT_RULES, _A.SWITCH_RULES)
_BRIEFS = (_A.MAKE_BRIEFS, _A.SEND_BRIEFS)
_HOUSE = (_A.SEE_SOURCES, _A.TRY_SOURCES, _A.SEE_SETTINGS, _A.EDIT_SETTINGS, _A.MANAGE_USERS)

GRANTS: Mapping[Role, frozenset[Action]] = {
    Role.VISITOR: frozenset({_A.SEE_FIGURES}),
    Role.DUTY: frozenset({*_READS, *_CASE_WORK, _A.JUDGE_FLAGS}),
    Role.ANALYST: frozenset({*_READS, *_QUESTIONS, *_RULES, _A.ACKNOWLEDGE}),
    Role.REVIEWER: frozenset({*_READS, *_BRIEFS, _A.CLOSE_CASES, _A.WORK_CASES}),
    Role.ADMIN: frozenset({_A.SEE_FIGURES, *_HOUSE}),
    Role.AUDITOR: frozenset({_A.READ_AUDIT}),
}
# Opened on this machine only and without accounts, there is nobody to tell apart: all but the audit of others is one's own.
EVERYTHING = frozenset(Action)


def role_name(role: Role) -> str:
    """The role's name in the user's language."""
    zh, en = _NAMES[role]
    return tr(zh, en)


def action_name(action: Action) -> str:
    """What the action is, in the user's language."""
    zh, en = _ACTIONS[action]
    return tr(zh, en)


_NAMES: Mapping[Role, tuple[str, str]] = {
    Role.VISITOR: ("访客", "visitor"),
    Role.DUTY: ("值班员", "duty officer"),
    Role.ANALYST: ("研判员", "analyst"),
    Role.REVIEWER: ("审核", "reviewer"),
    Role.ADMIN: ("管理员", "administrator"),
    Role.AUDITOR: ("审计", "auditor"),
}
_ACTIONS: Mapping[Action, tuple[str, str]] = {
    _A.SEE_FIGURES: ("看数字", "see figures"),
    _A.READ_POSTS: ("检索与阅读帖子", "search and read posts"),
    _A.EXPORT_POSTS: ("导出帖子", "export posts"),
    _A.CORRECT_LABELS: ("改标签", "correct labels"),
    _A.KEEP_QUESTIONS: ("保存与订阅问题", "keep and subscribe to questions"),
    _A.SEE_FLAGS: ("看预警与事件", "see flags and events"),
    _A.JUDGE_FLAGS: ("判定预警", "judge flags"),
    _A.ACKNOWLEDGE: ("接警", "acknowledge alerts"),
    _A.SILENCE_RULES: ("静音规则", "silence rules"),
    _A.DRAFT_RULES: ("起草与回测规则", "draft and back-test rules"),
    _A.SWITCH_RULES: ("启用与停用规则", "switch rules on and off"),
    _A.SEE_CASES: ("看清单", "see cases"),
    _A.WORK_CASES: ("办理清单事项", "work on cases"),
    _A.CLOSE_CASES: ("办结与退回清单事项", "close cases"),
    _A.SEE_BRIEFS: ("看简报", "see briefs"),
    _A.MAKE_BRIEFS: ("制作简报", "make briefs"),
    _A.SEND_BRIEFS: ("发送简报", "send briefs"),
    _A.SEE_SOURCES: ("看来源", "see sources"),
    _A.TRY_SOURCES: ("试采来源", "try sources"),
    _A.SEE_SETTINGS: ("看设置", "see settings"),
    _A.EDIT_SETTINGS: ("改设置", "edit settings"),
    _A.MANAGE_USERS: ("管理用户", "manage users"),
    _A.READ_AUDIT: ("看审计记录", "read the audit"),
}


@dataclass(frozen=True, slots=True)
class Person:
    """Who sits before the screen. name: of the account, written to every audit row; roles: of the account; open_: no login."""

    name: str
    roles: frozenset[Role] = frozenset()
    open_: bool = False

    @property
    def actions(self) -> frozenset[Action]:
        """All that the roles allow."""
        return EVERYTHING if self.open_ else granted(self.roles)

    def may(self, action: Action) -> bool:
        """Whether the person may do this."""
        return action in self.actions


def granted(roles: Iterable[Role]) -> frozenset[Action]:
    """What any of the roles allows."""
    return frozenset().union(*(GRANTS[role] for role in roles))
