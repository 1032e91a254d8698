"""Identities: verified, described, notified, with policies.

https://docs.aws.amazon.com/ses/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

import msgspec
import orjson

from fogbank.kernel import AWSError, Context
from fogbank.mail import identities, problems
from fogbank.mail.permissions import on
from fogbank.mail.records import ADDRESS, DOMAIN, SUCCESS, Identity, change_identity
from fogbank.mail.records import identities as kept
from fogbank.services.ses.service import service
from fogbank.services.ses.shared import ANY, Answer, Request, page, shout, start_of, title

_PAGE = 1000
_POLICIES = 20
_ASKED = 100
_ARN = "arn:"


def _named(name: str) -> str:
    return name if "@" in name else name.lower()


async def _identity(ctx: Context, request: Request) -> Identity:
    """The identity that a request names, by its name or by its ARN. Raises NotFound."""
    name: str = request["Identity"]
    of_arn = name.startswith(_ARN) and name.partition(":identity/")[2]
    return await identities.find(ctx, of_arn or name)


# -- verifying


@service.operation(**ANY)
async def verify_email_identity(ctx: Context, request: Request) -> None:
    await _verify_address(ctx, request["EmailAddress"])


@service.operation(**ANY)
async def verify_email_address(ctx: Context, request: Request) -> None:
    await _verify_address(ctx, request["EmailAddress"])


async def _verify_address(ctx: Context, name: str) -> None:
    if "@" not in name:
        raise problems.invalid(ctx, f"Invalid email address {name}.")
    await identities.begin(ctx, name)


@service.operation(**ANY)
async def verify_domain_identity(ctx: Context, request: Request) -> Answer:
    """The token would go into a record of the DNS, `_amazonses.<domain>`."""
    return {"VerificationToken": (await _domain(ctx, request)).token}


@service.operation(**ANY)
async def verify_domain_dkim(ctx: Context, request: Request) -> Answer:
    identity = await _domain(ctx, request)
    if not identity.dkim.tokens:
        identity = change_identity(ctx, identity, dkim=identities.easy_dkim(ctx, "RSA_1024_BIT"))
        await identities.look_soon(ctx, identity)
    return {"DkimTokens": list(identity.dkim.tokens)}


async def _domain(ctx: Context, request: Request) -> Identity:
    if "@" in request["Domain"]:
        raise problems.invalid(ctx, f"Invalid domain name {request['Domain']}.")
    return await identities.begin(ctx, request["Domain"])


@service.operation(**ANY)
async def get_identity_verification_attributes(ctx: Context, request: Request) -> Answer:
    """Of those that are there; of the others there is nothing."""
    found = {
        name: {
            "VerificationStatus": title(identity.status),
            "VerificationToken": identity.token if identity.kind == DOMAIN else None,
        }
        for name, identity in (await _asked(ctx, request)).items()
    }
    return {"VerificationAttributes": found}


async def _asked(ctx: Context, request: Request) -> dict[str, Identity]:
    names = request["Identities"]
    if len(names) > _ASKED:
        raise problems.invalid(ctx, f"There can be no more than {_ASKED} identities in a request.")
    found = {name: await kept.get(ctx, _named(name)) for name in names}
    return {name: identity for name, identity in found.items() if identity is not None}


# -- listing and deleting


@service.operation(**ANY)
async def list_identities(ctx: Context, request: Request) -> Answer:
    wanted = {"EmailAddress": ADDRESS, "Domain": DOMAIN}.get(request.get("IdentityType") or "")
    limit = min(max(request.get("MaxItems") or _PAGE, 1), _PAGE)
    names = [
        identity.name for identity in await kept.scan(ctx, after=start_of(request)) if wanted in (None, identity.kind)
    ]
    shown, following = page(names[: limit + 1], limit, lambda name: name)
    return {"Identities": list(shown), "NextToken": following}


@service.operation(**ANY)
async def list_verified_email_addresses(ctx: Context, request: Request) -> Answer:
    found = await kept.scan(ctx)
    return {"VerifiedEmailAddresses": [each.name for each in found if each.kind == ADDRESS and each.status == SUCCESS]}


@service.operation(**on("identity", "Identity"))
async def delete_identity(ctx: Context, request: Request) -> None:
    await _delete(ctx, request["Identity"])


@service.operation(**on("identity", "EmailAddress"))
async def delete_verified_email_address(ctx: Context, request: Request) -> None:
    await _delete(ctx, request["EmailAddress"])


async def _delete(ctx: Context, name: str) -> None:
    """One that is not there is gone, too."""
    identity = await kept.get(ctx, _named(name))
    if identity is not None:
        await identities.remove(ctx, identity)


# -- keys, and where bounces go to


@service.operation(**ANY)
async def get_identity_dkim_attributes(ctx: Context, request: Request) -> Answer:
    found = {}
    for name, identity in (await _asked(ctx, request)).items():
        dkim = identity.dkim
        found[name] = {
            "DkimEnabled": dkim.enabled,
            "DkimVerificationStatus": title(dkim.status),
            "DkimTokens": list(dkim.tokens) or None,
        }
    return {"DkimAttributes": found}


@service.operation(**on("identity", "Identity"))
async def set_identity_dkim_enabled(ctx: Context, request: Request) -> None:
    identity = await _identity(ctx, request)
    if request["DkimEnabled"] and not identity.dkim.tokens and identity.kind == DOMAIN:
        raise problems.invalid(ctx, f"Domain {identity.name} is not verified for DKIM signing.")
    change_identity(ctx, identity, dkim=msgspec.structs.replace(identity.dkim, enabled=request["DkimEnabled"]))


@service.operation(**on("identity", "Identity"))
async def set_identity_mail_from_domain(ctx: Context, request: Request) -> None:
    """Without a domain it is SES's again."""
    identity = await _identity(ctx, request)
    domain = request.get("MailFromDomain")
    behaviour = shout(request.get("BehaviorOnMXFailure") or "UseDefaultValue")
    found = identities.mail_from(ctx, identity, domain, behaviour) if domain else None
    identity = change_identity(ctx, identity, mail_from=found)
    if found is not None:
        await identities.look_soon(ctx, identity)


@service.operation(**ANY)
async def get_identity_mail_from_domain_attributes(ctx: Context, request: Request) -> Answer:
    found = {}
    for name, identity in (await _asked(ctx, request)).items():
        mail_from = identity.mail_from
        found[name] = {
            "MailFromDomain": mail_from.domain if mail_from is not None else "",
            "MailFromDomainStatus": title(mail_from.status) if mail_from is not None else "Success",
            "BehaviorOnMXFailure": title(mail_from.on_failure) if mail_from is not None else "UseDefaultValue",
        }
    return {"MailFromDomainAttributes": found}


# -- notifications


@service.operation(**on("identity", "Identity"))
async def set_identity_notification_topic(ctx: Context, request: Request) -> None:
    identity, kind = await _identity(ctx, request), request["NotificationType"]
    topics = {name: topic for name, topic in identity.topics.items() if name != kind}
    if topic := request.get("SnsTopic"):
        await _require_topic(ctx, topic)
        topics[kind] = topic
    change_identity(ctx, identity, topics=topics)


async def _require_topic(ctx: Context, arn: str) -> None:
    parts = arn.split(":")
    if len(parts) != 6 or parts[2] != "sns":
        raise problems.invalid(ctx, f"Invalid SNS topic: {arn}")
    try:
        scope = ctx.at(account=parts[4], region=parts[3])
        await scope.call("sns", "GetTopicAttributes", {"TopicArn": arn}, as_caller=True)
    except AWSError as error:
        if error.code.startswith("NotFound"):
            raise problems.invalid(ctx, f"Invalid SNS topic: {arn}") from error


@service.operation(**on("identity", "Identity"))
async def set_identity_feedback_forwarding_enabled(ctx: Context, request: Request) -> None:
    identity, forwarding = await _identity(ctx, request), request["ForwardingEnabled"]
    if not forwarding and not {"Bounce", "Complaint"} <= identity.topics.keys():
        raise problems.invalid(
            ctx,
            f"Identity <{identity.name}> must have SNS topics for bounces and complaints before feedback forwarding "
            "can be disabled.",
        )
    change_identity(ctx, identity, forwarding=forwarding)


@service.operation(**on("identity", "Identity"))
async def set_identity_headers_in_notifications_enabled(ctx: Context, request: Request) -> None:
    identity, kind = await _identity(ctx, request), request["NotificationType"]
    left = tuple(each for each in identity.headers if each != kind)
    change_identity(ctx, identity, headers=(*left, kind) if request["Enabled"] else left)


@service.operation(**ANY)
async def get_identity_notification_attributes(ctx: Context, request: Request) -> Answer:
    found = {}
    for name, identity in (await _asked(ctx, request)).items():
        kinds = ("Bounce", "Complaint", "Delivery")
        found[name] = {
            **{f"{kind}Topic": identity.topics[kind] for kind in kinds if kind in identity.topics},
            "ForwardingEnabled": identity.forwarding,
            **{f"HeadersIn{kind}NotificationsEnabled": kind in identity.headers for kind in kinds},
        }
    return {"NotificationAttributes": found}


# -- policies


@service.operation(**on("identity", "Identity"))
async def put_identity_policy(ctx: Context, request: Request) -> None:
    identity, name = await _identity(ctx, request), request["PolicyName"]
    try:
        document = orjson.loads(request["Policy"])
    except orjson.JSONDecodeError as error:
        raise problems.problem(ctx, "bad policy", "The policy is not valid JSON.") from error
    if not isinstance(document, dict) or not document.get("Statement"):
        raise problems.problem(ctx, "bad policy", "The policy has no statements.")
    policies = {**identity.policies, name: request["Policy"]}
    if len(policies) > _POLICIES:
        raise problems.problem(ctx, "limit", f"An identity can have no more than {_POLICIES} policies.")
    change_identity(ctx, identity, policies=policies)


@service.operation(**on("identity", "Identity"))
async def get_identity_policies(ctx: Context, request: Request) -> Answer:
    identity = await _identity(ctx, request)
    wanted = request["PolicyNames"]
    return {"Policies": {name: text for name, text in identity.policies.items() if name in wanted}}


@service.operation(**on("identity", "Identity"))
async def list_identity_policies(ctx: Context, request: Request) -> Answer:
    return {"PolicyNames": sorted((await _identity(ctx, request)).policies)}


@service.operation(**on("identity", "Identity"))
async def delete_identity_policy(ctx: Context, request: Request) -> None:
    """One that is not there is gone, too."""
    identity = await _identity(ctx, request)
    left = {name: text for name, text in identity.policies.items() if name != request["PolicyName"]}
    change_identity(ctx, identity, policies=left)
