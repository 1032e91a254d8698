"""Analyzers: what looks at an account's or an organization's resources. An analyzer lies under its name.

What it finds lies under its name too, in the modules of findings, resources, rules and previews; deleting it deletes all of that.
"""

from __future__ import annotations

import json
from typing import Any, Final

from msgspec.structs import replace

from fogbank.identity.membership import Membership
from fogbank.identity.principals import service_host
from fogbank.kernel import Collection, Context, Record
from fogbank.kernel.errors import not_implemented
from fogbank.services.accessanalyzer import errors, limits, rules
from fogbank.services.accessanalyzer.exposure import Zone
from fogbank.services.accessanalyzer.listing import page
from fogbank.services.accessanalyzer.service import service

Request = dict[str, Any]

HOST: Final = service_host(service.name)
EXTERNAL: Final = ("ACCOUNT", "ORGANIZATION")
UNUSED: Final = ("ACCOUNT_UNUSED_ACCESS", "ORGANIZATION_UNUSED_ACCESS")


class Analyzer(Record, frozen=True):
    """created: epoch seconds; unused_days, exclusions (JSON): the configuration of unused access analyzers."""

    name: str
    type: str
    created: int
    tags: dict[str, str] = {}
    unused_days: int = 0
    exclusions: str = ""

    @property
    def is_external(self) -> bool:
        return self.type in EXTERNAL

    @property
    def is_of_organization(self) -> bool:
        return self.type.startswith("ORGANIZATION")


class Scan(Record, frozen=True):
    """When an analyzer last looked at everything (epoch seconds), and which resource it looked at last."""

    at: float
    resource: str = ""


analyzers = service.collection("analyzers", Analyzer)
scans = service.collection("scans", Scan)
# (region, name) of every analyzer of the account, since its role is used in all regions
_everywhere = service.collection("analyzers_everywhere", str, scope="account")

# What is to be forgotten with an analyzer: rows under (its name, another name). The modules of those things add to it.
belongings: list[Collection[Any]] = [rules.rules]


# -- finding


def arn(ctx: Context, name: str) -> str:
    return f"arn:{ctx.partition}:access-analyzer:{ctx.region}:{ctx.account}:analyzer/{name}"


async def named(ctx: Context, name: str) -> Analyzer:
    """The analyzer of that name. Raises ResourceNotFoundException."""
    found = await analyzers.get(ctx, name)
    if found is None:
        raise errors.not_found("Analyzer", name)
    return found


async def find(ctx: Context, request: Request) -> Analyzer:
    """The analyzer whose ARN a request has. Raises ResourceNotFoundException."""
    given = request["analyzerArn"]
    name = given.rpartition("/")[2]
    found = await analyzers.get(ctx, name) if given == arn(ctx, name) else None
    if found is None:
        raise errors.not_found("Analyzer", given)
    return found


def resource_of_name(ctx: Context, request: Request) -> str:
    return arn(ctx, request["analyzerName"])


def resource_of_arn(ctx: Context, request: Request) -> str:
    return request["analyzerArn"]


BY_NAME: Final = {"resource": resource_of_name}
BY_ARN: Final = {"resource": resource_of_arn}


# -- creating


@service.operation(**BY_NAME)
async def create_analyzer(ctx: Context, request: Request) -> Request:
    """API_CreateAnalyzer. The service's role is made with the first one, if the caller may have it made."""
    name, kind = request["analyzerName"], request["type"]
    if kind not in limits.ANALYZERS:
        raise not_implemented(service.name, f"CreateAnalyzer of type {kind}")
    await _check_free(ctx, name, kind)
    if kind.startswith("ORGANIZATION"):
        await _check_administrator(ctx)
    analyzer = Analyzer(name, kind, int(ctx.now()), _checked_tags({}, request.get("tags", {})))
    await _have_role(ctx)
    analyzers.put(ctx, _configured(analyzer, request.get("configuration", {})), name)
    _everywhere.put(ctx, arn(ctx, name), ctx.region, name)
    for rule in request.get("archiveRules", []):
        await rules.create(ctx, name, rule)
    await ctx.schedule("scan", {"analyzer": name}, key=name)
    return {"arn": arn(ctx, name)}


async def _check_free(ctx: Context, name: str, kind: str) -> None:
    present = await analyzers.scan(ctx)
    if any(each.name == name for each in present):
        raise errors.conflict("Analyzer", name)
    limit = limits.ANALYZERS[kind]
    if sum(each.type == kind for each in present) >= limit:
        message = f"Your account has reached the maximum of {limit} analyzers of type {kind} in this Region."
        raise errors.quota_exceeded(message, "Analyzer", name)


async def _check_administrator(ctx: Context) -> None:
    membership = _membership(ctx)
    if membership is None or await membership.organization(ctx, ctx.account) is None:
        raise errors.not_an_organization()
    if not await membership.administers(ctx, ctx.account, HOST):
        raise errors.not_an_organization()


def _membership(ctx: Context) -> Membership | None:
    """Organizations' side; None without such a service."""
    organizations = ctx.app.services.get("organizations")
    return None if organizations is None else organizations.provided.get("membership")


async def _have_role(ctx: Context) -> None:
    """See to it that the service's role is there. Raises AccessDenied where the caller may not have it made."""
    linked = _linked_roles(ctx)
    if await linked.find(ctx, HOST) is None:
        role = f"arn:{ctx.partition}:iam::{ctx.account}:role/aws-service-role/{HOST}/AWSServiceRoleForAccessAnalyzer"
        await ctx.authorise("iam:CreateServiceLinkedRole", role, keys={"iam:AWSServiceName": HOST})
        await linked.ensure(ctx, HOST)


def _linked_roles(ctx: Context) -> Any:
    iam = ctx.app.services.get("iam")
    assert iam is not None
    return iam.provided["linked_roles"]


async def role_in(ctx: Context) -> str:
    """The ARN of the service's role in the context's account, made if need be: members of an organization have not asked for it."""
    return await _linked_roles(ctx).ensure(ctx, HOST)


async def role_usage(ctx: Context) -> list[tuple[str, str]]:
    """(region, ARN) of the analyzers that need the account's role."""
    return [(str(key[0]), found) for key, found in await _everywhere.items(ctx, (str, str))]


service.provide("linked_role_usage", role_usage)


def _configured(analyzer: Analyzer, configuration: Request) -> Analyzer:
    """The analyzer with a configuration. Raises ValidationException for one that does not go with its type."""
    if "internalAccess" in configuration or ("unusedAccess" in configuration and analyzer.is_external):
        raise errors.validation(f"The configuration is not valid for an analyzer of type {analyzer.type}.")
    if analyzer.is_external:
        return analyzer
    unused = configuration.get("unusedAccess", {})
    days = unused.get("unusedAccessAge", analyzer.unused_days or limits.UNUSED_DAYS)
    if not 1 <= days <= limits.UNUSED_DAYS_MOST:
        raise errors.validation(f"unusedAccessAge must be between 1 and {limits.UNUSED_DAYS_MOST} days.")
    exclusions = unused.get("analysisRule", {}).get("exclusions", [])
    if len(exclusions) > limits.EXCLUSIONS:
        raise errors.validation(f"analysisRule must have at most {limits.EXCLUSIONS} exclusions.")
    return replace(analyzer, unused_days=days, exclusions=json.dumps(exclusions) if exclusions else "")


# -- zones of trust


async def zone(ctx: Context, analyzer: Analyzer) -> Zone:
    """Whom the analyzer takes for insiders."""
    membership = _membership(ctx) if analyzer.is_of_organization else None
    if membership is None:
        return Zone(frozenset({ctx.account}))
    organization = await membership.organization(ctx, ctx.account)
    accounts = frozenset(await membership.accounts(ctx, ctx.account))
    return Zone(accounts, "" if organization is None else organization.id)


# -- seeing and changing


async def _described(ctx: Context, analyzer: Analyzer) -> Request:
    scan = await scans.get(ctx, analyzer.name)
    return {
        "arn": arn(ctx, analyzer.name),
        "name": analyzer.name,
        "type": analyzer.type,
        "createdAt": analyzer.created,
        "status": "ACTIVE",
        "tags": analyzer.tags,
        "lastResourceAnalyzed": scan.resource or None if scan is not None else None,
        "lastResourceAnalyzedAt": scan.at if scan is not None and scan.resource else None,
        "configuration": _configuration(analyzer),
    }


def _configuration(analyzer: Analyzer) -> Request | None:
    if analyzer.is_external:
        return None
    unused: Request = {"unusedAccessAge": analyzer.unused_days}
    if analyzer.exclusions:
        unused["analysisRule"] = {"exclusions": json.loads(analyzer.exclusions)}
    return {"unusedAccess": unused}


@service.operation(**BY_NAME)
async def get_analyzer(ctx: Context, request: Request) -> Request:
    """API_GetAnalyzer."""
    return {"analyzer": await _described(ctx, await named(ctx, request["analyzerName"]))}


@service.operation(resource=lambda ctx, request: arn(ctx, "*"))
async def list_analyzers(ctx: Context, request: Request) -> Request:
    """The analyzers of the region by name. API_ListAnalyzers."""
    kind = request.get("type")
    wanted = [each for each in await analyzers.scan(ctx) if kind in (None, each.type)]
    found, more = page(request, wanted, lambda analyzer: analyzer.name)
    return {"analyzers": [await _described(ctx, analyzer) for analyzer in found], **more}


@service.operation(**BY_NAME)
async def update_analyzer(ctx: Context, request: Request) -> Request:
    """Another configuration; only unused access analyzers have one. API_UpdateAnalyzer."""
    analyzer = await named(ctx, request["analyzerName"])
    if analyzer.is_external:
        raise errors.validation(f"An analyzer of type {analyzer.type} has no configuration to update.")
    changed = _configured(analyzer, request.get("configuration", {}))
    analyzers.put(ctx, changed, changed.name)
    await ctx.schedule("scan", {"analyzer": changed.name}, key=changed.name)
    return {"configuration": _configuration(changed)}


@service.operation(**BY_NAME)
async def delete_analyzer(ctx: Context, request: Request) -> Request:
    """Delete an analyzer with all that it found. API_DeleteAnalyzer."""
    analyzer = await named(ctx, request["analyzerName"])
    for collection in belongings:
        for key, _ in await collection.items(ctx, (str,), analyzer.name):
            collection.delete(ctx, analyzer.name, key[0])
    await ctx.unschedule("scan", analyzer.name)
    scans.delete(ctx, analyzer.name)
    analyzers.delete(ctx, analyzer.name)
    _everywhere.delete(ctx, ctx.region, analyzer.name)
    return {}


@service.operation
async def create_service_linked_analyzer(ctx: Context, request: Request) -> Request:
    """API_CreateServiceLinkedAnalyzer: for AWS services only, which have none made here."""
    raise errors.access_denied("Only AWS services can create service-linked analyzers.")


@service.operation(**BY_NAME)
async def delete_service_linked_analyzer(ctx: Context, request: Request) -> Request:
    """API_DeleteServiceLinkedAnalyzer: the analyzers here are no service's."""
    analyzer = await named(ctx, request["analyzerName"])
    raise errors.validation(f"Analyzer {analyzer.name} is not a service-linked analyzer.")


# -- tags


def _checked_tags(present: dict[str, str], added: dict[str, str]) -> dict[str, str]:
    """The tags with others added. Raises ValidationException."""
    if any(key.lower().startswith("aws:") for key in added):
        raise errors.validation("Tag keys must not begin with aws:")
    if any(not 1 <= len(key) <= 128 or len(value) > 256 for key, value in added.items()):
        raise errors.validation("Tag keys have 1 to 128 characters and values at most 256.")
    tags = {**present, **added}
    if len(tags) > limits.TAGS:
        raise errors.validation(f"A resource has at most {limits.TAGS} tags.")
    return tags


async def _tagged(ctx: Context, request: Request) -> Analyzer:
    return await find(ctx, {"analyzerArn": request["resourceArn"]})


def _resource_arn(ctx: Context, request: Request) -> str:
    return request["resourceArn"]


@service.operation(resource=_resource_arn)
async def tag_resource(ctx: Context, request: Request) -> Request:
    """API_TagResource."""
    analyzer = await _tagged(ctx, request)
    analyzers.put(ctx, replace(analyzer, tags=_checked_tags(analyzer.tags, request["tags"])), analyzer.name)
    return {}


@service.operation(resource=_resource_arn)
async def untag_resource(ctx: Context, request: Request) -> Request:
    """API_UntagResource."""
    analyzer = await _tagged(ctx, request)
    left = {key: value for key, value in analyzer.tags.items() if key not in request["tagKeys"]}
    analyzers.put(ctx, replace(analyzer, tags=left), analyzer.name)
    return {}


@service.operation(resource=_resource_arn)
async def list_tags_for_resource(ctx: Context, request: Request) -> Request:
    """API_ListTagsForResource."""
    return {"tags": (await _tagged(ctx, request)).tags}
