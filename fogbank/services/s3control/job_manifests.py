"""Reading a job's manifest, or making one, as the job's role."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from fogbank.http import Payload
from fogbank.identity import storage_access
from fogbank.identity.storage_access import Listed
from fogbank.kernel import Context, bodies
from fogbank.services.s3control import errors, job_actions, manifests
from fogbank.services.s3control.jobs import Job, Row

Request = dict[str, Any]

_CSV = "S3BatchOperations_CSV_20180820"
_PAGE = 1000


class Prepared(NamedTuple):
    """The objects of a job, and the description of the manifest that was generated, if one was."""

    rows: list[Row]
    generated: dict[str, Any] | None = None


async def load(worker: Context, job: Job) -> Prepared:
    """The objects of a job. `worker` acts as the job's role. Raises manifests.Invalid and AWSError."""
    if job.manifest is None:
        assert job.generator is not None
        return await _generate(worker, job, job.generator["S3JobManifestGenerator"])
    spec, location = job.manifest["Spec"], job.manifest["Location"]
    bucket, _, key = location["ObjectArn"].partition(":::")[2].partition("/")
    data = await _read(worker, bucket, key, location.get("ObjectVersionId"), location["ETag"])
    if spec["Format"] == _CSV:
        return Prepared(list(manifests.rows(data, spec["Fields"])))
    found: list[Row] = []
    for part in manifests.inventory(data):
        packed = await _read(worker, part.bucket, part.key)
        found.extend(manifests.rows(manifests.unpacked(packed), part.fields))
    return Prepared(found)


async def _read(worker: Context, bucket: str, key: str, version: str | None = None, etag: str | None = None) -> bytes:
    params = {"Bucket": bucket, "Key": key}
    if version is not None:
        params["VersionId"] = version
    if etag is not None:
        params["IfMatch"] = etag

    async def open_object() -> Request:
        return await worker.call("s3", "GetObject", params, as_caller=True)

    found = await worker.transact(open_object)
    return await bodies.whole(found["Body"])


# -- generated manifests


async def _generate(worker: Context, job: Job, wanted: Request) -> Prepared:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-create-job.html#automatically-generate-manifest-file"""
    bucket = job_actions.bucket_of(wanted["SourceBucket"])
    await _check_source(worker, bucket, wanted.get("ExpectedBucketOwner"))
    chosen = _Filter(wanted.get("Filter") or {})
    rows = [
        (bucket, manifests.spelled(entry.key), entry.version_id)
        async for entry in _listing(worker, bucket)
        if chosen.takes(entry)
    ]
    if not wanted["EnableManifestOutput"]:
        return Prepared(rows)
    return Prepared(rows, await _write(worker, job, bucket, rows, wanted["ManifestOutputLocation"]))


async def _check_source(worker: Context, bucket: str, expected: str | None) -> None:
    """The role needs the permission to have an inventory made: that is how AWS makes the list."""
    place = await worker.transact(storage_access.buckets(worker.app).place, worker, bucket)
    if place is None:
        raise errors.no_such_bucket(bucket)
    if expected is not None and expected != place.account:
        raise errors.access_denied()
    await worker.authorise("s3:PutInventoryConfiguration", f"arn:aws:s3:::{bucket}", owner=place.account)


async def _listing(worker: Context, bucket: str) -> Any:
    after = ""
    while True:
        page = await worker.transact(storage_access.buckets(worker.app).objects, worker, bucket, after, _PAGE)
        for entry in page:
            yield entry
        if len(page) < _PAGE:
            return
        after = page[-1].key


class _Filter:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_JobManifestGeneratorFilter.html"""

    def __init__(self, document: Request) -> None:
        self._document = document
        names = document.get("KeyNameConstraint") or {}
        self._prefixes = tuple(names.get("MatchAnyPrefix") or ())
        self._suffixes = tuple(names.get("MatchAnySuffix") or ())
        self._substrings = tuple(names.get("MatchAnySubstring") or ())

    def takes(self, entry: Listed) -> bool:
        return self._takes_key(entry.key) and all(self._conditions(entry))

    def _takes_key(self, key: str) -> bool:
        return (
            (not self._prefixes or key.startswith(self._prefixes))
            and (not self._suffixes or key.endswith(self._suffixes))
            and (not self._substrings or any(part in key for part in self._substrings))
        )

    def _conditions(self, entry: Listed) -> Iterator[bool]:
        wanted = self._document
        if (after := wanted.get("CreatedAfter")) is not None:
            yield entry.modified > after
        if (before := wanted.get("CreatedBefore")) is not None:
            yield entry.modified < before
        if (more := wanted.get("ObjectSizeGreaterThanBytes")) is not None:
            yield entry.size > more
        if (less := wanted.get("ObjectSizeLessThanBytes")) is not None:
            yield entry.size < less
        if classes := wanted.get("MatchAnyStorageClass"):
            yield entry.storage_class in classes
        if encryptions := wanted.get("MatchAnyObjectEncryption"):
            yield any(_is_encrypted(entry, each) for each in encryptions)
        if (eligible := wanted.get("EligibleForReplication")) is not None:
            yield entry.is_eligible == eligible
        if statuses := wanted.get("ObjectReplicationStatuses"):
            yield (entry.replication or "NONE") in statuses


_ENCRYPTIONS = {"SSES3": "AES256", "SSEKMS": "aws:kms", "DSSEKMS": "aws:kms:dsse", "SSEC": "SSE-C", "NOTSSE": ""}


def _is_encrypted(entry: Listed, wanted: Request) -> bool:
    (kind, details) = next((name, value) for name, value in wanted.items() if value is not None)
    if entry.encryption != _ENCRYPTIONS[kind]:
        return False
    key, bucket_key = details.get("KmsKeyArn"), details.get("BucketKeyEnabled")
    return key in (None, entry.kms_key) and bucket_key in (None, entry.bucket_key)


async def _write(worker: Context, job: Job, bucket: str, rows: list[Row], location: Request) -> Request:
    """Write the manifest that was generated. Returns its description."""
    destination = job_actions.bucket_of(location["Bucket"])
    prefix = location.get("ManifestPrefix")
    base = f"{prefix.rstrip('/')}/job-{job.id}" if prefix else f"job-{job.id}"
    data = manifests.generated(rows)
    where = {"Bucket": destination} | _protection(location)
    file_key = f"{base}/manifest/{hashlib.sha1(data, usedforsecurity=False).hexdigest()}.csv"
    await _put(worker, where, file_key, data)
    digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
    files = [{"key": file_key, "size": len(data), "MD5checksum": digest}]
    index_key = f"{base}/manifest.json"
    etag = await _put(worker, where, index_key, manifests.index(bucket, destination, worker.now(), files))
    object_arn = f"arn:aws:s3:::{destination}/{index_key}"
    return {"Format": location["ManifestFormat"], "Location": {"ObjectArn": object_arn, "ETag": etag.strip('"')}}


def _protection(location: Request) -> Request:
    encryption = location.get("ManifestEncryption") or {}
    found: Request = {}
    if encryption.get("SSES3") is not None:
        found["ServerSideEncryption"] = "AES256"
    elif encryption.get("SSEKMS") is not None:
        found |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": encryption["SSEKMS"]["KeyId"]}
    if location.get("ExpectedManifestBucketOwner"):
        found["ExpectedBucketOwner"] = location["ExpectedManifestBucketOwner"]
    return found


async def _put(worker: Context, where: Request, key: str, data: bytes) -> str:
    done = await worker.call("s3", "PutObject", where | {"Key": key, "Body": Payload(data)}, as_caller=True)
    return str(done["ETag"])
