"""The code of functions: where it comes from, how it is kept, and the directory in which it lies to be run."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import IO, Any, NamedTuple

import msgspec

from fogbank.kernel import AWSError, Context, bodies
from fogbank.services.lambda_ import errors, limits
from fogbank.services.lambda_.package import ciphers, code_sealing, images
from fogbank.services.lambda_.records import Code, Request, arn_of, named
from fogbank.services.lambda_.runtime.packages import BadPackage, EmptyPackage, unpacked_size
from fogbank.services.lambda_.runtime.pools import Runtimes
from fogbank.storage.blobs import Blobs, Seal

# The bucket of no account whose "keys" are directories of this machine: code under development, run where it lies.
HOT_RELOAD = "hot-reload"
# A member of requests that are made in here: code that has arrived already.
RECEIVED = "Received"
_READ = 1 << 20


class Received(NamedTuple):
    """Code that has arrived: a blob that no transaction names yet, unless it lies in a local directory or is an image."""

    code: Code
    sha256: str

    def keep(self, ctx: Context) -> None:
        if self.code.blob:
            ctx.keep_blob(self.code.blob)


@asynccontextmanager
async def received(ctx: Context, given: Request) -> AsyncIterator[Received]:
    """The code that a request brings or names, for the transaction that keeps it: when that fails, the bytes go.

    Raises InvalidParameterValueException and what S3 says. Not in a transaction, unless the code is `RECEIVED`.
    """
    if RECEIVED in given:
        yield given[RECEIVED]
        return
    arrived = await _receive(ctx, given)
    try:
        yield arrived
    except BaseException:
        if arrived.code.blob:
            ctx.blobs.discard(arrived.code.blob)
        raise


async def _receive(ctx: Context, given: Request) -> Received:
    if given.get("ImageUri") is not None:
        arn = named(ctx, given).function_arn if given.get("FunctionName") else arn_of(ctx, "*")
        return Received(await images.resolve(ctx, given["ImageUri"], arn), "")
    if given.get("S3Bucket") == HOT_RELOAD:
        return Received(_directory(given.get("S3Key") or ""), "")
    data: Any = given.get("ZipFile")
    if data is not None and any(given.get(name) for name in ("S3Bucket", "S3Key", "S3ObjectVersion")):
        raise errors.invalid_parameter("Please do not provide other FunctionCode parameters when providing a ZipFile.")
    if data is not None and len(data) > limits.ZIP_BYTES:
        raise errors.package_too_large(ctx.operation)
    if data is None:
        data = await _from_s3(ctx, given)
    size = await asyncio.to_thread(_unpacked, data)
    if size > limits.UNZIPPED_BYTES:
        raise errors.code_too_large(limits.UNZIPPED_BYTES)
    digest = hashlib.sha256(data).hexdigest()
    kept = Code(len(data), digest)
    if given.get("SourceKMSKeyArn"):
        key = await ctx.transact(code_sealing.new_key, ctx, given["SourceKMSKeyArn"], named(ctx, given).function_arn)
        kept = msgspec.structs.replace(kept, key=key.arn, own_key=key.sealed)
        data = await asyncio.to_thread(ciphers.encrypted, key.own, data)
    return Received(msgspec.structs.replace(kept, blob=await _put(ctx, data)), digest)


async def _put(ctx: Context, data: bytes) -> str:
    writer = ctx.blobs.create()
    try:
        await writer.write(data)
        return await writer.finish()
    except BaseException:
        writer.abort()
        raise


def _unpacked(data: bytes) -> int:
    try:
        return unpacked_size(io.BytesIO(data))
    except EmptyPackage as error:
        raise errors.empty_zip() from error
    except BadPackage as error:
        raise errors.invalid_zip() from error


def _directory(path: str) -> Code:
    if not os.path.isabs(path) or not os.path.isdir(path):
        raise errors.no_directory(path or "S3Key")
    return Code(directory=path)


async def _from_s3(ctx: Context, given: Request) -> bytes:
    """The bytes of an object, with the caller's own permissions."""
    if not given.get("S3Bucket") or not given.get("S3Key"):
        raise errors.invalid_parameter("Please provide a source for function code.")
    request = {"Bucket": given["S3Bucket"], "Key": given["S3Key"]}
    if given.get("S3ObjectVersion"):
        request["VersionId"] = given["S3ObjectVersion"]
    try:
        found = await ctx.transact(lambda: ctx.call("s3", "GetObject", request, as_caller=True))
    except AWSError as error:
        raise errors.invalid_parameter(
            f"Error occurred while GetObject. S3 Error Code: {error.code}. S3 Error Message: {error.message}"
        ) from error
    return await bodies.whole(found["Body"])


def sha256(code: Code) -> str:
    """The hash as Lambda answers it: that of an image is its digest."""
    if code.image:
        return code.sha256
    return b64encode(bytes.fromhex(code.sha256)).decode() if code.sha256 else ""


def linked(ctx: Context, code: Code) -> Code:
    """The same code in a blob of its own, for another who keeps it; in a transaction."""
    if not code.blob:
        return code
    digest, size = hashlib.md5(usedforsecurity=False), 0
    for chunk in ctx.blobs.chunks(code.blob):
        digest.update(chunk)
        size += len(chunk)
    blob = ctx.blobs.link(code.blob, Seal(size, digest.digest()))
    ctx.keep_blob(blob)
    return msgspec.structs.replace(code, blob=blob)


def dropped(ctx: Context, code: Code) -> None:
    """Nobody keeps this code any more; in a transaction."""
    if code.blob:
        ctx.drop_blob(code.blob)


# -- running


def package_of(blobs: Blobs, code: Code, key: bytes) -> bytes:
    """The ZIP; `key` opens one that is encrypted. Blocks."""
    data = b"".join(blobs.chunks(code.blob))
    return ciphers.decrypted(key, data) if code.key else data


async def directory_of(runtimes: Runtimes, blobs: Blobs, code: Code, key: bytes = b"") -> str:
    """Where code lies unpacked; `key` opens a package that is encrypted. Raises BadPackage, InvalidParameterValueException."""
    if code.directory:
        if not os.path.isdir(code.directory):
            raise errors.no_directory(code.directory)
        return code.directory

    def opened() -> IO[bytes]:
        return io.BytesIO(package_of(blobs, code, key))

    return await asyncio.to_thread(runtimes.packages.unpacked, code.sha256, opened)


def changed_at(directory: str) -> int:
    """When something in a local directory changed last, in nanoseconds. Blocks; for directories of a developer's size."""
    latest = 0
    for root, folders, files in os.walk(directory):
        folders[:] = [each for each in folders if each not in ("node_modules", ".git", "__pycache__")]
        for each in files:
            try:
                latest = max(latest, os.stat(os.path.join(root, each)).st_mtime_ns)
            except OSError:
                continue
    return latest
