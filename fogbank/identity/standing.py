"""What the policies of IAM and Organizations say about a principal or an account, gathered and compiled once per change.

Everything here is kept under the tokens that mark the changes of IAM and of Organizations (see `directory`): a request costs two
cached reads and a few lookups.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from fogbank.identity import directory, sessions
from fogbank.identity.credentials import Credential
from fogbank.identity.decision import EVERYTHING, NO_POWERS, NOTHING, ROOT, Powers
from fogbank.identity.directory import Document, Guardrails
from fogbank.identity.policy import Policy, compiled
from fogbank.identity.principals import Principal

if TYPE_CHECKING:
    from fogbank.app import App
    from fogbank.kernel.context import Context

T = TypeVar("T")

_KEPT = 4096
_RESOURCE_TAG = "resourcetag/"


class Held(msgspec.Struct, frozen=True):
    """Compiled `Holdings`."""

    identity: Policy
    boundary: Policy | None = None
    tags: dict[str, str] = {}


class Rails(msgspec.Struct, frozen=True):
    """Compiled `Guardrails`: one policy per level. Both are empty for the management account."""

    guardrails: Guardrails | None = None
    service_control: tuple[Policy, ...] = ()
    resource_control: tuple[Policy, ...] = ()


class Standing(msgspec.Struct, frozen=True):
    """A principal's powers, and what condition keys need to know of it. `about_tags`: do its policies ask for the resource's tags?"""

    powers: Powers
    tags: dict[str, str] = {}
    organization: Guardrails | None = None
    about_tags: bool = False


_NOWHERE = Rails()
NOBODY = Standing(NO_POWERS)
_ROOT_STANDING = Standing(ROOT)
_ALL_POWERFUL = Held(EVERYTHING)


class Registrar:
    """Knows where everyone stands. One per app; what it keeps is found again only under the token it was read under."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._held: dict[tuple[Any, ...], Held | None] = {}
        self._sessions: dict[tuple[Any, ...], Policy] = {}
        self._rails: dict[tuple[Any, ...], Rails] = {}

    # -- keys

    async def credential(self, access_key: str) -> Credential | None:
        """What is known of an issued key; None when there is none such, or when nobody is behind it any more."""
        ctx = self.app.system_context()
        return await ctx.transact(self._credential, ctx, access_key)

    async def _credential(self, ctx: Context, access_key: str) -> Credential | None:
        if access_key.startswith("ASIA"):
            credential = await sessions.find(ctx, access_key)
        else:
            iam = directory.iam(self.app)
            credential = None if iam is None else await iam.credential(ctx, access_key)
        if credential is None or await self.held(ctx, credential.principal) is None:
            return None
        return credential

    # -- principals

    async def standing(self, ctx: Context, principal: Principal) -> Standing | None:
        """Where a principal stands; None when the user or role is no more. `ctx` is in a transaction."""
        kind = principal.kind
        rails = await self.rails(ctx, principal.account)
        if kind in ("anonymous", "service", "provider"):
            return NOBODY if rails is _NOWHERE else Standing(NO_POWERS, organization=rails.guardrails)
        held = await self.held(ctx, principal)
        if held is None:
            return None
        session = await self._session(ctx, principal)
        if held is _ALL_POWERFUL and session is None and rails is _NOWHERE:
            return _ROOT_STANDING
        bound = () if principal.is_service_linked else rails.service_control
        powers = Powers(held.identity, held.boundary, session, bound)
        return Standing(powers, held.tags, rails.guardrails, _asks_for_tags(powers))

    async def held(self, ctx: Context, principal: Principal) -> Held | None:
        """The policies of a user, role or federated user; None when it is no more."""
        if principal.kind == "root" or (principal.kind == "federated" and principal.issuer.endswith(":root")):
            return _ALL_POWERFUL
        home = _home(ctx, principal.account)
        token = await directory.iam_token(home)
        behind = principal.issuer or principal.arn
        key = (behind, principal.unique_id, token)

        async def read() -> Held | None:
            return await self._read_held(home, principal) if token is not None else None

        return await _kept(self._held, key, read)

    async def _read_held(self, home: Context, principal: Principal) -> Held | None:
        iam = directory.iam(self.app)
        holdings = None if iam is None else await iam.holdings(home, principal)
        if holdings is None:
            return None
        boundary = None if holdings.boundary is None else _compiled(holdings.boundary)
        return Held(_joined(holdings.policies), boundary, holdings.tags)

    async def _session(self, ctx: Context, principal: Principal) -> Policy | None:
        session = principal.session
        if session is None or not session.limits:
            return None
        home = _home(ctx, principal.account)
        token = await directory.iam_token(home) if session.policy_arns else None

        async def read() -> Policy:
            iam = directory.iam(self.app)
            documents = [Document(text) for text in session.policies or ()]
            for arn in session.policy_arns:
                document = None if iam is None else await iam.managed_policy(home, arn)
                documents += [] if document is None else [document]
            return _joined(documents)

        return await _kept(self._sessions, (session.policies, session.policy_arns, principal.account, token), read)

    # -- accounts

    async def rails(self, ctx: Context, account: str) -> Rails:
        """What its organization says about an account."""
        token = await directory.organizations_token(ctx)
        if token is None:
            return _NOWHERE
        return await _kept(self._rails, (account, token), lambda: self._read_rails(ctx, account))

    async def _read_rails(self, ctx: Context, account: str) -> Rails:
        organizations = directory.organizations(self.app)
        found = None if organizations is None else await organizations.guardrails(ctx, account)
        if found is None:
            return _NOWHERE
        if found.management:
            return Rails(found)
        return Rails(
            found,
            tuple(_joined(level) for level in found.service_control),
            tuple(_joined(level) for level in found.resource_control),
        )


async def _kept(cache: dict[tuple[Any, ...], T], key: tuple[Any, ...], read: Callable[[], Awaitable[T]]) -> T:
    """What is kept under the key, read when it is not."""
    try:
        return cache[key]
    except KeyError:
        found = await read()
        if len(cache) >= _KEPT:
            cache.clear()
        cache[key] = found
        return found


def _home(ctx: Context, account: str) -> Context:
    return ctx if ctx.account == account else ctx.at(account=account)


def _joined(documents: Iterable[Document]) -> Policy:
    policies = [_compiled(document) for document in documents]
    if not policies:
        return NOTHING
    return policies[0] if len(policies) == 1 else Policy.joined(policies)


def _compiled(document: Document) -> Policy:
    return compiled(document.text, document.arn or document.name)


def _asks_for_tags(powers: Powers) -> bool:
    policies = (powers.identity, powers.boundary, powers.session, *powers.service_control)
    return any(policy is not None and policy.mentions(_RESOURCE_TAG) for policy in policies)
