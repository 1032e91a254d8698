"""AssumeRoleWithWebIdentity: a role for somebody for whom an OpenID Connect provider vouches.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html. The call is not signed: the token is all the
proof there is.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from fogbank.identity import directory, roles
from fogbank.identity.directory import OidcProvider
from fogbank.identity.principals import Principal, Session
from fogbank.kernel import Context
from fogbank.kernel.service import itself
from fogbank.services.sts import entering, errors, web_tokens
from fogbank.services.sts.entering import Entry
from fogbank.services.sts.issuers import fetch_keys
from fogbank.services.sts.service import service
from fogbank.services.sts.web_tokens import WebToken

Request = dict[str, Any]

_ACTIONS = ("sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity")
# Issuers that every account knows without a provider of its own. Roles trust them by these names.
_KNOWN_TO_ALL = frozenset({"accounts.google.com", "cognito-identity.amazonaws.com"})


@service.operation(transaction=False, resource=itself, action=_ACTIONS)
async def assume_role_with_web_identity(ctx: Context, request: Request) -> Request:
    """Errors: InvalidIdentityToken, ExpiredToken, IDPCommunicationError, AccessDenied, and those of AssumeRole."""
    if "ProviderId" in request:
        raise errors.access_tokens_unsupported(request["ProviderId"])
    account = roles.account_of(request["RoleArn"])
    if account is None:
        raise errors.invalid_arn(request["RoleArn"])
    token = web_tokens.parse(request["WebIdentityToken"])
    provider = await _provider(ctx.at(account=account), token)
    web_tokens.check_times(token, time.time(), ctx.now())
    keys = await asyncio.to_thread(fetch_keys, token.issuer, provider.thumbprints)
    web_tokens.verify(token, keys)
    return await ctx.transact(_enter, ctx, request, token, provider)


async def _provider(home: Context, token: WebToken) -> OidcProvider:
    """The provider of a token in the role's account, for whose audience it has to be. Raises InvalidIdentityToken."""
    name = token.issuer_name
    if name in _KNOWN_TO_ALL:
        return OidcProvider(name, name)
    iam = directory.iam(home.app)
    provider = None if iam is None else await home.transact(iam.oidc_provider, home, name)
    if provider is None:
        raise errors.no_such_provider(token.issuer)
    if not set(token.audiences) & set(provider.client_ids):
        raise errors.wrong_audience()
    return provider


async def _enter(ctx: Context, request: Request, token: WebToken, provider: OidcProvider) -> Request:
    identity = web_tokens.source_identity(token)
    claims = web_tokens.condition_keys(token)
    session = Session(ctx.now(), source_identity=identity, provider=provider.arn, keys=claims)
    session = entering.with_tags(session, web_tokens.tags(token))
    name = request["RoleSessionName"]
    who = Principal("", provider.arn, "provider", f"{provider.arn}:{token.subject}", session=session)
    keys = {"sts:RoleSessionName": name, **({"sts:SourceIdentity": identity} if identity else {})}
    entry = Entry(who, "sts:AssumeRoleWithWebIdentity", request["RoleArn"], name, session, keys)
    role = await entering.trusted(ctx, entry)
    answer = await entering.enter(ctx, entry, role, request)
    return {
        **answer,
        "SubjectFromWebIdentityToken": token.subject,
        "Audience": token.audiences[0],
        "Provider": provider.arn,
    }
