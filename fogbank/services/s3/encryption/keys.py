"""Content keys: made for each object, wrapped into its envelope, and unwrapped again for whoever may read.

Bytes are encrypted under a content key that no other object has (`ciphers.py`). What tells the kinds of encryption apart is the key that
this one is wrapped under:

    SSE-S3     a root key of this server's, which lies beside the store (`fogbank.kernel.vault`); small bodies are under it themselves,
               since to set up a cipher for one kilobyte takes ten times as long as to use it
    SSE-KMS    a data key that KMS made for the caller: for this object, or for a while for the bucket (bucket keys)
    DSSE-KMS   as SSE-KMS; the second layer's key is wrapped as with SSE-S3
    SSE-C      a key derived from the customer's; that it unwraps anything proves that it is the right one

So a copy may share its source's bytes: the content key is wrapped anew.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
"""

from __future__ import annotations

import hashlib
import hmac
import os
from typing import Any, NamedTuple

from fogbank.kernel import AWSError, Context
from fogbank.kernel.vault import Vault
from fogbank.services.s3.encryption import choices as encryption
from fogbank.services.s3.encryption import errors as encryption_errors
from fogbank.services.s3.encryption.choices import CustomerKey
from fogbank.services.s3.encryption.ciphers import KEY_BYTES, Cipher, damaged, derived, invalid_tag
from fogbank.services.s3.records import CUSTOMER, DSSE, S3_KEY, BucketKey, Encryption, Envelope, Home, bucket_keys

Request = dict[str, Any]
Keys = tuple[bytes, ...]

SALT_BYTES = 16
# How long a bucket key serves a caller before KMS is asked again, in seconds.
BUCKET_KEY_SECONDS = 300
# What root keys seal, besides keys.
_BODY = "body"
_MANAGED_KEY = "alias/aws/s3"
_NONCE_BYTES = 12

NO_ENVELOPE = Envelope()
_DIRECT = Envelope(direct=True)

_vault = Vault("s3")


class Sealing(NamedTuple):
    """How the bytes of a new object are encrypted. Without `keys` they are not."""

    encryption: Encryption
    envelope: Envelope
    keys: Keys

    def cipher(self, salt: bytes = b"") -> Cipher | None:
        """For the object's bytes, or for those of the part with that salt."""
        return cipher_of(self.keys, salt)


def cipher_of(keys: Keys, salt: bytes = b"") -> Cipher | None:
    if not keys:
        return None
    return Cipher(derived(keys, salt) if salt else keys)


# -- for new objects


async def begin(home: Home, key: str, request: Request, wanted: Encryption) -> Sealing:
    """Content keys for a new object, which gets the encryption that it wants, or the bucket's. Inside a transaction.

    Raises what KMS refuses, and AccessDenied for encryption that the bucket blocks.
    """
    return await _begin(home, key, request, choose(home, key, request, wanted))


async def _begin(home: Home, key: str, request: Request, chosen: Encryption) -> Sealing:
    if chosen.algorithm == S3_KEY and not home.ctx.app.settings.encrypt_at_rest:
        return Sealing(chosen, NO_ENVELOPE, ())
    return await wrap(home, key, request, chosen, fresh(chosen))


def fresh(chosen: Encryption) -> Keys:
    """Content keys that no other object has."""
    return tuple([os.urandom(KEY_BYTES) for _ in range(layers_of(chosen))])


async def encrypt_small(
    home: Home, key: str, request: Request, wanted: Encryption, data: bytes
) -> tuple[Sealing, bytes]:
    """How a small body is encrypted, and its bytes as they are kept. Raises as `begin`."""
    return await encrypt_under(home, key, request, choose(home, key, request, wanted), data)


async def encrypt_under(
    home: Home, key: str, request: Request, chosen: Encryption, data: bytes
) -> tuple[Sealing, bytes]:
    """As `encrypt_small`, under an encryption that was chosen already."""
    if chosen.algorithm == S3_KEY and home.ctx.app.settings.encrypt_at_rest:
        return Sealing(chosen, _DIRECT, ()), await _vault.seal(home.ctx, data, _BODY) if data else b""
    sealing = await _begin(home, key, request, chosen)
    cipher = sealing.cipher()
    return sealing, data if cipher is None else cipher.encrypt(data)


async def decrypt_small(ctx: Context, envelope: Envelope, content: Keys, data: bytes) -> bytes:
    """The bytes of a small body, given its content keys. Raises Damaged."""
    if not data:
        return data
    if not envelope.direct:
        cipher = cipher_of(content)
        return data if cipher is None else cipher.decrypt(data)
    try:
        return await _vault.unseal_once(ctx, data, _BODY)
    except invalid_tag():
        raise damaged() from None


def choose(home: Home, key: str, request: Request, wanted: Encryption) -> Encryption:
    """The encryption of a new object. Raises AccessDenied for one that the bucket blocks."""
    chosen = encryption.effective(request, wanted, home.bucket)
    if chosen.algorithm in home.bucket.blocked:
        raise encryption_errors.customer_keys_blocked(home.ctx.principal.arn, f"{home.bucket.arn}/{key}")
    return chosen


def layers_of(chosen: Encryption) -> int:
    return 2 if chosen.algorithm == DSSE else 1


def can_share(chosen: Encryption, envelope: Envelope, at_rest: bool) -> bool:
    """May an object with that encryption share the bytes that an envelope is about?"""
    if chosen.algorithm == S3_KEY and not at_rest and not envelope.layers:
        return True
    return envelope.layers == layers_of(chosen)


async def wrap(home: Home, key: str, request: Request, chosen: Encryption, keys: Keys) -> Sealing:
    """Wrap content keys as that encryption has it: those of a new object, or those whose bytes are shared with another one."""
    if not keys:
        return Sealing(chosen, NO_ENVELOPE, ())
    if chosen.algorithm == S3_KEY:
        return Sealing(chosen, Envelope(await _vault.seal(home.ctx, keys[0], S3_KEY)), keys)
    if chosen.algorithm == CUSTOMER:
        customer = encryption.customer_key(request)
        assert customer is not None
        salt = os.urandom(SALT_BYTES)
        return Sealing(chosen, Envelope(_sealed(_customers(customer, salt), keys[0]), salt=salt), keys)
    made = await _data_key(home, key, chosen)
    outer = await _vault.seal(home.ctx, keys[1], DSSE) if len(keys) > 1 else b""
    return Sealing(
        Encryption(chosen.algorithm, made.arn, chosen.bucket_key, chosen.context),
        Envelope(_sealed(made.plain, keys[0]), made.kms, outer=outer),
        keys,
    )


# -- for those that are there


async def unwrap(
    home: Home, key: str, chosen: Encryption, envelope: Envelope, customer: CustomerKey | None = None
) -> Keys:
    """The content keys of an object, for the caller. Inside a transaction.

    Raises InvalidRequest when the customer's key is missing or out of place, AccessDenied when it is the wrong one, and what KMS refuses.
    """
    if chosen.algorithm != CUSTOMER:
        if customer is not None:
            raise encryption_errors.customer_key_not_applicable()
        if not envelope.wrapped:
            return ()
        if chosen.algorithm == S3_KEY:
            return (await _vault.unseal(home.ctx, envelope.wrapped, S3_KEY),)
        inner = _unsealed(await _plain_data_key(home, key, chosen, envelope.kms), envelope.wrapped)
        return (inner, await _vault.unseal(home.ctx, envelope.outer, DSSE)) if envelope.outer else (inner,)
    if customer is None:
        raise encryption_errors.customer_key_needed()
    return (_unsealed(_customers(customer, envelope.salt), envelope.wrapped),)


def _customers(customer: CustomerKey, salt: bytes) -> bytes:
    """The wrapping key that a customer's key becomes with a salt."""
    return hmac.digest(customer.key, salt, "sha256")


def _sealed(wrapping: bytes, key: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(wrapping).encrypt(nonce, key, None)


def _unsealed(wrapping: bytes, sealed: bytes) -> bytes:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(wrapping).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
    except InvalidTag:
        raise encryption_errors.wrong_customer_key() from None


# -- keys of KMS


class DataKey(NamedTuple):
    """A data key in the clear and as KMS encrypted it, and the ARN of the key of KMS."""

    plain: bytes
    kms: bytes
    arn: str


async def _data_key(home: Home, key: str, chosen: Encryption) -> DataKey:
    """A data key for a new object, or the bucket's."""
    named = chosen.kms_key or _MANAGED_KEY
    if not chosen.bucket_key:
        return await _generate(home, named, _context(home, key, chosen))
    place = (home.name, named, _requester(home.ctx))
    known = await bucket_keys.get(home.ctx, *place)
    if known is not None and known.until > home.ctx.now():
        return DataKey(await _vault.unseal(home.ctx, known.sealed, home.name), known.kms, known.arn)
    made = await _generate(home, named, _context(home, key, chosen))
    await _forget_expired(home)
    await _remember(home, made, place)
    await _remember(home, made, (home.name, _digest(made.kms), place[2]))
    return made


async def _plain_data_key(home: Home, key: str, chosen: Encryption, kms: bytes) -> bytes:
    """The data key of an object that is there, if the caller may have it."""
    if not chosen.bucket_key:
        return await _decrypt(home, kms, _context(home, key, chosen))
    place = (home.name, _digest(kms), _requester(home.ctx))
    known = await bucket_keys.get(home.ctx, *place)
    if known is not None and known.until > home.ctx.now():
        return await _vault.unseal(home.ctx, known.sealed, home.name)
    plain = await _decrypt(home, kms, _context(home, key, chosen))
    await _remember(home, DataKey(plain, kms, chosen.kms_key), place)
    return plain


async def _remember(home: Home, made: DataKey, place: tuple[str, str, str]) -> None:
    sealed = await _vault.seal(home.ctx, made.plain, home.name)
    until = home.ctx.now() + BUCKET_KEY_SECONDS
    bucket_keys.put(home.ctx, BucketKey(made.kms, sealed, until, made.arn), *place)


async def _forget_expired(home: Home) -> None:
    for place, known in await bucket_keys.items(home.ctx, (str, str), home.name):
        if known.until <= home.ctx.now():
            bucket_keys.delete(home.ctx, home.name, *place)


def _digest(kms: bytes) -> str:
    return hashlib.sha256(kms).hexdigest()


def _requester(ctx: Context) -> str:
    """Whom a bucket key serves: KMS decides anew for everybody else, and for sessions that are limited further."""
    principal = ctx.principal
    is_limited = principal.session is not None and principal.session.limits
    return principal.access_key if is_limited else principal.policy_arn


def _context(home: Home, key: str, chosen: Encryption) -> dict[str, str]:
    """The encryption context: what the writer gave, and the ARN of the object, or of the bucket whose key it is."""
    arn = home.bucket.arn
    if chosen.bucket_key:
        return {"aws:s3:arn": arn}
    return {**encryption.given_context(chosen.context), "aws:s3:arn": f"{arn}/{key}"}


async def _generate(home: Home, named: str, context: dict[str, str]) -> DataKey:
    wanted = {"KeyId": named, "KeySpec": "AES_256", "EncryptionContext": context}
    answer = await _ask(home, "GenerateDataKey", wanted)
    return DataKey(answer["Plaintext"], answer["CiphertextBlob"], answer["KeyId"])


async def _decrypt(home: Home, kms: bytes, context: dict[str, str]) -> bytes:
    answer = await _ask(home, "Decrypt", {"CiphertextBlob": kms, "EncryptionContext": context})
    plain: bytes = answer["Plaintext"]
    return plain


async def _ask(home: Home, operation: str, params: Request) -> Request:
    """Ask KMS in the caller's name and account, in the region of the bucket."""
    ctx = home.ctx
    _check_signature(ctx)
    scope = ctx.at(account=ctx.principal.account or home.bucket.account, region=home.bucket.region)
    try:
        return await scope.call("kms", operation, params, as_caller=True)
    except AWSError as error:
        raise encryption_errors.refused_by_kms(error) from error


def _check_signature(ctx: Context) -> None:
    """KMS takes only requests that were signed with version 4."""
    request = ctx.request
    is_old = request is not None and (
        request.headers.get("authorization", "").startswith("AWS ") or "AWSAccessKeyId=" in request.query
    )
    if is_old or ctx.principal.kind == "anonymous":
        raise encryption_errors.kms_needs_signature()


async def forget(home: Home) -> None:
    """Forget the keys of a bucket that is being deleted."""
    for place, _ in await bucket_keys.items(home.ctx, (str, str), home.name):
        bucket_keys.delete(home.ctx, home.name, *place)
