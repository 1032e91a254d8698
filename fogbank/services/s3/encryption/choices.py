"""Which encryption a request asks for, which one a new object gets, and what an answer says of it.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/serv-side-encryption.html. The keys themselves are the business of `keys.py`.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from fogbank.services.s3.encryption import errors
from fogbank.services.s3.encryption.ciphers import KEY_BYTES
from fogbank.services.s3.errors import invalid_encryption_algorithm
from fogbank.services.s3.records import CUSTOMER, DSSE, KMS, S3_KEY, Bucket, Encryption

Request = Mapping[str, Any]

NONE = Encryption()
_METHODS = (S3_KEY, KMS, DSSE)
_HEADER = "x-amz-server-side-encryption"


class CustomerKey(NamedTuple):
    """A key of the customer, as it came with a request. It is kept nowhere."""

    key: bytes
    md5: str


def customer_key(request: Request, prefix: str = "") -> CustomerKey | None:
    """The customer's key in a request; `prefix` is that of the members (`CopySource` for a copy's source).

    Raises InvalidArgument when it is not complete, or not as its MD5 says.
    """
    algorithm = request.get(f"{prefix}SSECustomerAlgorithm")
    key, md5 = request.get(f"{prefix}SSECustomerKey"), request.get(f"{prefix}SSECustomerKeyMD5")
    if algorithm is None:
        if key is None and md5 is None:
            return None
        raise errors.no_customer_algorithm()
    if algorithm != "AES256":
        raise errors.bad_customer_algorithm(algorithm)
    if key is None:
        raise errors.no_customer_key()
    if md5 is None:
        raise errors.no_customer_md5()
    return CustomerKey(_checked(key, md5), md5)


def refuse_header(headers: Mapping[str, str]) -> None:
    """Who reads an object, or sends a part of one, has no say in its encryption. Raises InvalidArgument."""
    if _HEADER in headers:
        raise errors.header_not_supported(_HEADER, headers[_HEADER])


def _checked(text: str, md5: str) -> bytes:
    try:
        key = b64decode(text, validate=True)
    except ValueError:
        raise errors.bad_customer_key() from None
    if len(key) != KEY_BYTES:
        raise errors.bad_customer_key()
    if not hmac.compare_digest(b64encode(hashlib.md5(key, usedforsecurity=False).digest()), md5.encode()):
        raise errors.wrong_customer_md5()
    return key


def requested(request: Request) -> Encryption | None:
    """The encryption that a write asks for; None to take the bucket's. Raises InvalidArgument for what makes no sense."""
    if not _MEMBERS.isdisjoint(request):
        return _requested(request)
    return None


_MEMBERS = frozenset(
    {
        "ServerSideEncryption",
        "SSEKMSKeyId",
        "SSEKMSEncryptionContext",
        "SSECustomerAlgorithm",
        "SSECustomerKey",
        "SSECustomerKeyMD5",
    }
)


def _requested(request: Request) -> Encryption | None:
    algorithm = request.get("ServerSideEncryption")
    kms_key = request.get("SSEKMSKeyId") or ""
    if customer_key(request) is not None:
        if algorithm is not None:
            raise errors.two_methods(algorithm)
        return Encryption(CUSTOMER)
    if algorithm is None:
        if kms_key:
            raise errors.kms_key_without_kms(kms_key)
        return None
    if algorithm not in _METHODS:
        raise invalid_encryption_algorithm(algorithm)
    if kms_key and algorithm == S3_KEY:
        raise errors.kms_key_without_kms(kms_key)
    context = request.get("SSEKMSEncryptionContext") or ""
    if algorithm == S3_KEY:
        return NONE
    given_context(context)
    return Encryption(algorithm, kms_key, bool(request.get("BucketKeyEnabled")), context)


def given_context(header: str) -> dict[str, str]:
    """The pairs in an x-amz-server-side-encryption-context header. Raises InvalidArgument."""
    if not header:
        return {}
    try:
        return msgspec.json.decode(b64decode(header, validate=True), type=dict[str, str])
    except ValueError:
        raise errors.bad_context() from None


def effective(request: Request, wanted: Encryption, bucket: Bucket) -> Encryption:
    """The encryption of a new object: what was asked for (`wanted`), else the bucket's."""
    if wanted.algorithm == CUSTOMER:
        return wanted
    if request.get("ServerSideEncryption") is None:
        wanted = bucket.encryption
    if not wanted.uses_kms:
        return wanted
    bucket_key = request.get("BucketKeyEnabled")
    if wanted.algorithm == DSSE:
        bucket_key = False
    elif bucket_key is None:
        # a request that names the default's key anew says nothing of the bucket key, and gets the bucket's
        bucket_key = wanted.bucket_key or bucket.encryption.bucket_key
    return wanted if bucket_key == wanted.bucket_key else msgspec.structs.replace(wanted, bucket_key=bucket_key)


def has_md5_etag(encryption: Encryption) -> bool:
    """Is the ETag of such an object the MD5 of its bytes?

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
    """
    return encryption.algorithm == S3_KEY


# -- answers


def members(encryption: Encryption, answer: dict[str, Any], request: Request) -> None:
    """Say in an answer how the object is encrypted; `request` has the customer's key, if that is how."""
    algorithm = encryption.algorithm
    if algorithm == CUSTOMER:
        answer["SSECustomerAlgorithm"] = "AES256"
        answer["SSECustomerKeyMD5"] = request.get("SSECustomerKeyMD5")
        return
    answer["ServerSideEncryption"] = algorithm
    if encryption.kms_key:
        answer["SSEKMSKeyId"] = encryption.kms_key
        if encryption.bucket_key:
            answer["BucketKeyEnabled"] = True
        if encryption.context:
            answer["SSEKMSEncryptionContext"] = encryption.context
