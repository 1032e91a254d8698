"""Configuration sets and their event destinations."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.kernel.actions import with_members
from fogbank.mail import destinations, problems
from fogbank.mail.permissions import on
from fogbank.mail.records import ConfigurationSet, EventDestination, change_set
from fogbank.mail.records import configuration_sets as kept
from fogbank.services.sesv2 import pools
from fogbank.services.sesv2.service import service
from fogbank.services.sesv2.shared import Answer, Request, given, page, page_size, start_of, tag_list, tag_map

_LIMIT = 10_000
ON_SET = on("configuration-set", "ConfigurationSetName")

# the options in the form of each operation that puts them: (their name, the members of a request)
_OPTIONS = {
    "DeliveryOptions": ("TlsPolicy", "SendingPoolName", "MaxDeliverySeconds"),
    "ReputationOptions": ("ReputationMetricsEnabled",),
    "SendingOptions": ("SendingEnabled",),
    "SuppressionOptions": ("SuppressedReasons", "SuppressionScope", "ValidationOptions"),
    "TrackingOptions": ("CustomRedirectDomain", "HttpsPolicy"),
    "ArchivingOptions": ("ArchiveArn",),
}
_DEFAULTS: dict[str, Any] = {
    "ReputationOptions": {"ReputationMetricsEnabled": False},
    "SendingOptions": {"SendingEnabled": True},
}


@service.operation(**ON_SET, action=with_members("ses:CreateConfigurationSet", {"Tags": "ses:TagResource"}))
async def create_configuration_set(ctx: Context, request: Request) -> None:
    """https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_CreateConfigurationSet.html"""
    name = request["ConfigurationSetName"]
    if not name or len(name) > 64 or not name.replace("-", "").replace("_", "").isalnum():
        raise problems.invalid(ctx, f"Invalid configuration set name <{name}>.")
    if await kept.get(ctx, name) is not None:
        raise problems.problem(ctx, "a set", f"Configuration set <{name}> already exists.")
    if await kept.count(ctx, limit=_LIMIT) >= _LIMIT:
        raise problems.problem(ctx, "limit", f"There can be no more than {_LIMIT} configuration sets.")
    options = {each: request[each] for each in (*_OPTIONS, "VdmOptions") if request.get(each)}
    await _require_pool(ctx, options.get("DeliveryOptions") or {})
    kept.put(ctx, ConfigurationSet(name, ctx.now(), options, tags=tag_map(ctx, request.get("Tags"))), name)


async def _require_pool(ctx: Context, options: Request) -> None:
    pool = options.get("SendingPoolName")
    if pool and pool != "ses-shared-pool":
        await pools.find(ctx, pool)


@service.operation(**ON_SET)
async def get_configuration_set(ctx: Context, request: Request) -> Answer:
    found = await destinations.find_set(ctx, request["ConfigurationSetName"])
    options = {name: {**_DEFAULTS.get(name, {}), **found.options.get(name, {})} or None for name in _OPTIONS}
    options["VdmOptions"] = found.options.get("VdmOptions")
    return {"ConfigurationSetName": found.name, **options, "Tags": tag_list(found.tags)}


@service.operation(resource=lambda ctx, request: "*")
async def list_configuration_sets(ctx: Context, request: Request) -> Answer:
    rows = await kept.scan(ctx, after=start_of(request), limit=page_size(request) + 1)
    shown, following = page(rows, request, lambda found: found.name)
    return {"ConfigurationSets": [found.name for found in shown], "NextToken": following}


@service.operation(**ON_SET)
async def delete_configuration_set(ctx: Context, request: Request) -> None:
    kept.delete(ctx, (await destinations.find_set(ctx, request["ConfigurationSetName"])).name)


# -- options


async def _put(ctx: Context, request: Request, name: str, options: Request) -> None:
    found = await destinations.find_set(ctx, request["ConfigurationSetName"])
    change_set(ctx, found, options={**found.options, name: options})


@service.operation(**ON_SET)
async def put_configuration_set_delivery_options(ctx: Context, request: Request) -> None:
    options = given(request, *_OPTIONS["DeliveryOptions"])
    await _require_pool(ctx, options)
    await _put(ctx, request, "DeliveryOptions", options)


@service.operation(**ON_SET)
async def put_configuration_set_reputation_options(ctx: Context, request: Request) -> None:
    options = given(request, *_OPTIONS["ReputationOptions"]) | {"LastFreshStart": ctx.now()}
    await _put(ctx, request, "ReputationOptions", options)


@service.operation(**ON_SET)
async def put_configuration_set_sending_options(ctx: Context, request: Request) -> None:
    await _put(ctx, request, "SendingOptions", {"SendingEnabled": bool(request.get("SendingEnabled"))})


@service.operation(**ON_SET)
async def put_configuration_set_suppression_options(ctx: Context, request: Request) -> None:
    await _put(ctx, request, "SuppressionOptions", given(request, *_OPTIONS["SuppressionOptions"]))


@service.operation(**ON_SET)
async def put_configuration_set_tracking_options(ctx: Context, request: Request) -> None:
    await _put(ctx, request, "TrackingOptions", given(request, *_OPTIONS["TrackingOptions"]))


@service.operation(**ON_SET)
async def put_configuration_set_vdm_options(ctx: Context, request: Request) -> None:
    await _put(ctx, request, "VdmOptions", request.get("VdmOptions") or {})


# -- event destinations


def _destination(name: str, definition: Request) -> EventDestination:
    targets = {member: value for member, value in definition.items() if member.endswith("Destination") and value}
    events = tuple(definition.get("MatchingEventTypes") or ())
    return EventDestination(name, bool(definition.get("Enabled")), events, targets)


@service.operation(**ON_SET)
async def create_configuration_set_event_destination(ctx: Context, request: Request) -> None:
    found = await destinations.find_set(ctx, request["ConfigurationSetName"])
    await destinations.add(ctx, found, _destination(request["EventDestinationName"], request["EventDestination"]))


@service.operation(**ON_SET)
async def update_configuration_set_event_destination(ctx: Context, request: Request) -> None:
    found = await destinations.find_set(ctx, request["ConfigurationSetName"])
    before = destinations.require(ctx, found, request["EventDestinationName"])
    made = _destination(before.name, request["EventDestination"])
    await destinations.replace(ctx, found, made)


@service.operation(**ON_SET)
async def get_configuration_set_event_destinations(ctx: Context, request: Request) -> Answer:
    found = await destinations.find_set(ctx, request["ConfigurationSetName"])
    listed = [
        {"Name": each.name, "Enabled": each.enabled, "MatchingEventTypes": list(each.events), **each.targets}
        for each in found.destinations
    ]
    return {"EventDestinations": listed}


@service.operation(**ON_SET)
async def delete_configuration_set_event_destination(ctx: Context, request: Request) -> None:
    found = await destinations.find_set(ctx, request["ConfigurationSetName"])
    destinations.remove(ctx, found, request["EventDestinationName"])
