"""What principals did and were refused: when a key was last used, which actions a role calls, what was denied.

    uses      (principal's ARN, action)   Use, in the principal's account; sessions count as their role
    keys      (access key)                KeyUse
    denials   (time in us, request id)    Denial, the last MAX_DENIALS of each account

A request only notes in memory; the notes are added to the store every FLUSH_SECONDS and when the server stops. What `kill -9` takes
are the last few seconds of these, and nothing else. Reading takes both together, so that it is up to date.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from fogbank import protocols
from fogbank.kernel.collection import Collection, Record
from fogbank.storage.base import StoreError

if TYPE_CHECKING:
    from fogbank.app import App
    from fogbank.identity.decision import Decision
    from fogbank.kernel.context import Context

log = logging.getLogger("fogbank.iam")

FLUSH_SECONDS = 5.0
MAX_DENIALS = 1000
# Of how many resources each use is told apart; more are condensed to their common beginnings.
MAX_RESOURCES = 20


class Use(Record, frozen=True):
    """When an action was last used (or refused for want of permission), in epoch seconds, where, and on what.

    A resource that ends in `*` stands for several that begin alike.
    """

    last: float = 0.0
    region: str = ""
    resources: tuple[str, ...] = ()


class KeyUse(Record, frozen=True):
    last: float
    service: str
    region: str


class Denial(Record, frozen=True):
    """One refusal, or in audit mode what would have been one. `time` is epoch seconds, `mode` the one it was decided in."""

    time: float
    principal: str
    action: str
    resource: str
    message: str
    mode: str
    region: str
    request_id: str


_uses: Collection[Use] = Collection("identity", "uses", Use, scope="account")
_keys: Collection[KeyUse] = Collection("identity", "keys", KeyUse, scope="account")
_denials: Collection[Denial] = Collection("identity", "denials", Denial, scope="account")

Place = tuple[str, str]


class Journal:
    """One per app, and so per process."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._uses: dict[Place, dict[str, _Tally]] = {}
        self._keys: dict[Place, tuple[float, str, str]] = {}
        self._denials: list[tuple[str, Denial]] = []
        self._flusher: asyncio.Task[None] | None = None

    # -- writing down

    def note_use(self, ctx: Context, action: str, resource: str) -> None:
        """A user or role did this, or should have been allowed to."""
        principal = ctx.principal
        place = (principal.account, principal.policy_arn)
        tallies = self._uses.get(place)
        if tallies is None:
            tallies = self._uses[place] = {}
        tally = tallies.get(action)
        if tally is None:
            tally = tallies[action] = _Tally()
        tally.add(resource, ctx.now(), ctx.region)
        if self._flusher is None:
            self._flush_soon()

    def note_key(self, ctx: Context) -> None:
        """A long-term key was used."""
        principal = ctx.principal
        self._keys[principal.account, principal.access_key] = (ctx.now(), ctx.service.name, ctx.region)
        if self._flusher is None:
            self._flush_soon()

    def note_denial(self, ctx: Context, decision: Decision) -> None:
        principal, access = ctx.principal, decision.access
        mode = self.app.settings.iam
        if mode == "audit":
            log.warning("would be refused: %s", decision.message)
        denial = Denial(
            ctx.now(),
            principal.arn or principal.kind,
            access.action,
            access.resource,
            decision.message,
            mode,
            ctx.region,
            ctx.request_id,
        )
        if len(self._denials) >= MAX_DENIALS:
            del self._denials[: MAX_DENIALS // 2]
        self._denials.append((principal.account or decision.owner, denial))
        if self._flusher is None:
            self._flush_soon()

    # -- reading

    async def uses(self, ctx: Context, arn: str) -> dict[str, Use]:
        """By action what a user or role of the context's account used. `ctx` is in a transaction."""
        found = {str(key[0]): use for key, use in await _uses.items(ctx, (str,), arn)}
        for action, tally in self._uses.get((ctx.account, arn), {}).items():
            found[action] = tally.added_to(found.get(action))
        return found

    async def key_use(self, ctx: Context, access_key: str) -> KeyUse | None:
        """When and for what a key of the context's account was last used."""
        unsaved = self._keys.get((ctx.account, access_key))
        return _key_use(*unsaved) if unsaved is not None else await _keys.get(ctx, access_key)

    async def denials(self, ctx: Context, limit: int) -> list[Denial]:
        """The last denials of the context's account, the newest first."""
        unsaved = [denial for account, denial in reversed(self._denials) if account == ctx.account]
        return [*unsaved, *await _denials.scan(ctx, reverse=True, limit=limit)][:limit]

    def forget(self, account: str | None) -> None:
        """Drop what is not in the store yet, of an account or of all: it is being reset."""
        for notes in (self._uses, self._keys):
            for place in [place for place in notes if account in (None, place[0])]:
                del notes[place]  # type: ignore[attr-defined]
        self._denials = [note for note in self._denials if account not in (None, note[0])]

    # -- keeping

    def _flush_soon(self) -> None:
        self._flusher = asyncio.get_running_loop().create_task(self._flush_later())
        # among the requests, which are ended before the store is closed
        self.app.requests.add(self._flusher)
        self._flusher.add_done_callback(self.app.requests.discard)

    async def _flush_later(self) -> None:
        try:
            await asyncio.sleep(FLUSH_SECONDS)
        finally:
            self._flusher = None
            try:
                await self.flush()
            except StoreError as error:
                log.warning("uses and denials of the last seconds are lost: %s", error)

    async def flush(self) -> None:
        """Add what was noted to the store."""
        uses, keys, denials = self._uses, self._keys, self._denials
        self._uses, self._keys, self._denials = {}, {}, []
        ctx = self.app.system_context()
        await ctx.transact(_save, ctx, uses, keys, denials)


class _Tally:
    """A Use in the making."""

    __slots__ = ("beginnings", "last", "region", "resources")

    def __init__(self) -> None:
        self.last = 0.0
        self.region = ""
        self.resources: set[str] = set()
        self.beginnings: tuple[str, ...] = ()

    def add(self, resource: str, now: float, region: str) -> None:
        self.last = now
        self.region = region
        if resource not in self.resources and not resource.startswith(self.beginnings):
            condensed = condense((*self.resources, resource), MAX_RESOURCES)
            self.resources = set(condensed)
            self.beginnings = tuple(each[:-1] for each in condensed if each.endswith("*"))

    def added_to(self, before: Use | None) -> Use:
        if before is None:
            before = Use()
        resources = condense((*before.resources, *sorted(self.resources)), MAX_RESOURCES)
        return Use(self.last, self.region, resources)


def _key_use(last: float, service: str, region: str) -> KeyUse:
    """IAM names services as signatures do."""
    return KeyUse(last, protocols.load(service).signing_name, region)


async def _save(
    ctx: Context,
    uses: dict[Place, dict[str, _Tally]],
    keys: dict[Place, tuple[float, str, str]],
    denials: list[tuple[str, Denial]],
) -> None:
    for (account, arn), actions in uses.items():
        home = ctx.at(account=account)
        for action, tally in actions.items():
            _uses.put(home, tally.added_to(await _uses.get(home, arn, action)), arn, action)
    for (account, access_key), key_use in keys.items():
        _keys.put(ctx.at(account=account), _key_use(*key_use), access_key)
    for account, denial in denials:
        _denials.put(ctx.at(account=account), denial, int(denial.time * 1e6), denial.request_id)
    for account in {account for account, _ in denials}:
        await _forget_oldest(ctx.at(account=account))


async def _forget_oldest(home: Context) -> None:
    extra = await _denials.count(home) - MAX_DENIALS
    if extra > 0:
        for (time, request_id), _ in await _denials.items(home, (int, str), limit=extra):
            _denials.delete(home, time, request_id)


# -- resources


def condense(resources: Iterable[str], limit: int) -> tuple[str, ...]:
    """The same resources as at most `limit` patterns: those with the longest common beginning are taken together first."""
    kept = _without_covered(resources)
    while len(kept) > limit:
        parents = [_parent(resource) for resource in kept]
        widest = max(set(parents), key=lambda parent: (parents.count(parent) > 1, len(parent)))
        kept = _without_covered([*kept, f"{widest}*"])
    return tuple(kept)


def _without_covered(resources: Iterable[str]) -> list[str]:
    """Each once, without those for which another one's `*` stands."""
    distinct = list(dict.fromkeys(resources))
    patterns = [resource[:-1] for resource in distinct if resource.endswith("*")]
    return [
        resource
        for resource in distinct
        if not any(resource.startswith(pattern) and resource != f"{pattern}*" for pattern in patterns)
    ]


def _parent(resource: str) -> str:
    """Where a resource lies: all before the last slash or colon, which a `*` that it ends in has behind it."""
    whole = resource.removesuffix("*").rstrip("/:")
    return whole[: max(whole.rfind("/"), whole.rfind(":")) + 1]
