"""What a writer says of an object besides its bytes: headers, metadata, tags, storage class, encryption. Read and given back.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from fogbank.services.s3 import errors, limits
from fogbank.services.s3.encryption import choices as encryption
from fogbank.services.s3.object import courses, tags
from fogbank.services.s3.permissions import grants
from fogbank.services.s3.records import Bucket, Object, Traits

Request = Mapping[str, Any]

DEFAULT_TYPE = "binary/octet-stream"
_HEADERS = (
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "Expires",
    "WebsiteRedirectLocation",
)


def metadata_size(metadata: Mapping[str, str]) -> int:
    """Bytes that count towards the limit: those of names and values."""
    return sum(len(name.encode()) + len(value.encode()) for name, value in metadata.items())


def read(request: Request) -> Traits:
    """The traits in a write request, but for the bucket's defaults. Raises MetadataTooLarge, InvalidTag, InvalidRedirectLocation."""
    acl, granted = grants.requested(request)
    metadata = request.get("Metadata")
    tagging = request.get("Tagging")
    headers = {name: value for name in _HEADERS if (value := request.get(name)) is not None}
    if "ContentEncoding" in headers:
        _drop_framing(headers)
    if "WebsiteRedirectLocation" in headers:
        _check_redirect(headers["WebsiteRedirectLocation"])
    if metadata:
        metadata = {name.lower(): value for name, value in metadata.items()}
        size = metadata_size(metadata)
        if size > limits.METADATA_BYTES:
            raise errors.metadata_too_large(size, limits.METADATA_BYTES)
    return Traits(
        request.get("ContentType") or DEFAULT_TYPE,
        headers,
        metadata or {},
        tags.from_header(tagging) if tagging else {},
        encryption.requested(request) or encryption.NONE,
        acl,
        granted,
    )


def _check_redirect(location: str) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-to-page-redirect.html"""
    if not location.startswith(("/", "http://", "https://")):
        raise errors.invalid_redirect_location(
            "The website redirect location must have a prefix of 'http://' or 'https://' or '/'."
        )
    if len(location) > limits.REDIRECT_LENGTH:
        raise errors.invalid_redirect_location(
            f"The length of website redirect location cannot exceed {limits.REDIRECT_LENGTH:,} characters."
        )


def _drop_framing(headers: dict[str, Any]) -> None:
    """`aws-chunked` is how the body travelled, no encoding of the object."""
    codings = [coding.strip() for coding in headers["ContentEncoding"].split(",")]
    kept = [coding for coding in codings if coding and coding != "aws-chunked"]
    if kept:
        headers["ContentEncoding"] = ",".join(kept)
    else:
        del headers["ContentEncoding"]


# -- storage class


def storage_class(request: Request) -> str:
    """Empty for STANDARD, which S3 does not name in headers. Raises InvalidStorageClass for those of other kinds of bucket."""
    wanted = request.get("StorageClass") or ""
    if wanted in _FOREIGN_CLASSES:
        raise errors.invalid_storage_class(wanted)
    return "" if wanted == "STANDARD" else wanted


_FOREIGN_CLASSES = frozenset(
    {
        "AWS_BACKUP_LOW_COST_WARM",
        "AWS_BACKUP_WARM",
        "EXPRESS_ONEZONE",
        "FSX_ONTAP",
        "FSX_OPENZFS",
        "OUTPOSTS",
        "SNOW",
    }
)


# -- answers


def checksum_members(record: Object, answer: dict[str, Any]) -> None:
    if record.checksum:
        answer[f"Checksum{record.checksum_algorithm}"] = record.checksum
        answer["ChecksumType"] = record.checksum_type


def _in_ascii(value: str) -> str:
    """A metadata value as S3 answers it: what came as other bytes than ASCII leaves as an encoded word (RFC 2047)."""
    return value if value.isascii() else f"=?UTF-8?B?{b64encode(value.encode()).decode()}?="


def object_members(record: Object, bucket: Bucket, request: Request) -> dict[str, Any]:
    """The headers of a GET or HEAD of a whole object, but for its length and checksum."""
    traits = record.traits
    answer: dict[str, Any] = {
        "LastModified": record.modified,
        "ETag": f'"{record.etag}"',
        "AcceptRanges": "bytes",
        "ContentType": traits.content_type,
    }
    if traits.headers:
        answer.update(traits.headers)
    if traits.metadata:
        answer["Metadata"] = {name: _in_ascii(value) for name, value in traits.metadata.items()}
    if traits.tags:
        answer["TagCount"] = len(traits.tags)
    if record.storage_class:
        answer["StorageClass"] = record.storage_class
    if bucket.versioning:
        answer["VersionId"] = record.version_id
    if record.course != courses.NEW:
        courses.tell(record, answer)
    encryption.members(traits.encryption, answer, request)
    return answer
