"""StartDeviceAuthorization: a program without a browser of its own asks somebody to sign in elsewhere.

devices       (hash of the device code)    Device, of all accounts
user_codes    (user code)                  the hash of the device code
"""

from __future__ import annotations

import secrets
from typing import Any

from msgspec.structs import replace

from fogbank.identity.workforce import assignments
from fogbank.kernel import AWSError, Context, Record
from fogbank.kernel.collection import Collection
from fogbank.services.sso_oidc import errors, limits, tokens
from fogbank.services.sso_oidc.clients import DEVICE_GRANT, Client, authenticated, check_grant, hashed
from fogbank.services.sso_oidc.service import service

Request = dict[str, Any]

# Where people confirm, on this server.
DEVICE_PAGE = "/_aws/sso-oidc/device"
# Without vowels and what looks alike (RFC 8628, section 6.1).
_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"


class Device(Record, frozen=True):
    """A request to sign in at a portal. `user` is who confirmed it, `polled` when the client last asked (epoch seconds)."""

    client: str
    store: str
    user_code: str
    expires: float
    status: str = "pending"
    user: str = ""
    polled: float = 0.0
    interval: int = limits.INTERVAL


devices = service.collection("devices", Device, scope="global")
user_codes: Collection[str] = service.collection("user_codes", str, scope="global")


@service.operation(open=True)
async def start_device_authorization(ctx: Context, request: Request) -> Request:
    """Errors: InvalidClientException, UnauthorizedClientException, InvalidRequestException (start URL)."""
    client = await authenticated(ctx, request)
    check_grant(client, DEVICE_GRANT)
    portal = await assignments(ctx).portal(ctx, request["startUrl"])
    if portal is None:
        raise errors.unknown_start_url()
    code = secrets.token_urlsafe(64)
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    user_code = f"{letters[:4]}-{letters[4:]}"
    device = Device(client.id, portal.store, user_code, ctx.now() + limits.DEVICE_CODE)
    devices.put(ctx, device, hashed(code))
    user_codes.put(ctx, hashed(code), user_code)
    page = f"{ctx.endpoint}{DEVICE_PAGE}"
    return {
        "deviceCode": code,
        "userCode": user_code,
        "verificationUri": page,
        "verificationUriComplete": f"{page}?user_code={user_code}",
        "expiresIn": limits.DEVICE_CODE,
        "interval": limits.INTERVAL,
    }


async def waiting(ctx: Context, user_code: str) -> Device | None:
    """The request with a user code that is still to be confirmed."""
    row = await user_codes.get(ctx, user_code)
    device = None if row is None else await devices.get(ctx, row)
    return device if device is not None and device.status == "pending" and device.expires > ctx.now() else None


async def settle(ctx: Context, user_code: str, status: str, user: str = "") -> None:
    """What somebody has answered: approved (as `user`) or denied."""
    row = await user_codes.get(ctx, user_code)
    device = None if row is None else await devices.get(ctx, row)
    if row is not None and device is not None:
        devices.put(ctx, replace(device, status=status, user=user), row)
        user_codes.delete(ctx, user_code)


async def poll(ctx: Context, client: Client, code: str) -> Request | AWSError:
    """Tokens once somebody has confirmed; until then the refusal that says to go on asking, which is kept in mind."""
    row = hashed(code)
    device = await devices.get(ctx, row)
    if device is None or device.client != client.id:
        raise errors.invalid_grant("Invalid device code provided")
    if device.expires <= ctx.now():
        raise errors.expired_device_code()
    if device.status == "denied":
        raise errors.access_denied()
    if device.status == "approved":
        devices.delete(ctx, row)
        return tokens.issue(ctx, client, device.store, device.user)
    too_fast = ctx.now() - device.polled < device.interval
    interval = device.interval + limits.SLOWER if too_fast else device.interval
    devices.put(ctx, replace(device, polled=ctx.now(), interval=interval), row)
    return errors.slow_down() if too_fast else errors.authorization_pending()
