"""User pools: creating, describing, updating, listing, deleting, tags, and attributes of their own."""

from __future__ import annotations

import secrets
from typing import Any

from msgspec.structs import replace

from fogbank.kernel import AWSError, Context
from fogbank.kernel.errors import not_implemented
from fogbank.kernel.pages import page, position
from fogbank.services.cognito_idp import errors, schema
from fogbank.services.cognito_idp.pool import ON_ANY, ON_POOL, Home, Pool, Request, Settings, arn, find, homes, pools
from fogbank.services.cognito_idp.service import service

_ALNUM = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SWEPT = 500
_RULES = ("RequireUppercase", "RequireLowercase", "RequireNumbers", "RequireSymbols")

# what is never changed after creation
_FIXED = ("AliasAttributes", "UsernameAttributes", "UsernameConfiguration")
_SETTINGS = (
    *_FIXED,
    "AccountRecoverySetting",
    "AdminCreateUserConfig",
    "AutoVerifiedAttributes",
    "DeletionProtection",
    "DeviceConfiguration",
    "EmailConfiguration",
    "EmailVerificationMessage",
    "EmailVerificationSubject",
    "LambdaConfig",
    "MfaConfiguration",
    "Policies",
    "SmsAuthenticationMessage",
    "SmsConfiguration",
    "SmsVerificationMessage",
    "UserAttributeUpdateSettings",
    "UserPoolAddOns",
    "UserPoolTier",
    "VerificationMessageTemplate",
)
# what is kept with a pool but is told by other operations (SetUserPoolMfaConfig)
_ELSEWHERE = ("SoftwareTokenMfaConfiguration",)
_ABSENT_TRIGGERS = ("CustomEmailSender", "CustomSMSSender", "InboundFederation")


def _defaults() -> Settings:
    """https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPool.html"""
    password = dict.fromkeys(_RULES, True)
    return {
        "Policies": {
            "PasswordPolicy": {"MinimumLength": 8, **password, "TemporaryPasswordValidityDays": 7},
            "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]},
        },
        "DeletionProtection": "INACTIVE",
        "LambdaConfig": {},
        "VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_CODE"},
        "MfaConfiguration": "OFF",
        "EmailConfiguration": {"EmailSendingAccount": "COGNITO_DEFAULT"},
        "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": False, "UnusedAccountValidityDays": 7},
        "AccountRecoverySetting": {
            "RecoveryMechanisms": [
                {"Priority": 1, "Name": "verified_email"},
                {"Priority": 2, "Name": "verified_phone_number"},
            ]
        },
        "UserPoolTier": "ESSENTIALS",
    }


def _settled(request: Request) -> Settings:
    """The settings that a request leads to: what it does not say is as by default. Raises InvalidParameterException."""
    _check(request)
    given = {name: request[name] for name in _SETTINGS if name in request}
    settings = _defaults() | given
    for nested in ("VerificationMessageTemplate", "EmailConfiguration", "AdminCreateUserConfig"):
        settings[nested] = _defaults()[nested] | settings[nested]
    settings["Policies"] = _policies(given.get("Policies") or {})
    _settle_messages(settings)
    days = settings["Policies"]["PasswordPolicy"]["TemporaryPasswordValidityDays"]
    settings["AdminCreateUserConfig"]["UnusedAccountValidityDays"] = days
    config = settings["LambdaConfig"]
    versioned = config.get("PreTokenGenerationConfig")
    if versioned and "PreTokenGeneration" not in config:
        settings["LambdaConfig"] = config | {"PreTokenGeneration": versioned["LambdaArn"]}
    return settings


def _policies(given: Settings) -> Settings:
    policies: Settings = _defaults()["Policies"] | given
    if "PasswordPolicy" in given:
        # of a policy that is given, nothing is required that it does not require
        switches = dict.fromkeys(_RULES, False)
        least = {"MinimumLength": 8, **switches, "TemporaryPasswordValidityDays": 7}
        policies["PasswordPolicy"] = least | given["PasswordPolicy"]
    return policies


def _settle_messages(settings: Settings) -> None:
    """The texts of verification mails have two places in the API, which say the same."""
    template = settings["VerificationMessageTemplate"]
    for member, inner in (
        ("EmailVerificationMessage", "EmailMessage"),
        ("EmailVerificationSubject", "EmailSubject"),
        ("SmsVerificationMessage", "SmsMessage"),
    ):
        text = settings.get(member) or template.get(inner)
        if text:
            settings[member] = template[inner] = text


def _check(request: Request) -> None:
    if request.get("AliasAttributes") and request.get("UsernameAttributes"):
        raise errors.alias_and_username()
    for name in _ABSENT_TRIGGERS:
        if name in (request.get("LambdaConfig") or {}):
            raise not_implemented("cognito-idp", f"LambdaConfig.{name}")
    template = request.get("VerificationMessageTemplate") or {}
    if template.get("DefaultEmailOption") == "CONFIRM_WITH_LINK":
        raise not_implemented("cognito-idp", "VerificationMessageTemplate.CONFIRM_WITH_LINK")
    factors = ((request.get("Policies") or {}).get("SignInPolicy") or {}).get("AllowedFirstAuthFactors") or ["PASSWORD"]
    if set(factors) != {"PASSWORD"}:
        raise not_implemented("cognito-idp", "SignInPolicy.AllowedFirstAuthFactors")


# -- operations


@service.operation(**ON_ANY)
async def create_user_pool(ctx: Context, request: Request) -> Request:
    """API_CreateUserPool. Errors: InvalidParameterException."""
    if request.get("MfaConfiguration", "OFF") != "OFF":
        raise _factor_refused(request)
    identifier = f"{ctx.region}_{''.join(secrets.choice(_ALNUM) for _ in range(9))}"
    made = Pool(
        identifier,
        request["PoolName"],
        _settled(request),
        schema.of_request(request.get("Schema") or []),
        ctx.now(),
        ctx.now(),
        request.get("UserPoolTags") or {},
    )
    pools.put(ctx, made, identifier)
    homes.put(ctx, Home(ctx.account, ctx.region, identifier), "pool", identifier)
    return {"UserPool": _shown(ctx, made, 0)}


def _factor_refused(request: Request) -> AWSError:
    """A second factor that is switched on with a pool is the text message; others follow with SetUserPoolMfaConfig."""
    if request.get("SmsConfiguration"):
        return not_implemented("cognito-idp", "SMS_MFA")
    return errors.no_sms_configuration()


@service.operation(**ON_POOL)
async def describe_user_pool(ctx: Context, request: Request) -> Request:
    """API_DescribeUserPool. Errors: ResourceNotFoundException."""
    found = await find(ctx, request["UserPoolId"])
    users = service.collections["users"]
    return {"UserPool": _shown(ctx, found, await users.count(ctx, found.id))}


def _shown(ctx: Context, found: Pool, users: int) -> Request:
    told = {name: value for name, value in found.settings.items() if name not in _ELSEWHERE}
    return told | {
        "Id": found.id,
        "Name": found.name,
        "Arn": arn(ctx, found.id),
        "SchemaAttributes": found.schema,
        "CreationDate": found.created,
        "LastModifiedDate": found.modified,
        "EstimatedNumberOfUsers": users,
        "UserPoolTags": found.tags,
    }


@service.operation(**ON_POOL)
async def update_user_pool(ctx: Context, request: Request) -> None:
    """API_UpdateUserPool. What a request does not say is set back to its default. Errors: ResourceNotFoundException."""
    found = await find(ctx, request["UserPoolId"])
    token = found.settings.get("SoftwareTokenMfaConfiguration") or {}
    if request.get("MfaConfiguration", "OFF") != "OFF" and not token.get("Enabled"):
        raise _factor_refused(request)
    settings = _settled(request) | {
        name: found.settings[name] for name in (*_FIXED, *_ELSEWHERE) if name in found.settings
    }
    tags = request.get("UserPoolTags", found.tags)
    name = request.get("PoolName") or found.name
    changed = replace(found, name=name, settings=settings, tags=tags, modified=ctx.now())
    pools.put(ctx, changed, found.id)


@service.operation(**ON_ANY)
async def list_user_pools(ctx: Context, request: Request) -> Request:
    """API_ListUserPools. Errors: InvalidParameterException (a token that is none)."""
    token, limit = request.get("NextToken"), request["MaxResults"]
    after = (position(token, errors.bad_token("NextToken")),) if token else None
    shown, following = page(await pools.scan(ctx, after=after, limit=limit + 1), limit, lambda found: found.id)
    return {
        "UserPools": [
            {
                "Id": found.id,
                "Name": found.name,
                "LambdaConfig": found.settings["LambdaConfig"],
                "CreationDate": found.created,
                "LastModifiedDate": found.modified,
            }
            for found in shown
        ],
        "NextToken": following,
    }


@service.operation(**ON_POOL)
async def delete_user_pool(ctx: Context, request: Request) -> None:
    """API_DeleteUserPool. What was in it is swept afterwards. Errors: InvalidParameterException (it is protected)."""
    found = await find(ctx, request["UserPoolId"])
    if found.settings["DeletionProtection"] == "ACTIVE":
        raise errors.protected()
    pools.delete(ctx, found.id)
    homes.delete(ctx, "pool", found.id)
    await ctx.schedule("sweep", {"pool": found.id})


# what lies in a pool, by the types of the rest of its keys
_WITHIN: dict[str, tuple[type, ...]] = {
    "clients": (str,),
    "users": (str,),
    "aliases": (str, str),
    "groups": (str,),
    "members": (str, str),
    "memberships": (str, str),
    "codes": (str, str),
    "sign-ins": (str, int, str),
    "signing-keys": (),
    "spent-sessions": (str,),
}


@service.task
async def sweep(ctx: Context, payload: dict[str, Any]) -> None:
    """Throw away what was in a pool that is deleted, some of it at a time."""
    for name, types in _WITHIN.items():
        found = service.collections[name]
        rows = await found.items(ctx, types, payload["pool"], limit=_SWEPT)
        for key, _ in rows:
            found.delete(ctx, payload["pool"], *key)
            if name == "clients":
                homes.delete(ctx, "client", key[0])
        if rows:
            await ctx.schedule("sweep", payload)
            return


@service.operation(**ON_POOL)
async def add_custom_attributes(ctx: Context, request: Request) -> None:
    """API_AddCustomAttributes. Errors: InvalidParameterException (there already, required)."""
    found = await find(ctx, request["UserPoolId"])
    wider = schema.with_custom(found.schema, request["CustomAttributes"])
    pools.put(ctx, replace(found, schema=wider, modified=ctx.now()), found.id)


# -- tags


async def _tagged(ctx: Context, request: Request) -> Pool:
    found = await pools.get(ctx, request["ResourceArn"].rpartition("/")[2])
    if found is None or arn(ctx, found.id) != request["ResourceArn"]:
        raise errors.no_such_resource(request["ResourceArn"])
    return found


_ON_ARN: dict[str, Any] = {"resource": lambda ctx, request: request["ResourceArn"]}


@service.operation(**_ON_ARN)
async def tag_resource(ctx: Context, request: Request) -> None:
    found = await _tagged(ctx, request)
    pools.put(ctx, replace(found, tags=found.tags | request["Tags"]), found.id)


@service.operation(**_ON_ARN)
async def untag_resource(ctx: Context, request: Request) -> None:
    found = await _tagged(ctx, request)
    kept = {key: value for key, value in found.tags.items() if key not in request["TagKeys"]}
    pools.put(ctx, replace(found, tags=kept), found.id)


@service.operation(**_ON_ARN)
async def list_tags_for_resource(ctx: Context, request: Request) -> Request:
    return {"Tags": (await _tagged(ctx, request)).tags}
