"""Signing in at the authority's identity provider (OpenID Connect Core 1.0, authorization code with PKCE): from the address the
browser is sent to, to a name and groups that are verified."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from config.access import Oidc
from config.errors import AccessError
from config.text import tr

_TIMEOUT_S, _KEPT_S, _MOST = 10.0, 600.0, 2_000
# Symmetric ones and none are not among them: the provider's public keys decide.
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
_LEEWAY_S = 60


@dataclass(frozen=True, slots=True)
class Begun:
    """Someone who was sent to the provider. onward: the address to show then."""

    nonce: str
    verifier: str
    onward: str
    at: float


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the provider vouches for."""

    name: str
    shown: str
    groups: tuple[str, ...]


class Provider:
    """The provider of the settings. Its description and keys are fetched when first needed."""

    def __init__(self, oidc: Oidc, back: str) -> None:
        """back: the address the provider sends browsers to, absolute."""
        self._oidc, self._back = oidc, back
        self._begun: dict[str, Begun] = {}
        self._lock = threading.Lock()
        self._described: Mapping[str, Any] | None = None

    def begin(self, onward: str) -> tuple[str, str]:
        """The address to send a browser to, and the state it must come back with. Raises AccessError."""
        nonce, verifier = generate_token(32), generate_token(64)
        with self._session(code_challenge_method="S256") as session:
            where, state = session.create_authorization_url(
                self._description()["authorization_endpoint"], nonce=nonce, code_verifier=verifier
            )
        with self._lock:
            now = time.monotonic()
            for old in [key for key, one in self._begun.items() if now - one.at > _KEPT_S]:
                del self._begun[old]
            if len(self._begun) >= _MOST:
                raise AccessError(tr("登录的人太多，请稍后再试", "too many are signing in: try again in a while"))
            self._begun[state] = Begun(nonce, verifier, onward, now)
        return str(where), str(state)

    def finish(self, state: str, code: str) -> tuple[Identity, str]:
        """Whom the provider vouches for, and the address to show. Each state is good once. Raises AccessError."""
        with self._lock:
            begun = self._begun.pop(state, None)
        if begun is None or time.monotonic() - begun.at > _KEPT_S:
            raise AccessError(tr("登录用时太长或已用过，请重新登录", "this took too long or was used: sign in again"))
        try:
            with self._session() as session:
                token = session.fetch_token(
                    self._description()["token_endpoint"], code=code, code_verifier=begun.verifier, timeout=_TIMEOUT_S
                )
            claims = self._claims(str(token["id_token"]), begun.nonce)
        except (JoseError, KeyError, ValueError, requests.RequestException) as error:
            raise _refused(error) from error
        except Exception as error:
            raise _refused(error) from error
        return self._identity(claims), begun.onward

    def _session(self, **more: Any) -> Any:
        secret = self._oidc.client_secret.get_secret_value() if self._oidc.client_secret else ""
        return OAuth2Session(
            self._oidc.client_id, secret, redirect_uri=self._back, scope="openid profile email", **more
        )

    def _description(self) -> Mapping[str, Any]:
        if self._described is None:
            try:
                found = requests.get(self._oidc.discovery, timeout=_TIMEOUT_S, allow_redirects=False)
                found.raise_for_status()
                described = found.json()
                for key in ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"):
                    _ = described[key]
            except (requests.RequestException, ValueError, KeyError, TypeError) as error:
                raise _refused(error) from error
            self._described = described
        return self._described

    def _claims(self, token: str, nonce: str) -> Mapping[str, Any]:
        described = self._description()
        keys = requests.get(described["jwks_uri"], timeout=_TIMEOUT_S, allow_redirects=False)
        keys.raise_for_status()
        decoded = jwt.decode(token, KeySet.import_key_set(keys.json()), algorithms=_ALGORITHMS)
        rules = jwt.JWTClaimsRegistry(
            leeway=_LEEWAY_S,
            iss={"essential": True, "value": described["issuer"]},
            aud={"essential": True, "value": self._oidc.client_id},
            exp={"essential": True},
            nonce={"essential": True},
        )
        rules.validate(decoded.claims)
        if not secrets.compare_digest(str(decoded.claims["nonce"]), nonce):
            raise ValueError("nonce")
        return decoded.claims

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        name = str(claims.get(self._oidc.name_claim) or "").strip()
        if not name:
            message = tr(
                "身份提供方没有给出账户名（声明 {c}）；请管理员核对设置 oidc.name_claim",
                "the identity provider gave no name (claim {c}): have the setting oidc.name_claim checked",
                c=self._oidc.name_claim,
            )
            raise AccessError(message)
        groups = claims.get(self._oidc.groups_claim) or ()
        listed = (groups,) if isinstance(groups, str) else tuple(str(one) for one in groups)
        return Identity(name, str(claims.get("name") or name), listed)


def _refused(error: Exception) -> AccessError:
    message = tr(
        "没有能通过身份提供方登录（{e}）；请稍后再试，仍不行请找管理员",
        "the identity provider did not vouch for you ({e}): try again, or ask an administrator",
        e=type(error).__name__,
    )
    return AccessError(message)
