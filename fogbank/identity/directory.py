"""What the decision and STS ask of IAM and of Organizations: who holds a key, which policies a principal is held to, whom a role trusts.

The services implement these protocols and offer them by `service.provide("directory", ...)`; `iam(app)` and `organizations(app)` find
them. Nothing of a service is loaded before something was created in it: each marks its first change, and every one after it, with a
token in the store (`iam_changed`, `organizations_changed`). What was read under one token holds until there is another, so policies
are gathered and compiled once per change and not per request.

Every method takes a context inside a transaction. Unless it says otherwise, it is about the account of that context.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Literal, Protocol

import msgspec

from fogbank.identity.credentials import Credential
from fogbank.identity.principals import Principal
from fogbank.kernel.collection import Collection

if TYPE_CHECKING:
    from fogbank.app import App
    from fogbank.kernel.context import Context


# -- what is asked of IAM


class Document(msgspec.Struct, frozen=True):
    """One policy document in force.

    text     JSON, as it was given; compiled policies are kept by it
    name     an inline policy's name
    arn      a managed policy's ARN; empty for inline ones
    holder   the ARN of the group that brought it; empty when the principal holds it itself
    """

    text: str
    name: str = ""
    arn: str = ""
    holder: str = ""


class Holdings(msgspec.Struct, frozen=True):
    """What a user or a role is held to: inline, attached and (for users) its groups' policies, the boundary, and its tags."""

    policies: tuple[Document, ...] = ()
    boundary: Document | None = None
    tags: dict[str, str] = {}


class Role(msgspec.Struct, frozen=True):
    """What STS needs of a role. `id` is the unique one (AROA...), `trust` the policy as JSON, `max_duration` seconds."""

    name: str
    arn: str
    id: str
    trust: str
    path: str = "/"
    max_duration: int = 3600
    tags: dict[str, str] = {}


class User(msgspec.Struct, frozen=True):
    """What STS needs of a user. `id` is the unique one (AIDA...)."""

    name: str
    arn: str
    id: str
    path: str = "/"


class OidcProvider(msgspec.Struct, frozen=True):
    """An OpenID Connect provider: `url` as IAM keeps it (without `https://`), the audiences, SHA-1 thumbprints in hexadecimal."""

    arn: str
    url: str
    client_ids: tuple[str, ...] = ()
    thumbprints: tuple[str, ...] = ()


class SamlProvider(msgspec.Struct, frozen=True):
    """A SAML provider: the entity's id and its certificates for signing (DER), and the private keys (PEM) for assertions that come
    encrypted."""

    arn: str
    issuer: str
    certificates: tuple[bytes, ...] = ()
    private_keys: tuple[str, ...] = ()


MfaVerdict = Literal["valid", "wrong code", "unknown device"]


class Iam(Protocol):
    """Provided by the IAM service."""

    async def credential(self, ctx: Context, access_key: str) -> Credential | None:
        """The long-term key (AKIA...) of a user or a root, of whatever account; inactive ones with `active=False`. A key whose user is
        no more is none.

        Its principal is the user: kind "user", `arn`, `user_id` (AIDA...), `name`, `access_key`. Tags come with `holdings`.
        """

    async def holdings(self, ctx: Context, principal: Principal) -> Holdings | None:
        """What a principal of the account is held to; None when it is no more.

        Kind "user": the user of that `arn` and `user_id`. Kind "role": the role whose ARN is `issuer`, and whose id is `user_id` up to
        the colon. Kind "federated" (GetFederationToken): the user (or root) whose ARN is `issuer`.
        """

    async def role(self, ctx: Context, name: str) -> Role | None:
        """The role of that name, in whatever spelling of upper and lower case it is asked for."""

    async def user(self, ctx: Context, name: str) -> User | None:
        """The user of that name."""

    async def managed_policy(self, ctx: Context, arn: str) -> Document | None:
        """The default version of a managed policy, the account's own or AWS's: session policies name them."""

    async def oidc_provider(self, ctx: Context, url: str) -> OidcProvider | None:
        """The provider of an issuer, given without `https://` and without a slash at its end."""

    async def token_issuer(self, ctx: Context) -> str | None:
        """The issuer of the account's web identity tokens; None while the account gives none (outbound federation)."""

    async def has_root_sessions(self, ctx: Context, organization: str) -> bool:
        """Whether an organization (by its id) has sessions of its members' roots."""

    async def saml_provider(self, ctx: Context, arn: str) -> SamlProvider | None:
        """The provider of that ARN."""

    async def verify_mfa(self, ctx: Context, principal: Principal, serial: str, code: str) -> MfaVerdict:
        """Whether the code is the one that the device shows now. Only devices of the principal itself (user, root) are known."""


# -- what is asked of Organizations


class Guardrails(msgspec.Struct, frozen=True):
    """What an account's organization says about it.

    organization  the organization's id (o-...)
    path          as `aws:PrincipalOrgPaths` has it: `o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/`
    management    is this the management account, to which SCPs and RCPs do not apply?
    service_control, resource_control
                  the policies of that type per level, from the root over the units to the account. Each level has to allow.
                  Empty while the type is not enabled.
    """

    organization: str
    path: str
    management: bool = False
    service_control: tuple[tuple[Document, ...], ...] = ()
    resource_control: tuple[tuple[Document, ...], ...] = ()


class Organizations(Protocol):
    """Provided by the Organizations service."""

    async def guardrails(self, ctx: Context, account: str) -> Guardrails | None:
        """What is said about an account, whatever the context's; None for one that is in no organization."""


# -- finding them

_iam_tokens: Collection[str] = Collection("iam", "token", str, scope="account", cached=True)
_organizations_tokens: Collection[str] = Collection("organizations", "token", str, scope="global", cached=True)


def iam_changed(ctx: Context) -> None:
    """To be called by IAM in every transaction that changes what `Iam` answers about the context's account."""
    _iam_tokens.put(ctx, ctx.ids.hex(16))


def organizations_changed(ctx: Context) -> None:
    """To be called by Organizations in every transaction that changes what `Organizations` answers about any account."""
    _organizations_tokens.put(ctx, ctx.ids.hex(16))


Token = Callable[["Context"], Coroutine[Any, Any, "str | None"]]

iam_token: Token = _iam_tokens.get
"""The token of the last change to IAM in the context's account; None when nothing was ever created there."""

organizations_token: Token = _organizations_tokens.get
"""The token of the last change to any organization; None while there is none."""

has_no_organizations: Callable[[Context], bool] = _organizations_tokens.is_empty
"""Is it known, without asking the store, that there is none?"""


def iam_token_row(ctx: Context) -> bytes:
    """The key of the row in which the token is; see `standing.Registrar`."""
    return _iam_tokens.row_key(ctx)


def organizations_token_row(ctx: Context) -> bytes:
    return _organizations_tokens.row_key(ctx)


def iam(app: App) -> Iam | None:
    """IAM's side, loaded by asking for it; None without an IAM service."""
    service = app.services.get("iam")
    return None if service is None else service.provided.get("directory")


def organizations(app: App) -> Organizations | None:
    """Organizations' side, loaded by asking for it; None without such a service."""
    service = app.services.get("organizations")
    return None if service is None else service.provided.get("directory")
