"""The doors of the dashboard: pages to sign in, to change a password, to sign out, as routes beside Streamlit's; and what every
answer says to browsers about what a page may do. A session is a token in a cookie that scripts cannot read."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from anyio import to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from config.errors import AccessError, QingyuError
from config.project import Project
from config.text import tr
from dashboard.display import shown
from dashboard.identity import Provider
from dashboard.visiting import SESSION, needed
from pipeline.access.accounts import set_password
from pipeline.access.providing import provided
from pipeline.access.sessions import begin, sign_in, sign_out, who
from pipeline.audit import append_audit
from pipeline.sources_view import store_engine

_FORM, _STATE = "qy_form", "qy_state"
_LONGEST_FORM = 8_192
_STYLE = (Path(__file__).resolve().parent / "doors.css").read_text(encoding="utf-8")
SIGN_IN, SIGN_OUT, PASSWORD, OUTSIDE, BACK = "/signin", "/signout", "/password", "/signin/oidc", "/signin/oidc/back"
_OPEN = (SIGN_IN, SIGN_OUT, PASSWORD, "/_stcore", "/static", "/media", "/component", "/favicon", "/healthz", "/app")

# Streamlit starts its own code from this page, draws charts by code made at run time (Vega), keeps styles in the elements, and
# shows previews of briefs in a frame of their own.
PAGE_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' ws: wss:; worker-src 'self' blob:; "
    "frame-src 'self' data: blob:; media-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_DOOR_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; form-action 'self'{more}; frame-ancestors 'none'; "
    "base-uri 'none'"
)
SAID_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Doors:
    """The routes of one project."""

    def __init__(self, project: Project) -> None:
        self._project = project
        settings = project.settings
        self._access = settings.access
        self._store = store_engine(project)
        base = settings.dashboard.url.rstrip("/")
        self._secure = base.startswith("https://")
        back = f"{base or f'http://127.0.0.1:{settings.dashboard.port}'}{BACK}"
        self._provider = Provider(settings.oidc, back) if settings.oidc.discovery else None

    def routes(self) -> list[Route]:
        """The routes, to stand beside Streamlit's."""
        return [
            Route(SIGN_IN, self._sign_in, methods=["GET", "POST"]),
            Route(SIGN_OUT, self._sign_out, methods=["GET", "POST"]),
            Route(PASSWORD, self._password, methods=["GET", "POST"]),
            Route(OUTSIDE, self._outside, methods=["GET"]),
            Route(BACK, self._back, methods=["GET"]),
        ]

    def middleware(self) -> list[Middleware]:
        """What every answer passes: the headers, and the way to the door for those who are not signed in."""
        return [Middleware(Saying), Middleware(Gate, toward=self.toward)]

    def toward(self, headers: Headers, path: str, query: str) -> str:
        """Where a browser that asks for a page is sent instead; "" where it may have it."""
        if not needed(self._project, self._store):
            return ""
        found = who(self._store, self._access, _cookies(headers).get(SESSION, ""), now=_now())
        if found is None:
            onward = path + (f"?{query}" if query else "")
            return SIGN_IN + (f"?next={quote(onward, safe='')}" if onward != "/" else "")
        return PASSWORD if found.must_change else ""

    async def _sign_in(self, request: Request) -> Response:
        onward = onward_of(request.query_params.get("next", ""))
        if request.method == "GET":
            return self._form(request, sign_in_page, onward=onward, oidc=self._oidc_title())
        fields = await _fields(request)
        if not self._ours(request, fields):
            return self._form(request, sign_in_page, onward=onward, oidc=self._oidc_title(), fault=_stale(), status=400)
        onward = onward_of(fields.get("next", ""))
        try:
            found = await to_thread.run_sync(
                lambda: sign_in(
                    self._store,
                    self._access,
                    fields.get("name", ""),
                    fields.get("password", ""),
                    address=address_of(request),
                    now=_now(),
                )
            )
        except QingyuError as error:
            status = 401 if isinstance(error, AccessError) else 503
            return self._form(
                request,
                sign_in_page,
                onward=onward,
                oidc=self._oidc_title(),
                fault=error.message,
                name=fields.get("name", "")[:40],
                status=status,
            )
        answer = RedirectResponse(PASSWORD if found.account.must_change else onward, status_code=303)
        self._keep(answer, found.token)
        return answer

    async def _sign_out(self, request: Request) -> Response:
        if request.method == "GET":
            return self._form(request, sign_out_page)
        fields = await _fields(request)
        if not self._ours(request, fields):
            return self._form(request, sign_out_page, fault=_stale(), status=400)
        token = request.cookies.get(SESSION, "")
        await to_thread.run_sync(lambda: sign_out(self._store, token))
        answer = RedirectResponse(SIGN_IN, status_code=303)
        answer.delete_cookie(SESSION, path="/", httponly=True, samesite="lax", secure=self._secure)
        return answer

    async def _password(self, request: Request) -> Response:
        token = request.cookies.get(SESSION, "")
        found = await to_thread.run_sync(lambda: who(self._store, self._access, token, now=_now()))
        if found is None:
            return RedirectResponse(f"{SIGN_IN}?next={quote(PASSWORD, safe='')}", status_code=303)
        if not found.password:
            return self._form(
                request,
                sign_out_page,
                fault=tr("您的密码在身份提供方那里修改", "your password is the identity provider's"),
            )
        page: dict[str, Any] = {"must": found.must_change, "name": found.name, "least": self._access.password_length}
        if request.method == "GET":
            return self._form(request, password_page, **page)
        fields = await _fields(request)
        if not self._ours(request, fields):
            return self._form(request, password_page, fault=_stale(), status=400, **page)
        new, again = fields.get("new", ""), fields.get("again", "")
        try:
            if new != again:
                raise AccessError(tr("两次输入的新密码不一样", "the two new passwords differ"))
            if new == fields.get("password", ""):
                raise AccessError(tr("新密码与现在的相同", "the new password is the old one"))
            renewed = await to_thread.run_sync(lambda: self._change(found.name, fields, address_of(request)))
        except QingyuError as error:
            return self._form(request, password_page, fault=error.message, status=400, **page)
        answer = RedirectResponse("/", status_code=303)
        self._keep(answer, renewed)
        return answer

    def _change(self, name: str, fields: Mapping[str, str], address: str) -> str:
        """Set the new password where the old one is right; the token of a new session."""
        sign_in(self._store, self._access, name, fields.get("password", ""), address=address, now=_now())
        least = self._access.password_length
        set_password(self._store, name, fields.get("new", ""), least=least, now=_now(), must_change=False)
        append_audit(self._store, name, "password", "", 0)
        return sign_in(self._store, self._access, name, fields.get("new", ""), address=address, now=_now()).token

    async def _outside(self, request: Request) -> Response:
        provider = self._provider
        if provider is None:
            return RedirectResponse(SIGN_IN, status_code=303)
        onward = onward_of(request.query_params.get("next", ""))
        try:
            where, state = await to_thread.run_sync(lambda: provider.begin(onward))
        except QingyuError as error:
            return self._refused(request, error, onward)
        answer = RedirectResponse(where, status_code=303)
        answer.set_cookie(_STATE, state, max_age=600, path=SIGN_IN, httponly=True, samesite="lax", secure=self._secure)
        return answer

    async def _back(self, request: Request) -> Response:
        provider, state = self._provider, request.query_params.get("state", "")
        if provider is None:
            return RedirectResponse(SIGN_IN, status_code=303)
        try:
            if not state or not secrets.compare_digest(state.encode(), request.cookies.get(_STATE, "").encode()):
                raise AccessError(
                    tr("登录不是从这个浏览器开始的，请重新登录", "this was begun in another browser: sign in again")
                )
            code = request.query_params.get("code", "")
            token, onward = await to_thread.run_sync(lambda: self._vouched(provider, state, code))
        except QingyuError as error:
            return self._refused(request, error, "/")
        answer = RedirectResponse(onward, status_code=303)
        answer.delete_cookie(_STATE, path=SIGN_IN)
        self._keep(answer, token)
        return answer

    def _vouched(self, provider: Provider, state: str, code: str) -> tuple[str, str]:
        identity, onward = provider.finish(state, code)
        found = provided(
            self._store, self._project.settings.oidc, identity.name, identity.shown, identity.groups, now=_now()
        )
        return begin(self._store, found, self._access, now=_now()), onward

    def _refused(self, request: Request, error: QingyuError, onward: str) -> Response:
        return self._form(
            request, sign_in_page, onward=onward, oidc=self._oidc_title(), fault=error.message, status=401
        )

    def _oidc_title(self) -> str:
        oidc = self._project.settings.oidc
        return (oidc.title or tr("单位统一认证", "single sign-on")) if self._provider else ""

    def _form(self, request: Request, page: Callable[..., str], *, status: int = 200, **values: Any) -> Response:
        """A page with a form; the form and a cookie carry the same secret, so that no other site can send it."""
        secret = request.cookies.get(_FORM, "")
        if not (16 <= len(secret) <= 64):
            secret = secrets.token_urlsafe(24)
        answer = HTMLResponse(page(secret=secret, **values), status_code=status)
        answer.set_cookie(_FORM, secret, path="/", httponly=True, samesite="strict", secure=self._secure)
        answer.headers["Content-Security-Policy"] = _DOOR_POLICY.format(more="")
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def _ours(self, request: Request, fields: Mapping[str, str]) -> bool:
        """Whether the form is one that this site gave to this browser."""
        kept, sent = request.cookies.get(_FORM, ""), fields.get("secret", "")
        origin = request.headers.get("origin", "")
        same = not origin or origin == "null" or urlsplit(origin).netloc == request.headers.get("host", "")
        return bool(kept) and secrets.compare_digest(kept.encode(), sent.encode()) and same

    def _keep(self, answer: Response, token: str) -> None:
        # No age: the cookie goes with the browser; how long the session lasts is decided here, not there.
        answer.set_cookie(SESSION, token, path="/", httponly=True, samesite="lax", secure=self._secure)


class Gate:
    """Sends browsers that ask for a page and are not signed in to the door. What pages then show is decided by the verbs."""

    def __init__(self, app: ASGIApp, toward: Callable[[Headers, str, str], str]) -> None:
        self._app, self._toward = app, toward

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Starlette's way to call it."""
        if scope["type"] == "http" and scope["method"] in {"GET", "HEAD"} and _is_page(scope["path"]):
            headers = Headers(scope=scope)
            query = scope["query_string"].decode("latin-1")
            target = await to_thread.run_sync(lambda: self._toward(headers, scope["path"], query))
            if target:
                await RedirectResponse(target, status_code=303)(scope, receive, send)
                return
        await self._app(scope, receive, send)


class Saying:
    """Adds the headers that say what browsers may do with an answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Starlette's way to call it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def say(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SAID_ALWAYS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Content-Security-Policy", PAGE_POLICY)
            await send(message)

        await self._app(scope, receive, say)


def _is_page(path: str) -> bool:
    return not any(path == one or path.startswith(f"{one}/") for one in _OPEN) and "." not in path.rsplit("/", 1)[-1]


def onward_of(text: str) -> str:
    """The page to show after signing in: one of this site, "/" for anything else."""
    parts = urlsplit(text)
    fine = text.startswith("/") and not text.startswith(("//", "/\\")) and not parts.netloc and len(text) <= 2_000
    return text if fine and "\\" not in text and text.isprintable() and parts.path not in {SIGN_IN, SIGN_OUT} else "/"


def address_of(request: Request) -> str:
    """Where a request came from; behind a proxy on this machine, what that proxy says."""
    peer = request.client.host if request.client else ""
    if peer in {"127.0.0.1", "::1", ""} and (said := request.headers.get("x-forwarded-for", "")):
        return said.rsplit(",", 1)[-1].strip()[:64]
    return peer


async def _fields(request: Request) -> dict[str, str]:
    """The fields of a form, the last of each name; nothing where it is too long or no text."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _LONGEST_FORM:
            return {}
    try:
        found = parse_qs(body.decode("utf-8"), keep_blank_values=True, max_num_fields=12)
    except ValueError:
        return {}
    return {key: values[-1] for key, values in found.items()}


def _cookies(headers: Headers) -> Mapping[str, str]:
    return Request({"type": "http", "headers": headers.raw}).cookies


def _now() -> datetime:
    return datetime.now(UTC)


def _stale() -> str:
    return tr("这个页面放得太久了，请再试一次", "this page was open for too long: try again")


def _page(title: str, body: str, fault: str) -> str:
    said = f'<p class="fault" role="alert">✖ {shown(fault)}</p>' if fault else ""
    return (
        f'<!doctype html><html lang="{tr("zh-CN", "en")}"><head><meta charset="utf-8"><title>{shown(title)} · 晴雨</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f"<style>{_STYLE}</style></head><body><main><p class='brand'>晴雨</p><h1>{shown(title)}</h1>{said}{body}</main></body></html>"
    )


def _input(label: str, name: str, kind: str, complete: str, *, value: str = "", first: bool = False) -> str:
    more = " autofocus" if first else ""
    return (
        f'<label for="{name}">{shown(label)}</label><input id="{name}" name="{name}" type="{kind}" autocomplete="{complete}" '
        f'value="{shown(value)}" required maxlength="200"{more}>'
    )


def sign_in_page(*, secret: str, onward: str, oidc: str, fault: str = "", name: str = "") -> str:
    """The page to sign in, as HTML. oidc: the name of the provider, "" for none."""
    form = (
        f'<form method="post" action="{SIGN_IN}"><input type="hidden" name="secret" value="{shown(secret)}">'
        f'<input type="hidden" name="next" value="{shown(onward)}">'
        + _input(tr("账户", "account"), "name", "text", "username", value=name, first=not name)
        + _input(tr("密码", "password"), "password", "password", "current-password", first=bool(name))
        + f"<button>{shown(tr('登录', 'sign in'))}</button></form>"
    )
    outside = (
        f'<p><a class="button" href="{OUTSIDE}?next={quote(onward, safe="")}">'
        f"{shown(tr('用 {t} 登录', 'sign in by {t}', t=oidc))}</a></p>"
        if oidc
        else ""
    )
    note = tr("没有账户、忘了密码，请找管理员。", "No account, or the password forgotten? Ask an administrator.")
    return _page(tr("登录", "Sign in"), form + outside + f'<p class="note">{shown(note)}</p>', fault)


def sign_out_page(*, secret: str, fault: str = "") -> str:
    """The page that asks before signing out, as HTML."""
    body = (
        f'<form method="post" action="{SIGN_OUT}"><input type="hidden" name="secret" value="{shown(secret)}">'
        f'<button>{shown(tr("退出", "sign out"))}</button></form><p><a href="/">{shown(tr("回到看板", "back"))}</a></p>'
    )
    return _page(tr("退出登录", "Sign out"), body, fault)


def password_page(*, secret: str, must: bool, name: str, least: int, fault: str = "") -> str:
    """The page to change a password, as HTML. must: it was given by somebody else."""
    why = (
        tr("现在的密码是别人给的，先换成自己的。", "Your password was given to you: choose one of your own.")
        if must
        else ""
    )
    rule = tr(
        "至少 {n} 个字符；几个不相干的词或一句话，比符号更难猜。",
        "{n} characters at least; some words or a sentence are harder to guess than signs.",
        n=least,
    )
    body = (
        (f"<p>{shown(why)}</p>" if why else "")
        + f'<form method="post" action="{PASSWORD}"><input type="hidden" name="secret" value="{shown(secret)}">'
        + f'<input type="text" name="name" value="{shown(name)}" autocomplete="username" hidden>'
        + _input(tr("现在的密码", "present password"), "password", "password", "current-password", first=True)
        + _input(tr("新密码", "new password"), "new", "password", "new-password")
        + _input(tr("再输一次新密码", "new password again"), "again", "password", "new-password")
        + f'<p class="note">{shown(rule)}</p><button>{shown(tr("改密码", "change password"))}</button></form>'
    )
    body += "" if must else f'<p><a href="/">{shown(tr("回到看板", "back"))}</a></p>'
    return _page(tr("改密码", "Change password"), body, fault)
