"""MFA devices of users: virtual ones, and hardware tokens that show one-time codes.

A device lies under its serial number (a virtual one's is its ARN), and which ones a user has under the user's unique id. A virtual device
outlives its assignment; a hardware token is known only while it is somebody's. The factories' seeds of hardware tokens are not known
here: a token's codes are those of the seed that `hardware_seed` makes of its serial number.
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import b32encode
from typing import Any, Final

from msgspec.structs import replace

from fogbank.identity.directory import MfaVerdict
from fogbank.kernel import Context, Record
from fogbank.services.iam import refusals, tags, totp
from fogbank.services.iam import users as user_operations
from fogbank.services.iam.errors import quota_exceeded
from fogbank.services.iam.listing import listed
from fogbank.services.iam.service import service
from fogbank.services.iam.users import User, caller_or_named, resource_of_caller_or_named, users
from fogbank.services.iam.vault import vault

Request = dict[str, Any]

DEVICES_PER_USER: Final = 8
_SEED_BYTES: Final = 40
# How many steps a device's clock may be off: in use, and when it is brought in step again (a day).
_WINDOW: Final = 1
_RESYNC_WINDOW: Final = 2880


class Device(Record, frozen=True):
    """sealed_seed: of a virtual one; user: the unique id of whose it is, or empty; enabled: epoch seconds; drift: steps that its clock
    is ahead; used: the last step whose code was taken: each is good once."""

    serial: str
    sealed_seed: bytes
    virtual: bool
    user: str = ""
    enabled: int = 0
    drift: int = 0
    used: int = 0
    tags: dict[str, str] = {}


devices = service.collection("mfa_devices", Device, scope="account")
_of_users = service.collection("mfa_devices_of_users", str, scope="account")


def hardware_seed(serial: str) -> bytes:
    """The seed of a hardware token."""
    return hashlib.sha1(f"fogbank hardware token {serial}".encode()).digest()


async def _seed(ctx: Context, device: Device) -> bytes:
    if not device.virtual:
        return hardware_seed(device.serial)
    return await vault.unseal(ctx, device.sealed_seed, device.serial)


async def of_user(ctx: Context, user_id: str) -> list[Device]:
    """A user's devices, by serial number."""
    found = [await devices.get(ctx, serial) for serial in await _of_users.scan(ctx, user_id)]
    return [device for device in found if device is not None]


async def has_device(ctx: Context, user_id: str) -> bool:
    return await _of_users.count(ctx, user_id, limit=1) > 0


users.belongings.append(("delete MFA device", has_device))


async def verify(ctx: Context, user_id: str, serial: str, code: str) -> MfaVerdict:
    """Whether the user's device shows this code now. A code is good once."""
    device = await devices.get(ctx, serial)
    if device is None or device.user != user_id:
        return "unknown device"
    step = totp.find(await _seed(ctx, device), [code], totp.counter(ctx.now()) + device.drift, _WINDOW)
    if step is None or step <= device.used:
        return "wrong code"
    devices.put(ctx, replace(device, used=step), serial)
    return "valid"


# -- virtual devices


def _arn(ctx: Context, path: str, name: str) -> str:
    return f"arn:{ctx.partition}:iam::{ctx.account}:mfa{path}{name}"


def _new_arn(ctx: Context, request: Request) -> str:
    return _arn(ctx, request.get("Path", "/"), request["VirtualMFADeviceName"])


def _serial(ctx: Context, request: Request) -> str:
    return request["SerialNumber"]


@service.operation(resource=_new_arn)
async def create_virtual_mfa_device(ctx: Context, request: Request) -> Request:
    """A device with a new seed, which nobody sees again. API_CreateVirtualMFADevice."""
    serial = _new_arn(ctx, request)
    if await devices.get(ctx, serial) is not None:
        raise refusals.mfa_device_taken()
    seed = secrets.token_bytes(_SEED_BYTES)
    sealed = await vault.seal(ctx, seed, serial)
    device = Device(serial, sealed, True, tags=tags.of_new(request, "mfa-device"))
    devices.put(ctx, device, serial)
    text = b32encode(seed)
    png = _qr_code(f"otpauth://totp/{request['VirtualMFADeviceName']}@{ctx.account}?secret={text.decode()}")
    shown = {"SerialNumber": serial, "Base32StringSeed": text, "QRCodePNG": png}
    return {"VirtualMFADevice": {**shown, "Tags": tags.shown(device.tags) or None}}


def _qr_code(text: str) -> bytes:
    """A PNG image of the text's QR code."""
    import io

    import segno

    out = io.BytesIO()
    segno.make(text, micro=False).save(out, kind="png", scale=4)
    return out.getvalue()


@service.operation(resource=_serial)
async def delete_virtual_mfa_device(ctx: Context, request: Request) -> Request:
    """API_DeleteVirtualMFADevice. Raises DeleteConflict while it is somebody's."""
    device = await _find_virtual(ctx, request)
    if device.user:
        raise refusals.device_must_be_deactivated()
    devices.delete(ctx, device.serial)
    return {}


@service.operation
async def list_virtual_mfa_devices(ctx: Context, request: Request) -> Request:
    """API_ListVirtualMFADevices."""
    wanted = request.get("AssignmentStatus", "Any")
    found = [
        device
        for device in await devices.scan(ctx)
        if device.virtual and (wanted == "Any" or bool(device.user) == (wanted == "Assigned"))
    ]
    answer = listed(request, "VirtualMFADevices", found, lambda device: device.serial)
    shown = [await _virtual_described(ctx, device) for device in answer["VirtualMFADevices"]]
    return {**answer, "VirtualMFADevices": shown}


async def _virtual_described(ctx: Context, device: Device) -> Request:
    user = await users.identified(ctx, device.user) if device.user else None
    if user is None:
        return {"SerialNumber": device.serial}
    holder = user_operations.described(ctx, user)
    return {"SerialNumber": device.serial, "User": holder, "EnableDate": device.enabled}


async def _find_virtual(ctx: Context, request: Request) -> Device:
    device = await devices.get(ctx, request["SerialNumber"])
    if device is None or not device.virtual:
        raise refusals.no_virtual_device(request["SerialNumber"])
    return device


tags.declare(
    "mfa-device", "mfa_device", _find_virtual, lambda ctx, device: devices.put(ctx, device, device.serial), _serial
)


# -- whose devices they are


@service.operation(**users.one)
async def enable_mfa_device(ctx: Context, request: Request) -> Request:
    """Give a user a device that shows two codes one after the other. API_EnableMFADevice."""
    user = await users.find(ctx, request["UserName"])
    device = await _assignable(ctx, request["SerialNumber"])
    if await _of_users.count(ctx, user.id) >= DEVICES_PER_USER:
        raise quota_exceeded("MFADevicesPerUser", DEVICES_PER_USER)
    synchronised = await _synchronised(ctx, device, request, _WINDOW)
    devices.put(ctx, replace(synchronised, user=user.id, enabled=int(ctx.now())), device.serial)
    _of_users.put(ctx, device.serial, user.id, device.serial)
    return {}


async def _assignable(ctx: Context, serial: str) -> Device:
    """The device of that serial number, which is nobody's. A number that is no ARN is a hardware token's."""
    device = await devices.get(ctx, serial)
    if device is None:
        if serial.startswith("arn:"):
            raise refusals.no_virtual_device(serial)
        return Device(serial, b"", False)
    if device.user:
        raise refusals.mfa_device_in_use()
    return device


async def _synchronised(ctx: Context, device: Device, request: Request, window: int) -> Device:
    """The device with its clock set by two codes that follow each other. Raises InvalidAuthenticationCode."""
    now = totp.counter(ctx.now())
    codes = (request["AuthenticationCode1"], request["AuthenticationCode2"])
    first = totp.find(await _seed(ctx, device), codes, now - 1, window)
    if first is None:
        raise refusals.wrong_codes()
    return replace(device, drift=first + 1 - now, used=first + 1)


@service.operation(**users.one)
async def resync_mfa_device(ctx: Context, request: Request) -> Request:
    """Set the clock of a device that has run off. API_ResyncMFADevice."""
    device = await _of(ctx, await users.find(ctx, request["UserName"]), request)
    devices.put(ctx, await _synchronised(ctx, device, request, _RESYNC_WINDOW), device.serial)
    return {}


@service.operation(resource=resource_of_caller_or_named)
async def deactivate_mfa_device(ctx: Context, request: Request) -> Request:
    """Take a device from its user. API_DeactivateMFADevice."""
    device = await _of(ctx, await caller_or_named(ctx, request), request)
    _of_users.delete(ctx, device.user, device.serial)
    if device.virtual:
        devices.put(ctx, replace(device, user="", enabled=0, drift=0, used=0), device.serial)
    else:
        devices.delete(ctx, device.serial)
    return {}


async def _of(ctx: Context, user: User | None, request: Request) -> Device:
    """The user's device that a request names. Raises NoSuchEntity."""
    device = await devices.get(ctx, request["SerialNumber"])
    if device is None or user is None or device.user != user.id:
        raise refusals.device_of_nobody()
    return device


@service.operation(resource=resource_of_caller_or_named)
async def list_mfa_devices(ctx: Context, request: Request) -> Request:
    """A user's devices. API_ListMFADevices."""
    user = await caller_or_named(ctx, request)
    found = [] if user is None else [_described(user, device) for device in await of_user(ctx, user.id)]
    return listed(request, "MFADevices", found, lambda device: device["SerialNumber"])


@service.operation(resource=resource_of_caller_or_named)
async def get_mfa_device(ctx: Context, request: Request) -> Request:
    """API_GetMFADevice. Neither virtual devices nor tokens have certifications."""
    user = await caller_or_named(ctx, request)
    device = await _of(ctx, user, request)
    assert user is not None
    return _described(user, device)


def _described(user: User, device: Device) -> Request:
    return {"UserName": user.name, "SerialNumber": device.serial, "EnableDate": device.enabled}
