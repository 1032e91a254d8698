"""SSH public keys of users, for CodeCommit. A key lies under (user id, key id), in the encoding that it came in.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_UploadSSHPublicKey.html: RSA of 2048 bits or more, `ssh-rsa` or PEM.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from fogbank.kernel import Context, Record
from fogbank.services.iam import ids, refusals
from fogbank.services.iam.errors import invalid_input, quota_exceeded
from fogbank.services.iam.listing import listed
from fogbank.services.iam.service import service
from fogbank.services.iam.users import User, caller_or_named, resource_of_caller_or_named, users

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

Request = dict[str, Any]

KEYS_PER_USER: Final = 5
_BITS: Final = 2048
_PREFIX: Final = "APKA"


class SshKey(Record, frozen=True):
    """body: as it was uploaded; fingerprint: MD5 of the key's blob; uploaded: epoch seconds."""

    id: str
    body: str
    fingerprint: str
    uploaded: int
    active: bool = True


keys = service.collection("ssh_keys", SshKey, scope="account")


async def _has_keys(ctx: Context, user_id: str) -> bool:
    return await keys.count(ctx, user_id, limit=1) > 0


users.belongings.append(("delete SSH public keys", _has_keys))


# -- keys as text


def parse(body: str) -> RSAPublicKey:
    """The key of a text. Raises UnrecognizedPublicKeyEncoding and InvalidPublicKey."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key, load_ssh_public_key

    read = load_pem_public_key if body.lstrip().startswith("-----BEGIN") else load_ssh_public_key
    try:
        key = read(body.strip().encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise refusals.unparsable_ssh_key() from error
    if not isinstance(key, RSAPublicKey):
        raise refusals.invalid_ssh_key("The public key must be an RSA key.")
    if key.key_size < _BITS:
        raise refusals.invalid_ssh_key(f"Length of the public key must be at least {_BITS} bits.")
    return key


def encoded(body: str, encoding: str) -> str:
    """A key's text in the encoding SSH or PEM."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    if encoding == "SSH":
        return parse(body).public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    return parse(body).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def fingerprint(body: str) -> str:
    """The MD5 of what SSH sends as the key, as `ssh-keygen -l -E md5` shows it."""
    from base64 import b64decode

    blob = b64decode(encoded(body, "SSH").split()[1])
    return hashlib.md5(blob, usedforsecurity=False).digest().hex(":")


# -- the operations


def _described(user: User, key: SshKey) -> Request:
    """An SSHPublicKeyMetadata of the API."""
    return {
        "UserName": user.name,
        "SSHPublicKeyId": key.id,
        "Status": "Active" if key.active else "Inactive",
        "UploadDate": key.uploaded,
    }


async def _find(ctx: Context, user: User, request: Request) -> SshKey:
    key = await keys.get(ctx, user.id, request["SSHPublicKeyId"])
    if key is None:
        raise refusals.no_ssh_key(request["SSHPublicKeyId"])
    return key


@service.operation(**users.one)
async def upload_ssh_public_key(ctx: Context, request: Request) -> Request:
    """API_UploadSSHPublicKey."""
    user = await users.find(ctx, request["UserName"])
    body = request["SSHPublicKeyBody"]
    md5 = fingerprint(body)
    present = await keys.scan(ctx, user.id)
    if any(key.fingerprint == md5 for key in present):
        raise refusals.duplicate_ssh_key()
    if len(present) >= KEYS_PER_USER:
        raise quota_exceeded("SSHPublicKeysPerUser", KEYS_PER_USER)
    key = SshKey(ids.unique(ctx, _PREFIX), body, md5, int(ctx.now()))
    keys.put(ctx, key, user.id, key.id)
    return {"SSHPublicKey": {**_described(user, key), "Fingerprint": md5, "SSHPublicKeyBody": body}}


@service.operation(**users.one)
async def get_ssh_public_key(ctx: Context, request: Request) -> Request:
    """A key in the encoding asked for. API_GetSSHPublicKey."""
    user = await users.find(ctx, request["UserName"])
    key = await _find(ctx, user, request)
    body = encoded(key.body, request["Encoding"])
    return {"SSHPublicKey": {**_described(user, key), "Fingerprint": key.fingerprint, "SSHPublicKeyBody": body}}


@service.operation(resource=resource_of_caller_or_named)
async def list_ssh_public_keys(ctx: Context, request: Request) -> Request:
    """A user's keys; the root has none. API_ListSSHPublicKeys."""
    user = await caller_or_named(ctx, request)
    shown = [] if user is None else [_described(user, key) for key in await keys.scan(ctx, user.id)]
    return listed(request, "SSHPublicKeys", shown, lambda key: key["SSHPublicKeyId"])


@service.operation(**users.one)
async def update_ssh_public_key(ctx: Context, request: Request) -> Request:
    """Make a key active or inactive. API_UpdateSSHPublicKey."""
    user = await users.find(ctx, request["UserName"])
    key = await _find(ctx, user, request)
    if request["Status"] == "Expired":
        raise invalid_input("The status Expired cannot be set.")
    keys.put(ctx, replace(key, active=request["Status"] == "Active"), user.id, key.id)
    return {}


@service.operation(**users.one)
async def delete_ssh_public_key(ctx: Context, request: Request) -> Request:
    """API_DeleteSSHPublicKey."""
    user = await users.find(ctx, request["UserName"])
    keys.delete(ctx, user.id, (await _find(ctx, user, request)).id)
    return {}
