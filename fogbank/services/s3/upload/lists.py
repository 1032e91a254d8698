"""Listing the parts of an upload, and the uploads of a bucket.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html, API_ListMultipartUploads.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.s3 import limits
from fogbank.services.s3.lifecycle.headers import tell_abortion
from fogbank.services.s3.object import listing, lists
from fogbank.services.s3.permissions import access, owners
from fogbank.services.s3.records import Home, Part, Upload, home_of, parts, uploads
from fogbank.services.s3.service import service
from fogbank.services.s3.upload.uploads import upload_of

Request = dict[str, Any]
Answer = dict[str, Any]


@service.operation(action="s3:ListMultipartUploadParts", **access.ON_OBJECT)
async def list_parts(ctx: Context, request: Request) -> Answer:
    marker = request.get("PartNumberMarker") or 0
    limit = lists.page_size(request, "MaxParts")
    home = await home_of(ctx, request)
    upload = await upload_of(home, request)
    found = await parts.scan(home.ctx, request["UploadId"], after=(marker,), limit=limit + 1)
    shown = found[:limit]
    answer: Answer = {
        "Bucket": home.name,
        "Key": request["Key"],
        "UploadId": request["UploadId"],
        "PartNumberMarker": marker,
        "NextPartNumberMarker": shown[-1].number if shown else 0,
        "MaxParts": request.get("MaxParts", limits.PAGE),
        "IsTruncated": len(found) > limit,
        "Initiator": _initiator(upload),
        "Owner": owners.owner(home.bucket.account),
        "StorageClass": upload.storage_class or "STANDARD",
        "Parts": [_part_entry(part, upload) for part in shown],
    }
    if upload.checksum_algorithm:
        answer["ChecksumAlgorithm"], answer["ChecksumType"] = upload.checksum_algorithm, upload.checksum_type
    await tell_abortion(home, request["Key"], upload.initiated, answer)
    return answer


def _part_entry(part: Part, upload: Upload) -> Answer:
    entry: Answer = {
        "PartNumber": part.number,
        "LastModified": part.modified,
        "ETag": f'"{part.etag}"',
        "Size": part.size,
    }
    if upload.checksum_algorithm and part.checksum:
        entry[f"Checksum{part.algorithm}"] = part.checksum
    return entry


def _initiator(upload: Upload) -> Answer:
    """The canonical user for an account's root, the ARN for everybody else."""
    fields = upload.initiator.split(":")
    if len(fields) > 4 and fields[-1] == "root":
        return owners.owner(fields[4])
    return {"ID": upload.initiator, "DisplayName": upload.initiator.rpartition("/")[2]}


class UploadsSource:
    """The uploads of a bucket by key, those of one key in the order of their beginning."""

    def __init__(self, home: Home, prefix: str, start: str | None, upload_id: str | None) -> None:
        self._home = home
        self._start = start
        self._upload_id = upload_id
        self._end = listing.past(prefix)

    async def rows(self, limit: int) -> list[tuple[str, tuple[str, Upload]]]:
        if self._start is None:
            return []
        bounds: dict[str, Any] = {"since": (self._start,)}
        if self._upload_id is not None:
            bounds = {"after": (self._start, self._upload_id)}
        until = None if self._end is None else (self._end,)
        found = await uploads.items(self._home.ctx, (str, str), self._home.name, until=until, limit=limit, **bounds)
        rows: list[Any] = [(key, (upload_id, upload)) for (key, upload_id), upload in found]
        if rows:
            self._start, (self._upload_id, _) = rows[-1]
        return rows

    def seek(self, key: str | None) -> None:
        self._start, self._upload_id = key, None


@service.operation(action="s3:ListBucketMultipartUploads", **access.ON_BUCKET)
async def list_multipart_uploads(ctx: Context, request: Request) -> Answer:
    home = await home_of(ctx, request)
    prefix, delimiter = request.get("Prefix") or "", request.get("Delimiter") or ""
    key_marker = request.get("KeyMarker") or ""
    # without a key marker S3 ignores the other one
    upload_marker = (request.get("UploadIdMarker") or None) if key_marker else None
    limit = lists.page_size(request, "MaxUploads")
    start = key_marker if upload_marker else listing.start_of(prefix, delimiter, key_marker)
    source = UploadsSource(home, prefix, start, upload_marker)
    page = await listing.fold(source, prefix, delimiter, limit) if limit else listing.Page()
    return _uploads_answer(page, home, request)


def _uploads_answer(page: listing.Page[tuple[str, Upload]], home: Home, request: Request) -> Answer:
    encode = lists.encoder(request)
    owner = owners.owner(home.bucket.account)
    answer: Answer = {
        "Bucket": home.name,
        "KeyMarker": encode(request.get("KeyMarker") or ""),
        "UploadIdMarker": request.get("UploadIdMarker") or "",
        "NextKeyMarker": encode(page.last or ""),
        "NextUploadIdMarker": "",
        "Prefix": encode(request.get("Prefix") or ""),
        "Delimiter": None if not request.get("Delimiter") else encode(request["Delimiter"]),
        "MaxUploads": request.get("MaxUploads", limits.PAGE),
        "IsTruncated": page.truncated,
        "EncodingType": request.get("EncodingType"),
        "Uploads": [_upload_entry(encode(key), *found, owner) for key, found in page.entries],
        "CommonPrefixes": [{"Prefix": encode(prefix)} for prefix in page.prefixes],
    }
    if page.entries and page.entries[-1][0] == page.last:
        answer["NextUploadIdMarker"] = page.entries[-1][1][0]
    return answer


def _upload_entry(key: str, upload_id: str, upload: Upload, owner: Answer) -> Answer:
    entry: Answer = {
        "Key": key,
        "UploadId": upload_id,
        "Initiated": upload.initiated,
        "Initiator": _initiator(upload),
        "Owner": owner,
        "StorageClass": upload.storage_class or "STANDARD",
    }
    if upload.checksum_algorithm:
        entry["ChecksumAlgorithm"], entry["ChecksumType"] = upload.checksum_algorithm, upload.checksum_type
    return entry
