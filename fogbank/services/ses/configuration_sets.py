"""Configuration sets and their event destinations, as this API has them."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import AWSError, Context
from fogbank.mail import destinations, problems
from fogbank.mail.permissions import on
from fogbank.mail.records import ConfigurationSet, EventDestination, change_set
from fogbank.mail.records import configuration_sets as kept
from fogbank.services.ses.service import service
from fogbank.services.ses.shared import ANY, Answer, Request, page, shout, start_of, title

_PAGE = 1000
_LIMIT = 10_000
ON_SET = on("configuration-set", "ConfigurationSetName")


@service.operation(**ANY)
async def create_configuration_set(ctx: Context, request: Request) -> None:
    name = request["ConfigurationSet"]["Name"]
    if not name or len(name) > 64 or not name.replace("-", "").replace("_", "").isalnum():
        raise AWSError("InvalidConfigurationSetException", f"Invalid configuration set name <{name}>.")
    if await kept.get(ctx, name) is not None:
        raise problems.problem(ctx, "a set", f"Configuration set <{name}> already exists.")
    if await kept.count(ctx, limit=_LIMIT) >= _LIMIT:
        raise problems.problem(ctx, "limit", f"There can be no more than {_LIMIT} configuration sets.")
    kept.put(ctx, ConfigurationSet(name, ctx.now()), name)


@service.operation(**ON_SET)
async def describe_configuration_set(ctx: Context, request: Request) -> Answer:
    """Attributes that are asked for."""
    found = await destinations.find_set(ctx, request["ConfigurationSetName"])
    asked = request.get("ConfigurationSetAttributeNames") or ()
    answer: Answer = {"ConfigurationSet": {"Name": found.name}}
    if "eventDestinations" in asked:
        answer["EventDestinations"] = [_shown(each) for each in found.destinations]
    if "trackingOptions" in asked and (tracking := found.options.get("TrackingOptions")):
        answer["TrackingOptions"] = {"CustomRedirectDomain": tracking.get("CustomRedirectDomain")}
    if "deliveryOptions" in asked and (delivery := found.options.get("DeliveryOptions")):
        answer["DeliveryOptions"] = {"TlsPolicy": title(delivery.get("TlsPolicy") or "OPTIONAL")}
    if "reputationOptions" in asked:
        reputation = found.options.get("ReputationOptions") or {}
        answer["ReputationOptions"] = {
            "SendingEnabled": found.may_send,
            "ReputationMetricsEnabled": bool(reputation.get("ReputationMetricsEnabled")),
            "LastFreshStart": reputation.get("LastFreshStart"),
        }
    return answer


@service.operation(**ANY)
async def list_configuration_sets(ctx: Context, request: Request) -> Answer:
    limit = min(max(request.get("MaxItems") or _PAGE, 1), _PAGE)
    rows = await kept.scan(ctx, after=start_of(request), limit=limit + 1)
    shown, following = page(rows, limit, lambda found: found.name)
    return {"ConfigurationSets": [{"Name": found.name} for found in shown], "NextToken": following}


@service.operation(**ON_SET)
async def delete_configuration_set(ctx: Context, request: Request) -> None:
    kept.delete(ctx, (await destinations.find_set(ctx, request["ConfigurationSetName"])).name)


# -- options


async def _put(ctx: Context, request: Request, name: str, options: Request | None) -> None:
    """Without options there are none any more."""
    found = await destinations.find_set(ctx, request["ConfigurationSetName"])
    left = {each: value for each, value in found.options.items() if each != name}
    change_set(ctx, found, options=left if options is None else {**left, name: options})


@service.operation(**ON_SET)
async def put_configuration_set_delivery_options(ctx: Context, request: Request) -> None:
    policy = (request.get("DeliveryOptions") or {}).get("TlsPolicy") or "Optional"
    await _put(ctx, request, "DeliveryOptions", {"TlsPolicy": shout(policy)})


@service.operation(**ON_SET)
async def update_configuration_set_reputation_metrics_enabled(ctx: Context, request: Request) -> None:
    options = {"ReputationMetricsEnabled": request["Enabled"], "LastFreshStart": ctx.now()}
    await _put(ctx, request, "ReputationOptions", options)


@service.operation(**ON_SET)
async def update_configuration_set_sending_enabled(ctx: Context, request: Request) -> None:
    await _put(ctx, request, "SendingOptions", {"SendingEnabled": request["Enabled"]})


@service.operation(**ON_SET)
async def create_configuration_set_tracking_options(ctx: Context, request: Request) -> None:
    found = await destinations.find_set(ctx, request["ConfigurationSetName"])
    if "TrackingOptions" in found.options:
        raise AWSError(
            "TrackingOptionsAlreadyExistsException",
            f"Configuration set <{found.name}> has tracking options already.",
        )
    await _put_tracking(ctx, request)


@service.operation(**ON_SET)
async def update_configuration_set_tracking_options(ctx: Context, request: Request) -> None:
    await _require_tracking(ctx, request)
    await _put_tracking(ctx, request)


@service.operation(**ON_SET)
async def delete_configuration_set_tracking_options(ctx: Context, request: Request) -> None:
    await _require_tracking(ctx, request)
    await _put(ctx, request, "TrackingOptions", None)


async def _put_tracking(ctx: Context, request: Request) -> None:
    domain = request["TrackingOptions"].get("CustomRedirectDomain")
    if not domain:
        raise problems.problem(ctx, "bad options", "CustomRedirectDomain must be specified.")
    await _put(ctx, request, "TrackingOptions", {"CustomRedirectDomain": domain})


async def _require_tracking(ctx: Context, request: Request) -> None:
    found = await destinations.find_set(ctx, request["ConfigurationSetName"])
    if "TrackingOptions" not in found.options:
        raise AWSError(
            "TrackingOptionsDoesNotExistException", f"Configuration set <{found.name}> has no tracking options."
        )


# -- event destinations: kept in the form of v2


def _destination(given: Request) -> EventDestination:
    targets: dict[str, Any] = {}
    if stream := given.get("KinesisFirehoseDestination"):
        targets["KinesisFirehoseDestination"] = {
            "IamRoleArn": stream["IAMRoleARN"],
            "DeliveryStreamArn": stream["DeliveryStreamARN"],
        }
    if topic := given.get("SNSDestination"):
        targets["SnsDestination"] = {"TopicArn": topic["TopicARN"]}
    if metrics := given.get("CloudWatchDestination"):
        dimensions = [
            {**each, "DimensionValueSource": shout(each["DimensionValueSource"])}
            for each in metrics["DimensionConfigurations"]
        ]
        targets["CloudWatchDestination"] = {"DimensionConfigurations": dimensions}
    events = tuple(shout(each) for each in given["MatchingEventTypes"])
    return EventDestination(given["Name"], bool(given.get("Enabled")), events, targets)


def _shown(each: EventDestination) -> Answer:
    shown: Answer = {
        "Name": each.name,
        "Enabled": each.enabled,
        "MatchingEventTypes": [_small(event) for event in each.events],
    }
    if stream := each.targets.get("KinesisFirehoseDestination"):
        shown["KinesisFirehoseDestination"] = {
            "IAMRoleARN": stream["IamRoleArn"],
            "DeliveryStreamARN": stream["DeliveryStreamArn"],
        }
    if topic := each.targets.get("SnsDestination"):
        shown["SNSDestination"] = {"TopicARN": topic["TopicArn"]}
    if metrics := each.targets.get("CloudWatchDestination"):
        dimensions = [
            {**given, "DimensionValueSource": _small(given["DimensionValueSource"])}
            for given in metrics["DimensionConfigurations"]
        ]
        shown["CloudWatchDestination"] = {"DimensionConfigurations": dimensions}
    return shown


def _small(text: str) -> str:
    """v2's `RENDERING_FAILURE` as `renderingFailure`."""
    return text[:1].lower() + title(text)[1:]


@service.operation(**ON_SET)
async def create_configuration_set_event_destination(ctx: Context, request: Request) -> None:
    found = await destinations.find_set(ctx, request["ConfigurationSetName"])
    await destinations.add(ctx, found, _destination(request["EventDestination"]))


@service.operation(**ON_SET)
async def update_configuration_set_event_destination(ctx: Context, request: Request) -> None:
    found = await destinations.find_set(ctx, request["ConfigurationSetName"])
    await destinations.replace(ctx, found, _destination(request["EventDestination"]))


@service.operation(**ON_SET)
async def delete_configuration_set_event_destination(ctx: Context, request: Request) -> None:
    found = await destinations.find_set(ctx, request["ConfigurationSetName"])
    destinations.remove(ctx, found, request["EventDestinationName"])
