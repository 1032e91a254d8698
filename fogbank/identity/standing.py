"""What the policies of IAM and Organizations say about a principal or an account, gathered and compiled once per change.

Everything here is kept under the tokens that mark the changes of IAM and of Organizations (see `directory`): a request costs two
cached reads and a few lookups.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from fogbank.identity import directory, sessions
from fogbank.identity.credentials import Credential, account_of
from fogbank.identity.decision import EVERYTHING, NO_POWERS, NOTHING, Powers
from fogbank.identity.directory import Document, Guardrails
from fogbank.identity.policy import Policy, compiled
from fogbank.identity.principals import ANONYMOUS, Principal
from fogbank.kernel.context import Context
from fogbank.kernel.service import Service

if TYPE_CHECKING:
    from fogbank.app import App

T = TypeVar("T")

_SERVICE = Service("identity")

_KEPT = 4096
_QUESTIONS_KEPT = 1024


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


Question = tuple[str, str, str, str | None, "tuple[Any, ...] | None"]


class Standing:
    """A principal's powers, and what condition keys need to know of it.

    `allowed` has the questions (action, resource, owner, resource policy, origin) that were answered by yes without a look at anything
    that another request could have otherwise: they need not be asked again while the principal stands where it does. With each is
    when it was last written down (epoch seconds, virtual).
    """

    __slots__ = ("allowed", "organization", "powers", "tags")

    def __init__(
        self, powers: Powers, tags: Mapping[str, str] | None = None, organization: Guardrails | None = None
    ) -> None:
        self.powers = powers
        self.tags = tags or {}
        self.organization = organization
        self.allowed: dict[Question, float] = {}

    def note(self, question: Question, now: float) -> None:
        if len(self.allowed) >= _QUESTIONS_KEPT:
            self.allowed.clear()
        self.allowed[question] = now

    def has_settled(self, questions: Iterable[Question], now: float) -> bool:
        """Were all of these allowed, and written down this very second?"""
        allowed = self.allowed
        for question in questions:
            noted = allowed.get(question)
            if noted is None or not 0 <= now - noted < 1:
                return False
        return True

    def mentions(self, key: str) -> bool:
        """Does any of its policies ask for a condition key with this in its name (in lower case)?"""
        powers = self.powers
        return (
            powers.identity.mentions(key)
            or (powers.boundary is not None and powers.boundary.mentions(key))
            or (powers.session is not None and powers.session.mentions(key))
            or any(policy.mentions(key) for policy in powers.service_control)
        )


_NOWHERE = Rails()
NOBODY = Standing(NO_POWERS)
_ALL_POWERFUL = Held(EVERYTHING)


class Sight(msgspec.Struct, frozen=True):
    """Something that was found, and the rows that it followed from, as the store has them in memory.

    While these are the same it need not be looked for again: a row that is written, by whomever, leaves the memory.
    """

    found: Any
    rows: tuple[tuple[bytes, Any], ...]
    whose: Any = None


class Registrar:
    """Knows where everyone stands. One per app; what it keeps is found again only under the token it was read under."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._keys: dict[str, Sight] = {}
        self._seen: dict[int, Sight] = {}
        self._standings: dict[tuple[Any, ...], Standing | None] = {}
        self._held: dict[tuple[Any, ...], Held | None] = {}
        self._rails: dict[tuple[Any, ...], Rails] = {}

    # -- keys

    async def credential(self, access_key: str) -> Credential | None:
        """What is known of an issued key; None when there is none such, or when nobody is behind it any more."""
        sight = self._keys.get(access_key)
        # with other processes about, only a transaction can tell what is the same
        if sight is not None and self.app.store.alone and self._is_same(sight):
            found: Credential = sight.found
            return found
        account = account_of(access_key)
        if account is None:
            return None
        ctx = Context(self.app, _SERVICE, "", ANONYMOUS, account, "", "", "")
        return await ctx.transact(self._credential, ctx, access_key)

    async def _credential(self, ctx: Context, access_key: str) -> Credential | None:
        rows = [directory.iam_token_row(ctx)]
        if access_key.startswith("ASIA"):
            credential = await sessions.find(ctx, access_key)
            rows += [sessions.row_of(ctx, access_key), directory.organizations_token_row(ctx)]
            gone = credential is None or await self.standing(ctx, credential.principal) is None
        else:
            iam = directory.iam(self.app) if await directory.iam_token(ctx) is not None else None
            credential = None if iam is None else await iam.credential(ctx, access_key)
            gone = credential is None
        if gone:
            return None
        self._see(self._keys, access_key, credential, rows)
        return credential

    # -- what was seen

    def _see(self, seen: dict[Any, Sight], key: Any, found: Any, rows: list[bytes], whose: Any = None) -> None:
        """Remember what was found, if the store keeps the rows that it followed from in memory."""
        decoded = self.app.store.decoded
        memory = tuple((row, decoded.get(row)) for row in rows)
        if all(record is not None for _, record in memory):
            _keep(seen, key, Sight(found, memory, whose))

    def _is_same(self, sight: Sight) -> bool:
        decoded = self.app.store.decoded
        for row, record in sight.rows:
            if decoded.get(row) is not record:
                break
        else:
            return True
        return False

    # -- principals

    def seen(self, ctx: Context) -> Standing | None:
        """Where the caller stands, if that was found before and is the same still; None when it has to be looked for."""
        sight = self._seen.get(id(ctx.principal))
        if sight is None or sight.whose is not ctx.principal or not self._is_same(sight):
            return None
        found: Standing = sight.found
        if ctx.tx is None:
            return found if self.app.store.alone else None
        writes = ctx.tx.writes
        if writes:
            for row, _ in sight.rows:
                if row in writes:
                    return None
        return found

    async def standing(self, ctx: Context, principal: Principal) -> Standing | None:
        """Where a principal stands; None when the user or role is no more. `ctx` is in a transaction."""
        home = ctx if ctx.account == principal.account else ctx.at(account=principal.account)
        standing = await self._standing(home, principal)
        if standing is not None and (principal.access_key or principal.kind == "service"):
            # others are made anew each time
            rows = [directory.iam_token_row(home), directory.organizations_token_row(home)]
            if not any(row in ctx.tx.writes for row in rows):
                self._see(self._seen, id(principal), standing, rows, principal)
        return standing

    async def _standing(self, home: Context, principal: Principal) -> Standing | None:
        tokens = await directory.iam_token(home), await directory.organizations_token(home)
        if principal.session is not None and not principal.access_key:
            return await self._read(home, principal, *tokens)
        # a session's key stands for all that there is in the session: policies, tags, who vouched for it
        key = (principal.arn, principal.user_id, principal.access_key, *tokens)
        try:
            return self._standings[key]
        except KeyError:
            return _keep(self._standings, key, await self._read(home, principal, *tokens))

    async def _read(
        self, home: Context, principal: Principal, iam_token: str | None, organizations_token: str | None
    ) -> Standing | None:
        rails = await self.rails(home, principal.account)
        if principal.kind in ("anonymous", "service", "provider"):
            return Standing(NO_POWERS, organization=rails.guardrails)
        held = await self.held(home, principal, iam_token)
        if held is None:
            return None
        bound = () if principal.is_service_linked else rails.service_control
        powers = Powers(held.identity, held.boundary, await self._session(home, principal), bound)
        return Standing(powers, held.tags, rails.guardrails)

    async def held(self, home: Context, principal: Principal, iam_token: str | None) -> Held | None:
        """The policies of a user, role or federated user; None when it is no more."""
        if principal.kind == "root" or (principal.kind == "federated" and principal.issuer.endswith(":root")):
            return _ALL_POWERFUL
        if iam_token is None:
            return None
        # all sessions of a role have the same
        key = (principal.issuer or principal.arn, principal.unique_id, iam_token)
        try:
            return self._held[key]
        except KeyError:
            return _keep(self._held, key, await self._read_held(home, principal))

    async def _read_held(self, home: Context, principal: Principal) -> Held | None:
        iam = directory.iam(self.app)
        holdings = None if iam is None else await iam.holdings(home, principal)
        if holdings is None:
            return None
        boundary = None if holdings.boundary is None else _compiled(holdings.boundary)
        return Held(_joined(holdings.policies), boundary, holdings.tags)

    async def _session(self, home: Context, principal: Principal) -> Policy | None:
        session = principal.session
        if session is None or not session.limits:
            return None
        iam = directory.iam(self.app)
        documents = [Document(text) for text in session.policies or ()]
        for arn in session.policy_arns:
            document = None if iam is None else await iam.managed_policy(home, arn)
            documents += [] if document is None else [document]
        limits = _joined(documents)
        # the policies of AWS for tasks of a root (AssumeRoot) only forbid
        return Policy.joined([limits, EVERYTHING]) if principal.kind == "root" else limits

    # -- accounts

    async def rails(self, ctx: Context, account: str) -> Rails:
        """What its organization says about an account."""
        token = await directory.organizations_token(ctx)
        if token is None:
            return _NOWHERE
        try:
            return self._rails[account, token]
        except KeyError:
            return _keep(self._rails, (account, token), await self._read_rails(ctx, account))

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


def _keep(cache: dict[Any, T], key: Any, found: T) -> T:
    if len(cache) >= _KEPT:
        cache.clear()
    cache[key] = found
    return found


def _joined(documents: Iterable[Document]) -> Policy:
    policies = [_compiled(document) for document in documents]
    if not policies:
        return NOTHING
    return policies[0] if len(policies) == 1 else Policy.joined(policies)


def _compiled(document: Document) -> Policy:
    return compiled(document.text, document.arn or document.name)
