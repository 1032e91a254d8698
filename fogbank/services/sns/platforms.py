"""Mobile push: platform applications and their endpoints; what is pushed ends in the local mailbox.

    applications  (platform, name)          Application
    devices       (platform, name, id)      Device
    device_tokens (platform, name, token)   the id of the device

No platform is asked for its opinion: credentials and tokens are believed.
"""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from fogbank.kernel import AWSError, Context, Record, mailbox, pages
from fogbank.services.sns import arns, errors, limits, status_log
from fogbank.services.sns.envelope import timestamp
from fogbank.services.sns.message import Message
from fogbank.services.sns.paging import after
from fogbank.services.sns.service import service
from fogbank.services.sns.topic import scope_of

Request = dict[str, Any]
Attributes = dict[str, str]

PLATFORMS = frozenset(
    [
        "ADM",
        "APNS",
        "APNS_SANDBOX",
        "APNS_VOIP",
        "APNS_VOIP_SANDBOX",
        "BAIDU",
        "GCM",
        "MACOS",
        "MACOS_SANDBOX",
        "MPNS",
        "WNS",
    ]
)
_WITH_PRINCIPAL = PLATFORMS - {"GCM"}
_NAME = re.compile(r"[A-Za-z0-9._-]{1,256}$")
_SECRETS = frozenset({"PlatformCredential", "PlatformPrincipal"})
_EVENTS = frozenset({"EventEndpointCreated", "EventEndpointDeleted", "EventEndpointUpdated", "EventDeliveryFailure"})
_KNOWN = (
    _SECRETS
    | _EVENTS
    | {
        "ApplePlatformBundleID",
        "ApplePlatformTeamID",
        "Enabled",
        "FailureFeedbackRoleArn",
        "SuccessFeedbackRoleArn",
        "SuccessFeedbackSampleRate",
    }
)
_DEVICE_KNOWN = frozenset({"ChannelId", "CustomUserData", "Enabled", "Token", "UserId"})


class Application(Record, frozen=True):
    platform: str
    name: str
    attributes: Attributes


class Device(Record, frozen=True):
    """An endpoint. `attributes` are as the API has them: Token, Enabled, CustomUserData."""

    id: str
    platform: str
    application: str
    attributes: Attributes


applications = service.collection("applications", Application)
devices = service.collection("devices", Device)
device_tokens = service.collection("device_tokens", str)


# -- names


def _application_arn(ctx: Context, platform: str, name: str) -> str:
    return f"arn:{ctx.partition}:sns:{ctx.region}:{ctx.account}:app/{platform}/{name}"


def _device_arn(ctx: Context, device: Device) -> str:
    return (
        f"arn:{ctx.partition}:sns:{ctx.region}:{ctx.account}:endpoint/"
        f"{device.platform}/{device.application}/{device.id}"
    )


def _parts(ctx: Context, text: str, parameter: str, kind: str, count: int) -> list[str]:
    """What is in an ARN behind `app/` or `endpoint/`. Raises InvalidParameterException."""
    place = arns.read(text, parameter)
    first, *parts = place.resource.split("/")
    if first != kind or len(parts) != count or place.region != ctx.region or place.account != ctx.account:
        raise errors.invalid(parameter)
    return parts


async def _application(ctx: Context, text: str) -> Application:
    found = await applications.get(ctx, *_parts(ctx, text, "PlatformApplicationArn", "app", 2))
    if found is None:
        raise errors.not_found("PlatformApplication")
    return found


async def _device(ctx: Context, text: str, parameter: str = "EndpointArn") -> Device | None:
    return await devices.get(ctx, *_parts(ctx, text, parameter, "endpoint", 3))


def _named_application(ctx: Context, request: Request) -> str:
    return str(request["PlatformApplicationArn"])


def _named_device(ctx: Context, request: Request) -> str:
    return str(request["EndpointArn"])


# -- applications


def _check(attributes: Attributes) -> None:
    for name, value in attributes.items():
        if name not in _KNOWN:
            raise errors.invalid_because("Attributes", f"Invalid attribute name: {name}")
        if name in _EVENTS and value:
            arns.read(value, name)


@service.operation
async def create_platform_application(ctx: Context, request: Request) -> Request:
    """Create an application, or find the one that has this name and these attributes. API_CreatePlatformApplication."""
    platform, name, attributes = request["Platform"], request["Name"], request["Attributes"]
    if platform not in PLATFORMS:
        raise errors.invalid_because("Platform", f"{platform} is not supported")
    if not _NAME.match(name):
        raise errors.invalid("Name")
    _check(attributes)
    for needed in sorted(_SECRETS if platform in _WITH_PRINCIPAL else {"PlatformCredential"}):
        if not attributes.get(needed):
            raise errors.invalid_because("Attributes", f"{needed} is required for platform {platform}")
    existing = await applications.get(ctx, platform, name)
    if existing is not None and existing.attributes != attributes:
        raise errors.invalid_because("Attributes", "Platform application already exists with different attributes")
    applications.put(ctx, Application(platform, name, attributes), platform, name)
    return {"PlatformApplicationArn": _application_arn(ctx, platform, name)}


@service.operation(resource=_named_application)
async def delete_platform_application(ctx: Context, request: Request) -> Request:
    """Delete an application with its endpoints; one that is not there is deleted already. API_DeletePlatformApplication."""
    platform, name = _parts(ctx, request["PlatformApplicationArn"], "PlatformApplicationArn", "app", 2)
    for device in await devices.scan(ctx, platform, name):
        _forget(ctx, device)
    applications.delete(ctx, platform, name)
    return {}


@service.operation(resource=_named_application)
async def get_platform_application_attributes(ctx: Context, request: Request) -> Request:
    """Everything but the secrets. API_GetPlatformApplicationAttributes."""
    return {"Attributes": _shown(await _application(ctx, request["PlatformApplicationArn"]))}


def _shown(application: Application) -> Attributes:
    shown = {name: value for name, value in application.attributes.items() if name not in _SECRETS and value}
    if application.platform.startswith("APNS"):
        by_token = "ApplePlatformTeamID" in application.attributes
        shown["AuthenticationMethod"] = "token" if by_token else "certificate"
    elif application.platform == "GCM":
        by_token = application.attributes.get("PlatformCredential", "").lstrip().startswith("{")
        shown["AuthenticationMethod"] = "token" if by_token else "key"
    return {"Enabled": "true", **shown}


@service.operation(resource=_named_application)
async def set_platform_application_attributes(ctx: Context, request: Request) -> Request:
    """API_SetPlatformApplicationAttributes."""
    found = await _application(ctx, request["PlatformApplicationArn"])
    _check(request["Attributes"])
    changed = msgspec.structs.replace(found, attributes={**found.attributes, **request["Attributes"]})
    applications.put(ctx, changed, found.platform, found.name)
    return {}


@service.operation
async def list_platform_applications(ctx: Context, request: Request) -> Request:
    """A hundred at a time. API_ListPlatformApplications."""
    position = after(request)
    since = None if position is None else tuple(position[0].split("/", 1))
    rows = await applications.scan(ctx, after=since, limit=limits.PAGE + 1)
    found, token = pages.page(rows, limits.PAGE, lambda each: f"{each.platform}/{each.name}")
    listed = [
        {"PlatformApplicationArn": _application_arn(ctx, each.platform, each.name), "Attributes": _shown(each)}
        for each in found
    ]
    return {"PlatformApplications": listed, "NextToken": token}


# -- endpoints


def _checked_device(attributes: Attributes) -> Attributes:
    for name, value in attributes.items():
        if name not in _DEVICE_KNOWN:
            raise errors.invalid_because("Attributes", f"Invalid attribute name: {name}")
        if name == "Enabled" and value.lower() not in ("true", "false"):
            raise errors.invalid_because("Attributes", f"Invalid value for attribute: Enabled: {value}")
        if name == "CustomUserData" and len(value.encode()) > limits.USER_DATA_BYTES:
            raise errors.invalid_because(
                "CustomUserData", f"must be at most {limits.USER_DATA_BYTES} bytes long in UTF-8"
            )
    return {name: value.lower() if name == "Enabled" else value for name, value in attributes.items()}


@service.operation(resource=_named_application)
async def create_platform_endpoint(ctx: Context, request: Request) -> Request:
    """Register a device, or find the endpoint that has this token and these attributes. API_CreatePlatformEndpoint."""
    application = await _application(ctx, request["PlatformApplicationArn"])
    if not request["Token"]:
        raise errors.invalid_because("Token", "Empty token")
    asked = _checked_device(request.get("Attributes") or {})
    if request.get("CustomUserData"):
        asked |= _checked_device({"CustomUserData": request["CustomUserData"]})
    attributes = {"Enabled": "true", **asked, "Token": request["Token"]}
    key = (application.platform, application.name)
    number = await device_tokens.get(ctx, *key, attributes["Token"])
    existing = None if number is None else await devices.get(ctx, *key, number)
    if existing is not None:
        if existing.attributes != attributes:
            raise errors.endpoint_exists(_device_arn(ctx, existing))
        return {"EndpointArn": _device_arn(ctx, existing)}
    device = _save(ctx, Device(ctx.ids.uuid(), *key, attributes))
    await _tell(ctx, application, device, "EndpointCreated")
    return {"EndpointArn": _device_arn(ctx, device)}


def _save(ctx: Context, device: Device) -> Device:
    devices.put(ctx, device, device.platform, device.application, device.id)
    device_tokens.put(ctx, device.id, device.platform, device.application, device.attributes["Token"])
    return device


def _forget(ctx: Context, device: Device) -> None:
    devices.delete(ctx, device.platform, device.application, device.id)
    device_tokens.delete(ctx, device.platform, device.application, device.attributes["Token"])


@service.operation(resource=_named_device)
async def delete_endpoint(ctx: Context, request: Request) -> Request:
    """One that is not there is deleted already. API_DeleteEndpoint."""
    device = await _device(ctx, request["EndpointArn"])
    if device is not None:
        _forget(ctx, device)
        application = await applications.get(ctx, device.platform, device.application)
        if application is not None:
            await _tell(ctx, application, device, "EndpointDeleted")
    return {}


async def _known_device(ctx: Context, text: str) -> Device:
    device = await _device(ctx, text)
    if device is None:
        raise errors.not_found("Endpoint")
    return device


@service.operation(resource=_named_device)
async def get_endpoint_attributes(ctx: Context, request: Request) -> Request:
    """API_GetEndpointAttributes."""
    return {"Attributes": (await _known_device(ctx, request["EndpointArn"])).attributes}


@service.operation(resource=_named_device)
async def set_endpoint_attributes(ctx: Context, request: Request) -> Request:
    """API_SetEndpointAttributes."""
    device = await _known_device(ctx, request["EndpointArn"])
    attributes = {**device.attributes, **_checked_device(request["Attributes"])}
    key = (device.platform, device.application)
    other = await device_tokens.get(ctx, *key, attributes["Token"])
    if other not in (None, device.id):
        raise errors.endpoint_exists(_device_arn(ctx, msgspec.structs.replace(device, id=other)))
    _forget(ctx, device)
    _save(ctx, msgspec.structs.replace(device, attributes=attributes))
    application = await applications.get(ctx, *key)
    if application is not None:
        await _tell(ctx, application, device, "EndpointUpdated")
    return {}


@service.operation(resource=_named_application)
async def list_endpoints_by_platform_application(ctx: Context, request: Request) -> Request:
    """A hundred at a time. API_ListEndpointsByPlatformApplication."""
    application = await _application(ctx, request["PlatformApplicationArn"])
    rows = await devices.scan(ctx, application.platform, application.name, after=after(request), limit=limits.PAGE + 1)
    found, token = pages.page(rows, limits.PAGE, lambda each: each.id)
    listed = [{"EndpointArn": _device_arn(ctx, each), "Attributes": each.attributes} for each in found]
    return {"Endpoints": listed, "NextToken": token}


# -- pushing


async def push(ctx: Context, arn: str, message: Message, about: dict[str, str]) -> None:
    """Push to a device. Raises InvalidParameterException, EndpointDisabledException, PlatformApplicationDisabledException."""
    place = arns.read(arn, "TargetArn")
    scope = scope_of(ctx, place.account)
    device = await _device(scope, arn, "TargetArn")
    application = None if device is None else await applications.get(scope, device.platform, device.application)
    if device is None or application is None:
        raise errors.no_target_endpoint()
    if application.attributes.get("Enabled", "true").lower() == "false":
        raise errors.application_disabled()
    source, token = f"app/{application.platform}/{application.name}", device.attributes["Token"]
    if device.attributes["Enabled"] == "false":
        refusal = errors.endpoint_disabled()
        await status_log.push_failed(scope, source, application.attributes, message, arn, refusal.message)
        raise refusal
    about = {"EndpointArn": arn, "Platform": device.platform, **about}
    body = message.body_for(device.platform)
    mailbox.post(scope, "push", token, body, message.subject or "", application.name, about)
    await status_log.pushed(scope, source, application.attributes, message, arn, token)


async def _tell(ctx: Context, application: Application, device: Device, event: str) -> None:
    """Publish what happened to an endpoint to the topic that the application names for it; where that is not allowed, nothing."""
    topic = application.attributes.get(f"Event{event}")
    if not topic:
        return
    document = {
        "EndpointArn": _device_arn(ctx, device),
        "EventType": event,
        "Resource": _application_arn(ctx, application.platform, application.name),
        "Service": "SNS",
        "Time": timestamp(ctx.now()),
    }
    request = {
        "TopicArn": topic,
        "Message": json.dumps(document),
        "Subject": f"{event} event for app {application.name}",
    }
    try:
        await ctx.undoing(_publish, ctx, request)
    except AWSError:
        return


async def _publish(ctx: Context, request: Request) -> None:
    request["Subject"] = request["Subject"][: limits.SUBJECT_LENGTH]
    await ctx.call("sns", "Publish", request, as_caller=True)
