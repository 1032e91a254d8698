"""Identities: addresses and domains, their keys, their policies, and what is done for them."""

from __future__ import annotations

from typing import Any

import msgspec
import orjson

from fogbank.kernel import AWSError, Context
from fogbank.kernel.actions import with_members
from fogbank.mail import destinations, identities, problems
from fogbank.mail.permissions import on
from fogbank.mail.records import DOMAIN, PENDING, Dkim, Identity, change_identity
from fogbank.mail.records import identities as kept
from fogbank.services.sesv2.service import service
from fogbank.services.sesv2.shared import Answer, Request, page, page_size, start_of, tag_list, tag_map

_POLICIES = 20
ON_IDENTITY = on("identity", "EmailIdentity")


@service.operation(**ON_IDENTITY, action=with_members("ses:CreateEmailIdentity", {"Tags": "ses:TagResource"}))
async def create_email_identity(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_CreateEmailIdentity.html"""
    name = request["EmailIdentity"]
    kind = identities.kind_of(ctx, name)
    if await kept.get(ctx, name if kind != DOMAIN else name.lower()) is not None:
        raise AWSError("AlreadyExistsException", f"Email identity {name} already exist.")
    set_name = request.get("ConfigurationSetName") or ""
    if set_name:
        await destinations.find_set(ctx, set_name)
    fields: dict[str, Any] = {"tags": tag_map(ctx, request.get("Tags")), "configuration_set": set_name}
    signing = request.get("DkimSigningAttributes")
    if kind == DOMAIN:
        fields["dkim"] = _signed(ctx, signing or {})
    elif signing:
        raise problems.invalid(ctx, "DKIM signing attributes can be specified for domains only.")
    identity = await identities.begin(ctx, name, **fields)
    return {
        "IdentityType": identity.kind,
        "VerifiedForSendingStatus": identity.is_verified,
        "DkimAttributes": _dkim(identity),
    }


def _signed(ctx: Context, signing: Request) -> Dkim:
    """The keys that a domain is signed with: SES's, or those that the request brings."""
    selector, key = signing.get("DomainSigningSelector"), signing.get("DomainSigningPrivateKey")
    if bool(selector) != bool(key):
        raise problems.invalid(ctx, "A selector and a private key have to be specified together.")
    if selector:
        return Dkim(True, PENDING, (selector,), "EXTERNAL", generated=ctx.now())
    return identities.easy_dkim(ctx, signing.get("NextSigningKeyLength") or "RSA_2048_BIT")


def _dkim(identity: Identity) -> Answer:
    dkim = identity.dkim
    shown: Answer = {
        "SigningEnabled": dkim.enabled,
        "Status": dkim.status,
        "Tokens": list(dkim.tokens) or None,
        "SigningAttributesOrigin": dkim.origin,
    }
    if dkim.tokens and dkim.origin == "AWS_SES":
        shown |= {
            "SigningHostedZone": "dkim.amazonses.com",
            "NextSigningKeyLength": dkim.next_length,
            "CurrentSigningKeyLength": dkim.length or dkim.next_length,
            "LastKeyGenerationTimestamp": dkim.generated,
        }
    return shown


@service.operation(**ON_IDENTITY)
async def get_email_identity(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetEmailIdentity.html"""
    identity = await identities.find(ctx, request["EmailIdentity"])
    info: Answer = {}
    if identity.checked:
        info["LastCheckedTimestamp"] = identity.checked
    if identity.verified:
        info["LastSuccessTimestamp"] = identity.verified
    if not identity.is_verified and identity.checked:
        info["ErrorType"] = "HOST_NOT_FOUND"
    mail_from: Answer = {"BehaviorOnMxFailure": "USE_DEFAULT_VALUE"}
    if found := identity.mail_from:
        mail_from = {
            "MailFromDomain": found.domain,
            "MailFromDomainStatus": found.status,
            "BehaviorOnMxFailure": found.on_failure,
        }
    return {
        "IdentityType": identity.kind,
        "FeedbackForwardingStatus": identity.forwarding,
        "VerifiedForSendingStatus": identity.is_verified or await _domain_is_verified(ctx, identity),
        "DkimAttributes": _dkim(identity),
        "MailFromAttributes": mail_from,
        "Policies": identity.policies,
        "Tags": tag_list(identity.tags),
        "ConfigurationSetName": identity.configuration_set or None,
        "VerificationStatus": identity.status,
        "VerificationInfo": info or None,
    }


async def _domain_is_verified(ctx: Context, identity: Identity) -> bool:
    return "@" in identity.name and await identities.sending_for(ctx, identity.name) is not None


@service.operation(resource=lambda ctx, request: "*")
async def list_email_identities(ctx: Context, request: Request) -> Answer:
    rows = await kept.scan(ctx, after=start_of(request), limit=page_size(request) + 1)
    shown, following = page(rows, request, lambda identity: identity.name)
    listed = [
        {
            "IdentityType": identity.kind,
            "IdentityName": identity.name,
            "SendingEnabled": identity.is_verified,
            "VerificationStatus": identity.status,
        }
        for identity in shown
    ]
    return {"EmailIdentities": listed, "NextToken": following}


@service.operation(**ON_IDENTITY)
async def delete_email_identity(ctx: Context, request: Request) -> None:
    await identities.remove(ctx, await identities.find(ctx, request["EmailIdentity"]))


# -- attributes


@service.operation(**ON_IDENTITY)
async def put_email_identity_configuration_set_attributes(ctx: Context, request: Request) -> None:
    """Without a name there is none any more."""
    identity = await identities.find(ctx, request["EmailIdentity"])
    name = request.get("ConfigurationSetName") or ""
    if name:
        await destinations.find_set(ctx, name)
    change_identity(ctx, identity, configuration_set=name)


@service.operation(**ON_IDENTITY)
async def put_email_identity_dkim_attributes(ctx: Context, request: Request) -> None:
    identity = await identities.find(ctx, request["EmailIdentity"])
    enabled = bool(request.get("SigningEnabled"))
    if enabled and not identity.dkim.tokens:
        raise problems.invalid(ctx, f"Identity {identity.name} has no DKIM keys.")
    change_identity(ctx, identity, dkim=msgspec.structs.replace(identity.dkim, enabled=enabled))


@service.operation(**ON_IDENTITY)
async def put_email_identity_dkim_signing_attributes(ctx: Context, request: Request) -> Answer:
    identity = await identities.find(ctx, request["EmailIdentity"])
    if identity.kind != DOMAIN:
        raise problems.invalid(ctx, "DKIM signing attributes can be specified for domains only.")
    origin, signing = request["SigningAttributesOrigin"], request.get("SigningAttributes") or {}
    if origin == "EXTERNAL" and not signing.get("DomainSigningSelector"):
        raise problems.invalid(ctx, "SigningAttributes are required for the origin EXTERNAL.")
    if origin not in ("EXTERNAL", "AWS_SES"):
        raise problems.invalid(ctx, "Fogbank does not take over the keys of a domain in another region.")
    wanted = {
        name: value for name, value in signing.items() if (origin == "EXTERNAL") != (name == "NextSigningKeyLength")
    }
    identity = change_identity(ctx, identity, dkim=_signed(ctx, wanted))
    await identities.look_soon(ctx, identity)
    return {
        "DkimStatus": identity.dkim.status,
        "DkimTokens": list(identity.dkim.tokens),
        "SigningHostedZone": None if origin == "EXTERNAL" else "dkim.amazonses.com",
    }


@service.operation(**ON_IDENTITY)
async def put_email_identity_feedback_attributes(ctx: Context, request: Request) -> None:
    identity = await identities.find(ctx, request["EmailIdentity"])
    change_identity(ctx, identity, forwarding=bool(request.get("EmailForwardingEnabled")))


@service.operation(**ON_IDENTITY)
async def put_email_identity_mail_from_attributes(ctx: Context, request: Request) -> None:
    """Without a domain it is SES's again."""
    identity = await identities.find(ctx, request["EmailIdentity"])
    domain = request.get("MailFromDomain")
    on_failure = request.get("BehaviorOnMxFailure") or "USE_DEFAULT_VALUE"
    found = identities.mail_from(ctx, identity, domain, on_failure) if domain else None
    identity = change_identity(ctx, identity, mail_from=found)
    if found is not None:
        await identities.look_soon(ctx, identity)


# -- policies


@service.operation(**ON_IDENTITY)
async def create_email_identity_policy(ctx: Context, request: Request) -> None:
    identity, name = await identities.find(ctx, request["EmailIdentity"]), request["PolicyName"]
    if name in identity.policies:
        raise AWSError("AlreadyExistsException", f"Policy {name} already exists.")
    if len(identity.policies) >= _POLICIES:
        raise problems.problem(ctx, "limit", f"An identity can have no more than {_POLICIES} policies.")
    change_identity(ctx, identity, policies={**identity.policies, name: checked_policy(ctx, request["Policy"])})


def checked_policy(ctx: Context, text: str) -> str:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise problems.problem(ctx, "bad policy", "The policy is not valid JSON.") from error
    if not isinstance(document, dict) or not document.get("Statement"):
        raise problems.problem(ctx, "bad policy", "The policy has no statements.")
    return text


@service.operation(**ON_IDENTITY)
async def update_email_identity_policy(ctx: Context, request: Request) -> None:
    identity, name = await identities.find(ctx, request["EmailIdentity"]), request["PolicyName"]
    _require_policy(identity, name)
    change_identity(ctx, identity, policies={**identity.policies, name: checked_policy(ctx, request["Policy"])})


def _require_policy(identity: Identity, name: str) -> None:
    if name not in identity.policies:
        raise AWSError("NotFoundException", f"Policy {name} does not exist.")


@service.operation(**ON_IDENTITY)
async def get_email_identity_policies(ctx: Context, request: Request) -> Answer:
    return {"Policies": (await identities.find(ctx, request["EmailIdentity"])).policies}


@service.operation(**ON_IDENTITY)
async def delete_email_identity_policy(ctx: Context, request: Request) -> None:
    identity, name = await identities.find(ctx, request["EmailIdentity"]), request["PolicyName"]
    _require_policy(identity, name)
    left = {each: policy for each, policy in identity.policies.items() if each != name}
    change_identity(ctx, identity, policies=left)
