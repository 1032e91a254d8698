"""Digest files: each hour's log files with their hashes, signed, and each with the signature of the one before.

files    (home, name, account, Region, key)   LogFile     those of no digest yet; in the account of the trail
chains   (home, name, account, Region)        Link        the last digest
keys     (valid from)                         PublicKey   of a Region; the private part is sealed

`aws cloudtrail validate-logs` checks them. There is a digest of each hour in which log files were delivered, and it begins where the one
before it ended; AWS also writes those of hours without files.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from datetime import UTC, datetime
from typing import Any

import msgspec
import orjson

from fogbank.kernel import AWSError, Context, Record
from fogbank.kernel.vault import Vault
from fogbank.protocols.timestamps import iso8601
from fogbank.services.cloudtrail import errors, limits, targets
from fogbank.services.cloudtrail.service import service
from fogbank.services.cloudtrail.trail import Trail, save, trails

Request = dict[str, Any]

_KEY_SECONDS = 30 * limits.DAY
_KEY_BITS = 2048


class LogFile(Record, frozen=True):
    """Times of events in epoch seconds."""

    hash: str
    oldest: float
    newest: float


class Link(Record, frozen=True):
    """The last digest: where its time ended (epoch seconds), its object, hash and signature."""

    end: float
    bucket: str
    key: str
    hash: str
    signature: str


class PublicKey(Record, frozen=True):
    """`value` is PKCS#1 in DER; `sealed` the private key, PKCS#8 in DER. Valid times in epoch seconds."""

    start: float
    end: float
    value: bytes
    fingerprint: str
    sealed: bytes


files = service.collection("files", LogFile, scope="account")
chains = service.collection("chains", Link, scope="account")
public_keys = service.collection("keys", PublicKey)
_vault = Vault("cloudtrail")


async def note(
    ctx: Context, trail: Trail, account: str, region: str, key: str, body: bytes, times: list[float]
) -> None:
    """A log file was delivered: it is for the digest of this hour."""
    chain = (trail.home, trail.name, account, region)
    files.put(ctx, LogFile(hashlib.sha256(body).hexdigest(), min(times), max(times)), *chain, key)
    end = (ctx.now() // limits.DIGEST_SECONDS + 1) * limits.DIGEST_SECONDS
    await ctx.at(region=trail.home).schedule("digest", {"chain": list(chain)}, at=end, key="/".join(chain))


async def forget(ctx: Context, trail: Trail) -> None:
    for rows in (files, chains):
        for key, _ in await rows.items(ctx, (), trail.home, trail.name):  # type: ignore[attr-defined]
            rows.delete(ctx, trail.home, trail.name, *key)  # type: ignore[attr-defined]


@service.task(transaction=False)
async def digest(ctx: Context, payload: dict[str, Any]) -> None:
    """Write the digest of the hour that is over."""
    home, name, account, region = chain = tuple(payload["chain"])
    trail = await ctx.transact(trails.get, ctx, home, name)
    if trail is None or not trail.is_validated:
        return
    end = ctx.now() // 1
    found = await ctx.transact(_files, ctx, chain)
    last = await ctx.transact(chains.get, ctx, *chain)
    key_in_use, private = await _signing_key(ctx)
    where = _digest_key(trail, account, region, end)
    document = _document(trail, account, where, end, found, last, key_in_use)
    data = orjson.dumps(document)
    signature = await asyncio.to_thread(_sign, private, document, data)
    outcome: dict[str, Any] = {"digest": ctx.now(), "digest_error": ""}
    try:
        metadata = {"signature": signature, "signature-algorithm": "SHA256withRSA"}
        await targets.put_object(
            ctx, trail, where, gzip.compress(data, mtime=0), ContentType="application/json", Metadata=metadata
        )
    except AWSError as error:
        outcome = {"digest_error": error.code}

    async def settle() -> None:
        now = await trails.get(ctx, home, name)
        if now is None:
            return
        save(ctx, msgspec.structs.replace(now, status=msgspec.structs.replace(now.status, **outcome)))
        if outcome["digest_error"]:
            await ctx.schedule("digest", payload, delay=limits.DIGEST_SECONDS, key="/".join(chain))
            return
        for file_key, _ in found:
            files.delete(ctx, *chain, file_key)
        chains.put(ctx, Link(end, trail.bucket, where, hashlib.sha256(data).hexdigest(), signature), *chain)

    await ctx.transact(settle)


async def _files(ctx: Context, chain: tuple[str, ...]) -> list[tuple[str, LogFile]]:
    return [(str(key[0]), file) for key, file in await files.items(ctx, (str,), *chain)]


def _digest_key(trail: Trail, account: str, region: str, end: float) -> str:
    time = datetime.fromtimestamp(end, UTC)
    folder = targets.folder(trail, account, "CloudTrail-Digest")
    name = f"{account}_CloudTrail-Digest_{region}_{trail.name}_{trail.home}_{time:%Y%m%dT%H%M%SZ}.json.gz"
    return f"{folder}{region}/{time:%Y/%m/%d}/{name}"


def _document(
    trail: Trail,
    account: str,
    key: str,
    end: float,
    found: list[tuple[str, LogFile]],
    last: Link | None,
    signed_with: PublicKey,
) -> Request:
    begin = end - limits.DIGEST_SECONDS if last is None else last.end
    return {
        "awsAccountId": account,
        "digestStartTime": iso8601(int(begin)),
        "digestEndTime": iso8601(int(end)),
        "digestS3Bucket": trail.bucket,
        "digestS3Object": key,
        "digestPublicKeyFingerprint": signed_with.fingerprint,
        "digestSignatureAlgorithm": "SHA256withRSA",
        "newestEventTime": iso8601(int(max(file.newest for _, file in found))) if found else None,
        "oldestEventTime": iso8601(int(min(file.oldest for _, file in found))) if found else None,
        "previousDigestS3Bucket": last and last.bucket,
        "previousDigestS3Object": last and last.key,
        "previousDigestHashValue": last and last.hash,
        "previousDigestHashAlgorithm": last and "SHA-256",
        "previousDigestSignature": last and last.signature,
        "logFiles": [_log_file(trail, each, file) for each, file in found],
    }


def _log_file(trail: Trail, key: str, file: LogFile) -> Request:
    return {
        "s3Bucket": trail.bucket,
        "s3Object": key,
        "hashValue": file.hash,
        "hashAlgorithm": "SHA-256",
        "newestEventTime": iso8601(int(file.newest)),
        "oldestEventTime": iso8601(int(file.oldest)),
    }


# -- keys


def _sign(private: bytes, document: Request, data: bytes) -> str:
    """The signature, in hexadecimal, over end time, place, hash and the signature before."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    place = f"{document['digestS3Bucket']}/{document['digestS3Object']}"
    before = document["previousDigestSignature"] or "null"
    text = f"{document['digestEndTime']}\n{place}\n{hashlib.sha256(data).hexdigest()}\n{before}"
    key: Any = load_der_private_key(private, None)
    signature: bytes = key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return signature.hex()


async def _signing_key(ctx: Context) -> tuple[PublicKey, bytes]:
    """The key of this time, made when there is none, and its private part."""
    key = await ctx.transact(_present_key, ctx)
    if key is None:
        made = await asyncio.to_thread(_make_key)
        key = await ctx.transact(_keep_key, ctx, *made)
    return key, await ctx.transact(_vault.unseal, ctx, key.sealed, key.fingerprint)


async def _present_key(ctx: Context) -> PublicKey | None:
    now = ctx.now()
    return next((key for key in await public_keys.scan(ctx) if key.start <= now < key.end), None)


def _make_key() -> tuple[bytes, bytes]:
    """The private part (PKCS#8) and the public one (PKCS#1)."""
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    private = rsa.generate_private_key(65537, _KEY_BITS)
    return (
        private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
        private.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1),
    )


async def _keep_key(ctx: Context, private: bytes, public: bytes) -> PublicKey:
    """Keep a new key, unless somebody was quicker."""
    key = await _present_key(ctx)
    if key is None:
        fingerprint = hashlib.md5(public, usedforsecurity=False).hexdigest()
        start = ctx.now() // limits.DIGEST_SECONDS * limits.DIGEST_SECONDS
        sealed = await _vault.seal(ctx, private, fingerprint)
        key = PublicKey(start, start + _KEY_SECONDS, public, fingerprint, sealed)
        public_keys.put(ctx, key, int(start))
    return key


@service.operation
async def list_public_keys(ctx: Context, request: Request) -> Request:
    """The keys that were in use within a time; the present one when none is given. API_ListPublicKeys."""
    now = ctx.now()
    end = request.get("EndTime") or now
    start = request.get("StartTime") or (now if request.get("EndTime") is None else 0)
    if start > end:
        raise errors.invalid_time_range()
    found = [key for key in await public_keys.scan(ctx) if key.start <= end and start <= key.end]
    return {
        "PublicKeyList": [
            {
                "Value": key.value,
                "ValidityStartTime": key.start,
                "ValidityEndTime": key.end,
                "Fingerprint": key.fingerprint,
            }
            for key in found
        ]
    }
