"""The account itself: its alias, its summary, its preferences."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from fogbank.kernel import Context, Record
from fogbank.services.iam import errors, limits, policies
from fogbank.services.iam.access_keys import keys_of
from fogbank.services.iam.groups import groups
from fogbank.services.iam.instance_profiles import profiles
from fogbank.services.iam.listing import listed
from fogbank.services.iam.role import roles
from fogbank.services.iam.service import service
from fogbank.services.iam.users import users

Request = dict[str, Any]


class Preferences(Record, frozen=True):
    """token_version: of the session tokens that STS's global endpoint gives out, 1 or 2."""

    token_version: int = 1


_preferences = service.collection("preferences", Preferences, scope="account")

# the account's alias; and for all accounts, whose an alias is
_alias = service.collection("alias", str, scope="account")
_aliases = service.collection("aliases", str, scope="global")


# -- aliases


async def _owner(ctx: Context, alias: str) -> str | None:
    """The account that has an alias now. An account that was reset has left its alias in the list of all."""
    account = await _aliases.get(ctx, alias)
    return account if account is not None and await _alias.get(ctx.at(account=account)) == alias else None


@service.operation
async def create_account_alias(ctx: Context, request: Request) -> Request:
    """The account's alias, in place of the one it had. API_CreateAccountAlias."""
    alias = request["AccountAlias"]
    if await _owner(ctx, alias) is not None:
        raise errors.alias_taken(alias)
    _aliases.put(ctx, ctx.account, alias)
    _alias.put(ctx, alias)
    return {}


@service.operation
async def list_account_aliases(ctx: Context, request: Request) -> Request:
    """API_ListAccountAliases."""
    return listed(request, "AccountAliases", await _alias.scan(ctx))


@service.operation
async def delete_account_alias(ctx: Context, request: Request) -> Request:
    """API_DeleteAccountAlias."""
    alias = request["AccountAlias"]
    if await _alias.get(ctx) != alias:
        raise errors.no_such_alias(alias)
    _alias.delete(ctx)
    _aliases.delete(ctx, alias)
    return {}


# -- preferences


@service.operation
async def set_security_token_service_preferences(ctx: Context, request: Request) -> Request:
    """API_SetSecurityTokenServicePreferences. All tokens are good in all regions here, so this is only shown in the summary."""
    _preferences.put(ctx, Preferences(token_version=int(request["GlobalEndpointTokenVersion"][1])))
    return {}


# Namespace/PropertyName -> value
_properties = service.collection("account_properties", dict[str, str], scope="account")


@service.operation
async def put_account_properties(ctx: Context, request: Request) -> Request:
    """API_PutAccountProperties. AWS's documentation does not say which properties there are, so all are kept."""
    given = request["Properties"]
    for key in given:
        namespace, slash, name = key.partition("/")
        if not (namespace and slash and name) or "/" in name:
            raise errors.invalid_property(key)
    if len({key.partition("/")[0] for key in given}) > 1:
        raise errors.several_namespaces()
    _properties.put(ctx, {**(await _properties.get(ctx) or {}), **given})
    return {}


@service.operation
async def get_account_properties(ctx: Context, request: Request) -> Request:
    """API_GetAccountProperties."""
    return {"Properties": await _properties.get(ctx) or {}}


# -- summary

_QUOTAS: Final = {
    "UsersQuota": limits.USERS_PER_ACCOUNT,
    "GroupsQuota": limits.GROUPS_PER_ACCOUNT,
    "RolesQuota": limits.ROLES_PER_ACCOUNT,
    "PoliciesQuota": limits.POLICIES_PER_ACCOUNT,
    "InstanceProfilesQuota": limits.INSTANCE_PROFILES_PER_ACCOUNT,
    "ServerCertificatesQuota": limits.SERVER_CERTIFICATES_PER_ACCOUNT,
    "GroupsPerUserQuota": limits.GROUPS_PER_USER,
    "AccessKeysPerUserQuota": limits.ACCESS_KEYS_PER_USER,
    "SigningCertificatesPerUserQuota": limits.SIGNING_CERTIFICATES_PER_USER,
    "AttachedPoliciesPerUserQuota": limits.POLICIES_PER_USER,
    "AttachedPoliciesPerGroupQuota": limits.POLICIES_PER_GROUP,
    "AttachedPoliciesPerRoleQuota": limits.POLICIES_PER_ROLE,
    "VersionsPerPolicyQuota": limits.VERSIONS_PER_POLICY,
    "PolicyVersionsInUseQuota": limits.VERSIONS_IN_USE,
    "PolicySizeQuota": limits.POLICY_SIZE,
    "UserPolicySizeQuota": limits.USER_POLICY_SIZE,
    "GroupPolicySizeQuota": limits.GROUP_POLICY_SIZE,
    "RolePolicySizeQuota": limits.ROLE_POLICY_SIZE,
    "AssumeRolePolicySizeQuota": limits.TRUST_SIZE,
}

Count = Callable[[Context], Awaitable[int]]

# What the summary counts; the modules of things add to it.
counts: dict[str, Count] = {
    "Users": users.records.count,
    "Groups": groups.records.count,
    "Roles": roles.records.count,
    "Policies": policies.policies.records.count,
    "PolicyVersionsInUse": policies.versions.count,
    "InstanceProfiles": profiles.records.count,
}


async def _root_has_keys(ctx: Context) -> int:
    return int(bool(await keys_of(ctx, ctx.account)))


async def _token_version(ctx: Context) -> int:
    return (await _preferences.get(ctx) or Preferences()).token_version


counts["AccountAccessKeysPresent"] = _root_has_keys
counts["GlobalEndpointTokenVersion"] = _token_version


@service.operation
async def get_account_summary(ctx: Context, request: Request) -> Request:
    """How much of everything there is, and may be. API_GetAccountSummary."""
    counted = {name: await count(ctx) for name, count in counts.items()}
    return {"SummaryMap": {**_QUOTAS, **counted}}
