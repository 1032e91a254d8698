"""Encryption: Encrypt, Decrypt, ReEncrypt.

https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html
"""

from __future__ import annotations

from typing import Any, NamedTuple

from fogbank.kernel import Context
from fogbank.services.kms import ciphertexts, errors, key_pairs, references, specs, states, usage, wrapping
from fogbank.services.kms.access import ON_KEY, find_to_use, permit
from fogbank.services.kms.ciphertexts import Blob
from fogbank.services.kms.key import Key, keys, open_material
from fogbank.services.kms.references import Target, scope_of
from fogbank.services.kms.service import service

Request = dict[str, Any]
EncryptionContext = dict[str, str]

_IGNORE_CIPHERTEXT = "IGNORE_CIPHERTEXT"


class Half(NamedTuple):
    """What Decrypt is asked for, or the decrypting half of ReEncrypt, and how its members are called there."""

    action: str
    key: str
    algorithm: str
    context: str


_DECRYPT = Half("Decrypt", "KeyId", "EncryptionAlgorithm", "EncryptionContext")
_FROM = Half("ReEncryptFrom", "SourceKeyId", "SourceEncryptionAlgorithm", "SourceEncryptionContext")


class Decrypted(NamedTuple):
    target: Target
    algorithm: str
    plaintext: bytes
    material: str | None


# -- operations


@service.operation(**ON_KEY)
async def encrypt(ctx: Context, request: Request) -> Request:
    """Encrypt up to 4 KiB. API_Encrypt."""
    target = await find_to_use(ctx, request, "Encrypt")
    algorithm = request.get("EncryptionAlgorithm", specs.SYMMETRIC)
    require_usable(target, specs.ENCRYPT, "Encrypt", algorithm)
    blob = await encrypted(target, algorithm, request["Plaintext"], request.get("EncryptionContext") or {})
    await used(ctx, target, "Encrypt", request)
    return {"CiphertextBlob": blob, "KeyId": target.arn, "EncryptionAlgorithm": algorithm}


@service.operation(**ON_KEY)
async def decrypt(ctx: Context, request: Request) -> Request:
    """Decrypt what a key encrypted, whichever material it had then. API_Decrypt."""
    refuse_recipient(request)
    found = await _decrypt(ctx, request, _DECRYPT)
    await used(ctx, found.target, "Decrypt", request)
    return {
        "KeyId": found.target.arn,
        "Plaintext": found.plaintext,
        "EncryptionAlgorithm": found.algorithm,
        "KeyMaterialId": found.material,
    }


@service.operation(action=("kms:ReEncryptFrom", "kms:ReEncryptTo"), **ON_KEY)
async def re_encrypt(ctx: Context, request: Request) -> Request:
    """Decrypt with one key and encrypt with another; the plaintext does not leave. API_ReEncrypt."""
    same = await _is_same_key(ctx, request)
    source = await _decrypt(ctx, {**request, "ReEncryptOnSameKey": same}, _FROM)
    context = request.get("DestinationEncryptionContext") or {}
    algorithm = request.get("DestinationEncryptionAlgorithm", specs.SYMMETRIC)
    asked = {**_destination(request, algorithm, context), "ReEncryptOnSameKey": same}
    target = await find_to_use(ctx, asked, "ReEncryptTo", "DestinationKeyId")
    require_usable(target, specs.ENCRYPT, "ReEncrypt", algorithm)
    blob = await encrypted(target, algorithm, source.plaintext, context)
    await used(ctx, source.target, "ReEncrypt", request)
    await used(ctx, target, "ReEncrypt", request)
    return {
        "CiphertextBlob": blob,
        "SourceKeyId": source.target.arn,
        "KeyId": target.arn,
        "SourceEncryptionAlgorithm": source.algorithm,
        "DestinationEncryptionAlgorithm": algorithm,
        "SourceKeyMaterialId": source.material,
        "DestinationKeyMaterialId": target.key.material if target.key.symmetric else None,
    }


def _destination(request: Request, algorithm: str, context: EncryptionContext) -> Request:
    members = ("DestinationKeyId", "GrantTokens")
    named = {member: request[member] for member in members if member in request}
    return {**named, "EncryptionAlgorithm": algorithm, "EncryptionContext": context}


async def _is_same_key(ctx: Context, request: Request) -> bool:
    """Is the ciphertext to be under the key that it is under already? For the condition key."""
    blob = ciphertexts.parse(request.get("CiphertextBlob", b""))
    source = (blob.account, blob.key_id) if blob is not None else None
    if "SourceKeyId" in request:
        source = await _identity(ctx, request["SourceKeyId"])
    return source is not None and source == await _identity(ctx, request["DestinationKeyId"])


async def _identity(ctx: Context, text: str) -> tuple[str, str] | None:
    """Account and id of the key that is named so, if there is one."""
    reference = references.parse(ctx, text)
    target = await references.look_up(scope_of(ctx, reference.account), reference)
    return None if target is None else (target.scope.account, target.key.id)


# -- what the operations on keys have in common


def require_usable(target: Target, usage_type: str, operation: str, algorithm: str = "") -> None:
    """Raise unless the key's state, usage and spec let it take part: DisabledException, KMSInvalidStateException,
    InvalidKeyUsageException."""
    key = target.key
    states.require(target, states.TO_USE)
    if key.usage != usage_type:
        raise errors.invalid_key_usage(target.arn, key.usage, operation)
    if algorithm and algorithm not in key.kind.algorithms[usage_type]:
        raise errors.incompatible_algorithm(algorithm, key.spec)


async def material_of(target: Target, name: str = "") -> bytes:
    """The key's current material, or the one of that id. Raises KMSInvalidStateException when it was deleted or expired."""
    material = await open_material(target.scope, target.key, name)
    if material is None:
        raise errors.invalid_state(target.arn, "pending import")
    return material


async def used(ctx: Context, target: Target, operation: str, request: Request) -> None:
    """The operation succeeds: note the use, unless it was only a question. Raises DryRunOperationException."""
    if request.get("DryRun"):
        raise errors.dry_run()
    await usage.note(ctx, target, operation)


def refuse_recipient(request: Request) -> None:
    if request.get("Recipient"):
        raise errors.no_recipients()


# -- encrypting


async def encrypted(target: Target, algorithm: str, plaintext: bytes, context: EncryptionContext) -> bytes:
    """A ciphertext under the key's current material."""
    key = target.key
    material = await material_of(target)
    if key.symmetric:
        return ciphertexts.encrypt(target.scope.account, key.id, key.material, material, plaintext, context)
    if context:
        raise errors.no_encryption_context(key.spec)
    limit = wrapping.longest_plaintext(key.kind.size, algorithm)
    if len(plaintext) > limit:
        raise errors.too_large(algorithm, key.spec, limit)
    return wrapping.encrypt(key_pairs.load_public(material), algorithm, plaintext)


# -- decrypting


async def _decrypt(ctx: Context, request: Request, half: Half) -> Decrypted:
    ciphertext = _ciphertext(request, half)
    algorithm = request.get(half.algorithm, specs.SYMMETRIC)
    blob = ciphertexts.parse(ciphertext) if algorithm == specs.SYMMETRIC else None
    if half.key not in request and algorithm != specs.SYMMETRIC:
        raise errors.missing_parameter(half.key[0].lower() + half.key[1:])
    if half.key not in request and blob is None:
        raise errors.invalid_ciphertext()
    context = request.get(half.context) or {}
    target = await _source(ctx, request, half, blob, context)
    require_usable(target, specs.ENCRYPT, half.action, algorithm)
    if request.get("DryRunModifiers"):
        raise errors.dry_run()
    if target.key.symmetric:
        return await _decrypt_symmetric(target, blob, context)
    plaintext = wrapping.decrypt(key_pairs.load(await material_of(target)), algorithm, ciphertext)
    if plaintext is None:
        raise errors.invalid_ciphertext()
    return Decrypted(target, algorithm, plaintext, None)


def _ciphertext(request: Request, half: Half) -> bytes:
    """The ciphertext, which may be missing when only permissions are asked for."""
    ignored = _IGNORE_CIPHERTEXT in (request.get("DryRunModifiers") or ())
    if ignored and not request.get("DryRun"):
        raise errors.validation("DryRunModifiers can only be specified when DryRun is true.")
    if "CiphertextBlob" in request:
        return request["CiphertextBlob"]
    if not ignored:
        raise errors.missing_parameter("ciphertextBlob")
    if half.key not in request:
        raise errors.missing_parameter(half.key[0].lower() + half.key[1:])
    return b""


async def _source(ctx: Context, request: Request, half: Half, blob: Blob | None, context: EncryptionContext) -> Target:
    """The key that is named, or else the one that the ciphertext names. The caller may decrypt with it."""
    question: Request = {"EncryptionContext": context, "GrantTokens": request.get("GrantTokens")}
    if half.algorithm in request:
        question["EncryptionAlgorithm"] = request[half.algorithm]
    if half is _FROM:
        question["ReEncryptOnSameKey"] = request["ReEncryptOnSameKey"]
    if half.key in request:
        return await find_to_use(ctx, {**question, "KeyId": request[half.key]}, half.action)
    assert blob is not None
    scope = scope_of(ctx, blob.account)
    key = await keys.get(scope, blob.key_id)
    if key is None:
        raise errors.ciphertext_of_no_key()
    target = Target(scope, key)
    await permit(ctx, target, half.action, question)
    return target


async def _decrypt_symmetric(target: Target, blob: Blob | None, context: EncryptionContext) -> Decrypted:
    if blob is None:
        raise errors.invalid_ciphertext()
    key: Key = target.key
    if (blob.account, blob.key_id) != (target.scope.account, key.id):
        raise errors.incorrect_key()
    material = await open_material(target.scope, key, blob.material)
    plaintext = None if material is None else ciphertexts.decrypt(blob, material, context)
    if plaintext is None:
        raise errors.invalid_ciphertext()
    return Decrypted(target, specs.SYMMETRIC, plaintext, blob.material)
