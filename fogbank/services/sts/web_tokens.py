"""JSON Web Tokens of OpenID Connect: what they say, and whether it is their issuer who says it.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from fogbank.identity import reference
from fogbank.services.sts import errors
from fogbank.services.sts.restrictions import Tags

_ALGORITHMS = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"]
_TAGS = "https://aws.amazon.com/tags"
_SOURCE_IDENTITY = "https://aws.amazon.com/source_identity"
# Claims that become condition keys, whoever the issuer is. Those of issuers that AWS knows better are in the reference.
_CLAIMS = ("sub", "amr", "email")


class WebToken(msgspec.Struct, frozen=True):
    """A token whose signature has not been verified yet."""

    text: str
    claims: dict[str, Any]
    key_id: str | None

    @property
    def issuer(self) -> str:
        return str(self.claims["iss"])

    @property
    def issuer_name(self) -> str:
        """The issuer as IAM and condition keys call it: without its scheme."""
        return self.issuer.partition("://")[2].rstrip("/")

    @property
    def subject(self) -> str:
        return str(self.claims["sub"])

    @property
    def audiences(self) -> tuple[str, ...]:
        """Whom it is for: the authorised party where it names one, as AWS has it, else all of its audience."""
        if "azp" in self.claims:
            return (str(self.claims["azp"]),)
        audience = self.claims["aud"]
        return tuple(map(str, audience)) if isinstance(audience, list) else (str(audience),)


def parse(text: str) -> WebToken:
    """A token with the claims that every one must have. Raises InvalidIdentityToken."""
    import jwt

    try:
        header = jwt.get_unverified_header(text)
        claims = jwt.decode(text, options={"verify_signature": False})
    except jwt.PyJWTError:
        raise errors.not_a_token() from None
    for name in ("iss", "sub", "aud", "exp", "iat"):
        if name not in claims:
            raise errors.missing_claim(name)
    return WebToken(text, claims, header.get("kid"))


def check_times(token: WebToken, real: float, virtual: float) -> None:
    """Raise ExpiredToken or InvalidIdentityToken for a token that is not good now (epoch seconds).

    Issuers elsewhere live in real time, those of this server in virtual time: a token is refused when it is over by both.
    """
    expiry = _moment(token, "exp")
    if expiry <= min(real, virtual):
        raise errors.expired_token(int(real), int(expiry))
    if "nbf" in token.claims and _moment(token, "nbf") > max(real, virtual):
        raise errors.token_not_yet_valid()


def _moment(token: WebToken, claim: str) -> float:
    value = token.claims[claim]
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise errors.not_a_token()
    return float(value)


def verify(token: WebToken, key_set: Mapping[str, Any]) -> None:
    """Raise InvalidIdentityToken unless one of the issuer's keys made the signature."""
    import jwt

    try:
        keys = jwt.PyJWKSet.from_dict(dict(key_set)).keys
    except (jwt.PyJWTError, AttributeError, KeyError, TypeError, ValueError):
        raise errors.no_verification_key() from None
    named = [key for key in keys if token.key_id is None or key.key_id == token.key_id]
    unchecked = {f"verify_{name}": False for name in ("aud", "exp", "iat", "iss", "nbf", "sub", "jti")}
    for key in named:
        try:
            jwt.decode(token.text, key.key, algorithms=_ALGORITHMS, options=unchecked)  # type: ignore[arg-type]
            return
        except (jwt.PyJWTError, TypeError, ValueError):
            continue
    raise errors.bad_signature() if named else errors.no_verification_key()


# -- what it says besides


def condition_keys(token: WebToken) -> dict[str, str | tuple[str, ...]]:
    """The claims that policies may ask for, by keys in lower case: `accounts.google.com:sub`."""
    issuer = token.issuer_name
    keys: dict[str, str | tuple[str, ...]] = {f"{issuer}:aud".lower(): _one_or_all(token.audiences)}
    for claim in (*_CLAIMS, *_further_claims(issuer)):
        value = token.claims.get(claim)
        if value is not None:
            listed = value if isinstance(value, list) else [value]
            keys[f"{issuer}:{claim}".lower()] = _one_or_all(tuple(map(str, listed)))
    return keys


@lru_cache(maxsize=256)
def _further_claims(issuer: str) -> tuple[str, ...]:
    """The claims of an issuer that AWS has condition keys for: `repository` of `token.actions.githubusercontent.com`."""
    sts = reference.service("sts")
    assert sts is not None
    keys = [key.rpartition(":") for key in sts.actions["assumerolewithwebidentity"].condition_keys]
    return tuple(claim for template, _, claim in keys if _is_of(template, issuer))


def _is_of(template: str, issuer: str) -> bool:
    """Whether an issuer is the one of a template, which may have placeholders (`oidc.circleci.com/org/${OrgId}`)."""
    parts = re.split(r"\$\{[^}]*\}", template)
    return re.fullmatch("[^/]+".join(map(re.escape, parts)), issuer) is not None


def _one_or_all(values: tuple[str, ...]) -> str | tuple[str, ...]:
    return values[0] if len(values) == 1 else values


def tags(token: WebToken) -> Tags:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_adding-assume-role-idp-oidc"""
    claim = token.claims.get(_TAGS)
    if not isinstance(claim, dict):
        return Tags()
    given = {
        str(key): str(values[0] if isinstance(values, list) and values else values)
        for key, values in (claim.get("principal_tags") or {}).items()
    }
    return Tags(given, tuple(map(str, claim.get("transitive_tag_keys") or ())))


def source_identity(token: WebToken) -> str:
    return str(token.claims.get(_SOURCE_IDENTITY, ""))
