"""CreateToken: from a code or a refresh token to tokens. https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_CreateToken.html"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import AWSError, Context
from fogbank.services.sso_oidc import codes, devices, errors, tokens
from fogbank.services.sso_oidc.clients import CODE_GRANT, DEVICE_GRANT, REFRESH_GRANT, authenticated, check_grant
from fogbank.services.sso_oidc.service import service

Request = dict[str, Any]

# The member that each grant needs.
_NEEDS = {DEVICE_GRANT: "deviceCode", CODE_GRANT: "code", REFRESH_GRANT: "refreshToken"}


@service.operation(open=True, transaction=False)
async def create_token(ctx: Context, request: Request) -> Request:
    """Errors: those of the grant; AuthorizationPendingException, SlowDownException while nobody has confirmed."""
    answer = await ctx.transact(_create, ctx, request)
    # raised out here, since a refused poll is still remembered: that is how a second one is found to come too soon
    if isinstance(answer, AWSError):
        raise answer
    return answer


async def _create(ctx: Context, request: Request) -> Request | AWSError:
    client = await authenticated(ctx, request)
    grant = request["grantType"]
    if grant not in _NEEDS:
        raise errors.unsupported_grant_type()
    check_grant(client, grant)
    if _NEEDS[grant] not in request:
        raise errors.malformed(f"Missing required parameter: {_NEEDS[grant]}")
    if grant == DEVICE_GRANT:
        return await devices.poll(ctx, client, request["deviceCode"])
    if grant == REFRESH_GRANT:
        return await tokens.refresh(ctx, client, request["refreshToken"])
    return await codes.redeem(ctx, client, request)
