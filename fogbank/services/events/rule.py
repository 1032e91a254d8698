"""The Rule record, where rules are kept, and the compiled rules of a bus.

rules      (bus, name)   Rule, with its targets
versions   (bus)         a token that is new whenever a rule of the bus changes; none for a bus without rules

What a bus's rules were compiled to is remembered under that token, so that an event is matched without reading a rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from fogbank.identity import Principal
from fogbank.kernel import Context, Record, patterns
from fogbank.kernel.patterns import Pattern
from fogbank.services.events import errors
from fogbank.services.events.bus import policy_of
from fogbank.services.events.names import locate, rule_arn
from fogbank.services.events.service import service

Request = dict[str, Any]

DISABLED = "DISABLED"
WITH_READS = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
_REMEMBERED = 1024


class Rule(Record, frozen=True):
    """A rule.

    targets      as PutTargets takes them, by their ids
    since        when its rate began to count, in epoch seconds
    managed_by   the service that made it (`schemas.amazonaws.com`), empty for a user's
    """

    bus: str
    name: str
    created_by: str
    state: str = "ENABLED"
    pattern: str | None = None
    schedule: str | None = None
    description: str | None = None
    role: str | None = None
    tags: dict[str, str] = {}
    targets: dict[str, dict[str, Any]] = {}
    since: float = 0.0
    managed_by: str = ""


rules = service.collection("rules", Rule)
versions = service.collection("versions", str, cached=True)


async def find_rule(ctx: Context, bus: str, name: str) -> Rule:
    """Raises ResourceNotFoundException."""
    rule = await rules.get(ctx, bus, name)
    if rule is None:
        raise errors.no_such_rule(name, bus)
    return rule


def keep(ctx: Context, rule: Rule) -> None:
    rules.put(ctx, rule, rule.bus, rule.name)
    versions.put(ctx, ctx.ids.uuid(), rule.bus)


async def remove(ctx: Context, rule: Rule) -> None:
    rules.delete(ctx, rule.bus, rule.name)
    if await rules.scan(ctx, rule.bus, limit=1):
        versions.put(ctx, ctx.ids.uuid(), rule.bus)
    else:
        versions.delete(ctx, rule.bus)


def modify(ctx: Context, rule: Rule, **changes: Any) -> Rule:
    """Write the rule with those fields changed."""
    rule = msgspec.structs.replace(rule, **changes)
    keep(ctx, rule)
    return rule


def manager(principal: Principal) -> str:
    """The service that a caller is, itself or by its service-linked role; empty for everybody else."""
    if principal.is_service_linked:
        return principal.issuer.split("/")[2]
    return principal.arn if principal.kind == "service" else ""


def check_not_managed(ctx: Context, rule: Rule | None, force: bool = False) -> None:
    """Raises ManagedRuleException for another service's rule, unless it is forced."""
    if rule is not None and rule.managed_by and rule.managed_by != manager(ctx.principal) and not force:
        raise errors.managed_rule()


# -- compiled


class Book:
    """The enabled rules of a bus that have a pattern, those that name their sources by source."""

    def __init__(self, found: list[Rule]) -> None:
        self._by_source: dict[str, list[tuple[Rule, Pattern]]] = {}
        self._others: list[tuple[Rule, Pattern]] = []
        for rule in found:
            if rule.pattern is not None and rule.state != DISABLED:
                self._add(rule, patterns.compile(rule.pattern))

    def _add(self, rule: Rule, pattern: Pattern) -> None:
        sources = pattern.strings("source")
        if sources is None:
            self._others.append((rule, pattern))
            return
        for source in sources:
            self._by_source.setdefault(source, []).append((rule, pattern))

    def may_match(self, source: str) -> bool:
        return bool(self._others) or source in self._by_source

    def matching(self, event: dict[str, Any]) -> Iterator[Rule]:
        for candidates in (self._by_source.get(event["source"], ()), self._others):
            for rule, pattern in candidates:
                if pattern(event):
                    yield rule


_books: dict[str, Book] = {}
"""By version token: what a token stands for never changes."""


async def book_of(ctx: Context, bus: str) -> Book | None:
    """The compiled rules of a bus, None when it has none."""
    token = await versions.get(ctx, bus)
    if token is None:
        return None
    book = _books.get(token)
    if book is None:
        if len(_books) >= _REMEMBERED:
            _books.clear()
        book = _books[token] = Book(await rules.scan(ctx, bus))
    return book


# -- what the decision needs to know of a request


def on_rule(member: str = "Name") -> dict[str, Any]:
    """The options of operations on the rule that a request names by that member."""

    def resource(ctx: Context, request: Request) -> str:
        scope, bus = locate(ctx, request.get("EventBusName"))
        return rule_arn(scope, bus, request[member])

    async def owner(ctx: Context, request: Request) -> str | None:
        return locate(ctx, request.get("EventBusName"))[0].account

    async def policy(ctx: Context, request: Request) -> str | None:
        return await policy_of(*locate(ctx, request.get("EventBusName")))

    async def tags(ctx: Context, request: Request) -> dict[str, str]:
        scope, bus = locate(ctx, request.get("EventBusName"))
        rule = await rules.get(scope, bus, request[member])
        return {} if rule is None else rule.tags

    return {"resource": resource, "owner": owner, "policy": policy, "tags": tags}
