"""AWS::Cognito::UserPool*. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Cognito.html"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.kernel.errors import not_implemented
from fogbank.kernel.resource_types import Naming, Properties, ResourceType, pick
from fogbank.services.cognito_idp import errors
from fogbank.services.cognito_idp.service import service

_MISSING = frozenset({"ResourceNotFoundException", "UserNotFoundException"})

# properties of a pool that have the names of the API, those that can be updated first
_POOL = (
    "AccountRecoverySetting",
    "AdminCreateUserConfig",
    "AutoVerifiedAttributes",
    "DeletionProtection",
    "DeviceConfiguration",
    "EmailConfiguration",
    "EmailVerificationMessage",
    "EmailVerificationSubject",
    "LambdaConfig",
    "Policies",
    "SmsAuthenticationMessage",
    "SmsConfiguration",
    "SmsVerificationMessage",
    "UserAttributeUpdateSettings",
    "UserPoolAddOns",
    "UserPoolTags",
    "UserPoolTier",
    "VerificationMessageTemplate",
)
_POOL_FIXED = ("AliasAttributes", "UsernameAttributes", "UsernameConfiguration")
_CLIENT = (
    "AccessTokenValidity",
    "AllowedOAuthFlows",
    "AllowedOAuthFlowsUserPoolClient",
    "AllowedOAuthScopes",
    "AnalyticsConfiguration",
    "AuthSessionValidity",
    "CallbackURLs",
    "ClientName",
    "DefaultRedirectURI",
    "EnablePropagateAdditionalUserContextData",
    "EnableTokenRevocation",
    "ExplicitAuthFlows",
    "IdTokenValidity",
    "LogoutURLs",
    "PreventUserExistenceErrors",
    "ReadAttributes",
    "RefreshTokenRotation",
    "RefreshTokenValidity",
    "SupportedIdentityProviders",
    "TokenValidityUnits",
    "UserPoolId",
    "WriteAttributes",
)
_SOFTWARE_TOKEN = "SOFTWARE_TOKEN_MFA"


@service.resource_type
class UserPoolType(ResourceType):
    name = "AWS::Cognito::UserPool"
    identifier = ("UserPoolId",)
    naming = Naming("UserPoolName", 128)
    create_only = frozenset(_POOL_FIXED)
    read_only = frozenset({"Arn", "ProviderName", "ProviderURL", "UserPoolId"})
    missing = _MISSING

    async def create(self, ctx: Context, properties: Properties) -> str:
        given = pick(properties, *_POOL, *_POOL_FIXED, "Schema")
        name = properties.get("UserPoolName") or f"pool-{ctx.ids.hex(12)}"
        made = await self.call(ctx, "CreateUserPool", {"PoolName": name, **given})
        identifier = str(made["UserPool"]["Id"])
        await self._settle_factors(ctx, identifier, properties)
        return identifier

    async def _settle_factors(self, ctx: Context, identifier: str, properties: Properties) -> None:
        wanted, factors = properties.get("MfaConfiguration", "OFF"), set(properties.get("EnabledMfas") or ())
        if factors - {_SOFTWARE_TOKEN}:
            raise not_implemented("cognito-idp", "SetUserPoolMfaConfig: " + ", ".join(sorted(factors)))
        if wanted == "OFF" and not factors:
            return
        token = {"Enabled": _SOFTWARE_TOKEN in factors}
        given = {"UserPoolId": identifier, "MfaConfiguration": wanted, "SoftwareTokenMfaConfiguration": token}
        await self.call(ctx, "SetUserPoolMfaConfig", given)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = (await self.call(ctx, "DescribeUserPool", {"UserPoolId": identifier}))["UserPool"]
        factors = await self.call(ctx, "GetUserPoolMfaConfig", {"UserPoolId": identifier})
        host = f"cognito-idp.{ctx.region}.amazonaws.com/{identifier}"
        properties = pick(found, *_POOL, *_POOL_FIXED, "Arn", "MfaConfiguration") | {
            "UserPoolId": identifier,
            "UserPoolName": found["Name"],
            "Schema": found["SchemaAttributes"],
            "ProviderName": host,
            "ProviderURL": f"https://{host}",
        }
        if (factors.get("SoftwareTokenMfaConfiguration") or {}).get("Enabled"):
            properties["EnabledMfas"] = [_SOFTWARE_TOKEN]
        return properties

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        known = [attribute.get("Name") for attribute in before.get("Schema") or ()]
        added = [attribute for attribute in after.get("Schema") or () if attribute.get("Name") not in known]
        if added:
            await self.call(ctx, "AddCustomAttributes", {"UserPoolId": identifier, "CustomAttributes": added})
        given = pick(after, *_POOL) | {"UserPoolId": identifier, "UserPoolTags": after.get("UserPoolTags") or {}}
        await self.call(ctx, "UpdateUserPool", {**given, "PoolName": after.get("UserPoolName")})
        await self._settle_factors(ctx, identifier, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteUserPool", {"UserPoolId": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [pool["Id"] for pool in await self.listed(ctx, "ListUserPools", "UserPools", MaxResults=60)]


@service.resource_type
class UserPoolClientType(ResourceType):
    name = "AWS::Cognito::UserPoolClient"
    identifier = ("UserPoolId", "ClientId")
    required = frozenset({"UserPoolId"})
    create_only = frozenset({"GenerateSecret", "UserPoolId"})
    read_only = frozenset({"ClientId", "ClientSecret", "Name"})
    write_only = frozenset({"GenerateSecret"})
    missing = _MISSING
    naming = Naming("ClientName", 128)

    async def create(self, ctx: Context, properties: Properties) -> str:
        given = {"ClientName": f"client-{ctx.ids.hex(12)}"} | pick(properties, *_CLIENT, "GenerateSecret")
        made = (await self.call(ctx, "CreateUserPoolClient", given))["UserPoolClient"]
        return f"{made['UserPoolId']}|{made['ClientId']}"

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = (await self.call(ctx, "DescribeUserPoolClient", _client(identifier)))["UserPoolClient"]
        return pick(found, *_CLIENT, "ClientId", "ClientSecret") | {"Name": found["ClientName"]}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self.call(ctx, "UpdateUserPoolClient", pick(after, *_CLIENT) | _client(identifier))

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteUserPoolClient", _client(identifier))

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        pool = given["UserPoolId"]
        found = await self.listed(ctx, "ListUserPoolClients", "UserPoolClients", UserPoolId=pool, MaxResults=60)
        return [f"{pool}|{client['ClientId']}" for client in found]


def _client(identifier: str) -> dict[str, str]:
    pool, _, client = identifier.partition("|")
    return {"UserPoolId": pool, "ClientId": client}


@service.resource_type
class UserPoolGroupType(ResourceType):
    name = "AWS::Cognito::UserPoolGroup"
    identifier = ("UserPoolId", "GroupName")
    required = frozenset({"UserPoolId"})
    create_only = frozenset({"GroupName", "UserPoolId"})
    missing = _MISSING
    naming = Naming("GroupName", 128)

    async def create(self, ctx: Context, properties: Properties) -> str:
        given = {"GroupName": f"group-{ctx.ids.hex(12)}", **properties}
        made = (await self.call(ctx, "CreateGroup", given))["Group"]
        return f"{made['UserPoolId']}|{made['GroupName']}"

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = (await self.call(ctx, "GetGroup", _group(identifier)))["Group"]
        return pick(found, "Description", "GroupName", "Precedence", "RoleArn", "UserPoolId")

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        changes: dict[str, Any] = pick(after, "Description", "Precedence", "RoleArn")
        await self.call(ctx, "UpdateGroup", {"Description": "", **changes, **_group(identifier)})

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteGroup", _group(identifier))

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        pool = given["UserPoolId"]
        found = await self.listed(ctx, "ListGroups", "Groups", UserPoolId=pool)
        return [f"{pool}|{group['GroupName']}" for group in found]


def _group(identifier: str) -> dict[str, str]:
    pool, _, group = identifier.partition("|")
    return {"UserPoolId": pool, "GroupName": group}


@service.resource_type
class MembershipType(ResourceType):
    """A user in a group."""

    name = "AWS::Cognito::UserPoolUserToGroupAttachment"
    identifier = ("UserPoolId", "GroupName", "Username")
    required = create_only = frozenset({"GroupName", "UserPoolId", "Username"})
    missing = _MISSING

    async def create(self, ctx: Context, properties: Properties) -> str:
        await self.call(ctx, "AdminAddUserToGroup", pick(properties, *self.identifier))
        return self.identifier_of(properties)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        given = dict(zip(self.identifier, identifier.split("|", 2), strict=True))
        pool, user = given["UserPoolId"], given["Username"]
        found = await self.listed(ctx, "AdminListGroupsForUser", "Groups", UserPoolId=pool, Username=user)
        if given["GroupName"] not in [group["GroupName"] for group in found]:
            raise errors.no_such_group()
        return given

    async def delete(self, ctx: Context, identifier: str) -> None:
        given = dict(zip(self.identifier, identifier.split("|", 2), strict=True))
        await self.call(ctx, "AdminRemoveUserFromGroup", given)
