"""What requests to SES are about, for the decision: ARNs, the policies of identities, and condition keys.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonses.html
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import orjson

from fogbank.kernel import Context
from fogbank.mail import addresses, identities, messages
from fogbank.mail.records import arn_of, configuration_sets
from fogbank.mail.records import identities as kept

Request = dict[str, Any]


class Sending:
    """The options of an operation that sends. The members are where its requests have these."""

    def __init__(self, version: str, source: str, arn: str, recipients: Callable[[Request], list[str]]) -> None:
        self.version = version
        self.source = source
        self.arn = arn
        self.recipients = recipients

    @property
    def options(self) -> dict[str, Any]:
        return {"resource": self.resources, "policy": self.policy, "owner": self.owner, "keys": self.keys}

    async def resources(self, ctx: Context, request: Request) -> list[str]:
        found = [await self._identity_arn(ctx, request)]
        if name := request.get("ConfigurationSetName"):
            found.append(arn_of(ctx, "configuration-set", name))
        return found

    async def _identity_arn(self, ctx: Context, request: Request) -> str:
        if given := request.get(self.arn):
            return str(given)
        address = addresses.parsed(self._source(request))[1]
        return await ctx.transact(identities.arn_for, ctx, address) if address else arn_of(ctx, "identity", "*")

    def _source(self, request: Request) -> str:
        """Who sends: as it is given, or as a raw mail has it."""
        if given := request.get(self.source):
            return str(given)
        raw = (request.get("Content") or {}).get("Raw") or request.get("RawMessage") or {}
        return str(messages.read(bytes(raw["Data"])).get("From") or "") if raw.get("Data") else ""

    async def policy(self, ctx: Context, request: Request) -> str | None:
        arn = await self._identity_arn(ctx, request)
        parts = arn.split(":", 5)
        if len(parts) != 6:
            return None
        scope = ctx.at(account=parts[4], region=parts[3])
        identity = await scope.transact(kept.get, scope, parts[5].partition("/")[2])
        return None if identity is None else merged(identity.policies)

    async def owner(self, ctx: Context, request: Request) -> str | None:
        parts = str(request.get(self.arn) or "").split(":")
        return parts[4] if len(parts) > 4 else None

    def keys(self, ctx: Context, request: Request) -> dict[str, str | tuple[str, ...]]:
        name, address = addresses.parsed(self._source(request))
        return {
            "ses:ApiVersion": self.version,
            "ses:FromAddress": address,
            "ses:FromDisplayName": name,
            "ses:Recipients": tuple(addresses.parsed(each)[1] for each in self.recipients(request)),
        }


def merged(policies: dict[str, str]) -> str | None:
    """One policy with the statements of all."""
    statements: list[Any] = []
    for text in policies.values():
        found = orjson.loads(text).get("Statement") or []
        statements += found if isinstance(found, list) else [found]
    return orjson.dumps({"Version": "2012-10-17", "Statement": statements}).decode() if statements else None


def on(kind: str, member: str) -> dict[str, Any]:
    """The options of an operation on an identity, a configuration set, ... that a member names."""

    def resource(ctx: Context, request: Request) -> str:
        return arn_of(ctx, kind, str(request.get(member) or "*"))

    return {"resource": resource, "tags": _TAGS[kind](member) if kind in _TAGS else None}


def _identity_tags(member: str) -> Callable[[Context, Request], Awaitable[dict[str, str]]]:
    async def tags(ctx: Context, request: Request) -> dict[str, str]:
        found = await ctx.transact(kept.get, ctx, str(request.get(member) or ""))
        return {} if found is None else found.tags

    return tags


def _set_tags(member: str) -> Callable[[Context, Request], Awaitable[dict[str, str]]]:
    async def tags(ctx: Context, request: Request) -> dict[str, str]:
        found = await ctx.transact(configuration_sets.get, ctx, str(request.get(member) or ""))
        return {} if found is None else found.tags

    return tags


_TAGS = {"identity": _identity_tags, "configuration-set": _set_tags}
