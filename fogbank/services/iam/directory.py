"""What the decision and STS ask of IAM (`fogbank.identity.directory.Iam`), answered from the records."""

from __future__ import annotations

from fogbank.identity.credentials import Credential
from fogbank.identity.directory import Document, Holdings, MfaVerdict, OidcProvider, Role, SamlProvider, User
from fogbank.identity.principals import Principal, root
from fogbank.kernel import Context
from fogbank.services.iam import (
    access_keys,
    attachments,
    mfa,
    oidc_providers,
    organization_features,
    outbound_federation,
    policies,
    saml_metadata,
    saml_providers,
)
from fogbank.services.iam.groups import groups, groups_of
from fogbank.services.iam.inline_policies import inline_policies
from fogbank.services.iam.role import roles
from fogbank.services.iam.service import service
from fogbank.services.iam.users import User as UserRecord
from fogbank.services.iam.users import users


class Directory:
    """Every method but `credential` is about the account of its context."""

    async def credential(self, ctx: Context, access_key: str) -> Credential | None:
        key = await access_keys.find(ctx, access_key)
        if key is None:
            return None
        account = access_keys.account_of(access_key)
        scope = ctx.at(account=account)
        if key.holder == account:
            principal = root(account, access_key)
        else:
            user = await users.identified(scope, key.holder)
            if user is None:
                return None
            principal = _principal(scope, user, access_key)
        return Credential(access_key, key.secret, principal, active=key.active)

    async def holdings(self, ctx: Context, principal: Principal) -> Holdings | None:
        if principal.kind == "role":
            return await self._of_role(ctx, principal)
        issuer = principal.issuer or principal.arn
        user = await users.named(ctx, issuer.rpartition("/")[2])
        if user is None or users.arn(ctx, user) != issuer:
            return None
        if principal.kind == "user" and user.id != principal.user_id:
            return None
        held = await _held(ctx, user.id)
        for group in await groups_of(ctx, user.id):
            held += await _held(ctx, group.id, groups.arn(ctx, group))
        return Holdings(tuple(held), await self._boundary(ctx, user.boundary), user.tags)

    async def _of_role(self, ctx: Context, principal: Principal) -> Holdings | None:
        role = await roles.identified(ctx, principal.unique_id)
        if role is None:
            return None
        return Holdings(tuple(await _held(ctx, role.id)), await self._boundary(ctx, role.boundary), role.tags)

    async def _boundary(self, ctx: Context, arn: str) -> Document | None:
        return await self.managed_policy(ctx, arn) if arn else None

    async def role(self, ctx: Context, name: str) -> Role | None:
        role = await roles.named(ctx, name)
        if role is None:
            return None
        return Role(role.name, roles.arn(ctx, role), role.id, role.trust, role.path, role.max_duration, role.tags)

    async def user(self, ctx: Context, name: str) -> User | None:
        user = await users.named(ctx, name)
        return None if user is None else User(user.name, users.arn(ctx, user), user.id, user.path)

    async def managed_policy(self, ctx: Context, arn: str) -> Document | None:
        policy = await policies.look_up(ctx, arn)
        if policy is None:
            return None
        return Document(await policies.default_document(ctx, policy), policy.name, arn)

    async def oidc_provider(self, ctx: Context, url: str) -> OidcProvider | None:
        found = await oidc_providers.named(ctx, url)
        if found is None:
            return None
        return OidcProvider(oidc_providers.arn_of(ctx, url), found.url, found.client_ids, found.thumbprints)

    async def token_issuer(self, ctx: Context) -> str | None:
        return await outbound_federation.issuer(ctx)

    async def has_root_sessions(self, ctx: Context, organization: str) -> bool:
        return await organization_features.has_root_sessions(ctx, organization)

    async def saml_provider(self, ctx: Context, arn: str) -> SamlProvider | None:
        found = await saml_providers.identified(ctx, arn)
        if found is None:
            return None
        metadata = saml_metadata.parse(found.metadata)
        keys = await saml_providers.private_keys(ctx, found)
        return SamlProvider(arn, metadata.issuer, metadata.certificates, keys)

    async def verify_mfa(self, ctx: Context, principal: Principal, serial: str, code: str) -> MfaVerdict:
        return await mfa.verify(ctx, principal.unique_id, serial, code)


def _principal(ctx: Context, user: UserRecord, access_key: str) -> Principal:
    return Principal(ctx.account, users.arn(ctx, user), "user", user.id, access_key, user.name)


async def _held(ctx: Context, id: str, holder: str = "") -> list[Document]:
    """The documents in force of a user, group or role; `holder` is the ARN of the group."""
    inline = [Document(text, name, holder=holder) for name, text in (await inline_policies(ctx, id)).items()]
    return inline + [await _attached(ctx, arn, holder) for arn in await attachments.attached(ctx, id)]


async def _attached(ctx: Context, arn: str, holder: str) -> Document:
    policy = await policies.find(ctx, arn)
    return Document(await policies.default_document(ctx, policy), policy.name, arn, holder)


service.provide("directory", Directory())
