"""Listing the objects and versions of a bucket.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html and its siblings. The page is made in `listing.py`.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from fogbank.kernel import Context, keys, pages
from fogbank.services.s3 import errors, limits
from fogbank.services.s3.object import courses, listing, vault, versions
from fogbank.services.s3.object.listing import Page, fold, start_of
from fogbank.services.s3.permissions import access, grants, owners
from fogbank.services.s3.records import (
    ENFORCED,
    Home,
    Object,
    history,
    home_of,
    nulls,
    objects,
    read_listed,
    read_object,
)
from fogbank.services.s3.service import service

Request = dict[str, Any]
Answer = dict[str, Any]


class CurrentObjects:
    """The current objects of a bucket whose keys start with a prefix; a row's value is still encoded."""

    __slots__ = ("_end", "_home", "_start")

    def __init__(self, home: Home, prefix: str, start: str | None) -> None:
        self._home = home
        self._start = start
        self._end = listing.past(prefix)

    async def rows(self, limit: int) -> list[tuple[str, bytes]]:
        if self._start is None:
            return []
        until = None if self._end is None else (self._end,)
        found = await objects.raw_items(self._home.ctx, self._home.name, since=(self._start,), until=until, limit=limit)
        out = [(_text(key) if b"\0\xff" in key else key[:-1].decode(), value) for key, value in found]
        if out:
            self._start = listing.after(out[-1][0])
        return out

    def seek(self, key: str | None) -> None:
        self._start = key


def _text(encoded: bytes) -> str:
    """The one string part of an encoded key; without escapes it is the bytes before the last."""
    return keys.decode(encoded, (str,))[0]  # type: ignore[return-value]


def page_size(request: Request, member: str) -> int:
    """How many entries a page may have: what is asked for, at most 1,000. Raises InvalidArgument when it is negative."""
    wanted = request.get(member)
    if wanted is None:
        return limits.PAGE
    if wanted < 0:
        name = member[0].lower() + member[1:]
        raise errors.invalid_argument(f"Argument {name} must be an integer between 0 and 2147483647", name, wanted)
    return min(wanted, limits.PAGE)


def encoder(request: Request) -> Any:
    """How keys are written into the answer: as they are, or percent-encoded as `encoding-type=url` wants it."""
    return _url if request.get("EncodingType") == "url" else _plain


def _plain(text: str) -> str:
    return text


def _url(text: str) -> str:
    return text if _UNRESERVED.fullmatch(text) else quote(text, safe="/-_.*").replace("%20", "+")


_UNRESERVED = re.compile(r"[A-Za-z0-9/_.*-]*")


def given(text: str | None) -> str | None:
    """A parameter, None when it is empty: for S3 an empty delimiter is none."""
    return text or None


# -- ListObjects


@service.operation(action="s3:ListBucket", **access.ON_BUCKET)
async def list_objects(ctx: Context, request: Request) -> Answer:
    """One page of objects, continued by key."""
    home, prefix, delimiter, limit = await _opening(ctx, request)
    marker = request.get("Marker") or ""
    page = await _page(home, prefix, delimiter, marker, limit)
    encode = encoder(request)
    answer = _contents(page, home, request, encode, with_owner=True)
    answer["Marker"] = encode(marker)
    answer["MaxKeys"] = request.get("MaxKeys", limits.PAGE)
    if page.truncated and delimiter:
        answer["NextMarker"] = encode(page.last or "")
    return answer


@service.operation(action="s3:ListBucket", **access.ON_BUCKET)
async def list_objects_v2(ctx: Context, request: Request) -> Answer:
    """One page of objects, continued by token."""
    home, prefix, delimiter, limit = await _opening(ctx, request)
    token = request.get("ContinuationToken")
    start_after = request.get("StartAfter")
    marker = start_after or "" if token is None else pages.position(token, _bad_token(token))
    page = await _page(home, prefix, delimiter, marker, limit)
    encode = encoder(request)
    answer = _contents(page, home, request, encode, with_owner=bool(request.get("FetchOwner")))
    answer["KeyCount"] = len(page.entries) + len(page.prefixes)
    answer["MaxKeys"] = limit
    if token is not None:
        answer["ContinuationToken"] = token
    if start_after is not None:
        answer["StartAfter"] = encode(start_after)
    if page.truncated:
        answer["NextContinuationToken"] = pages.token(page.last or "")
    return answer


def _bad_token(token: str) -> Any:
    return errors.invalid_argument("The continuation token provided is incorrect", "continuation-token", token)


async def _opening(ctx: Context, request: Request) -> tuple[Home, str, str, int]:
    limit = page_size(request, "MaxKeys")
    home = await home_of(ctx, request)
    return home, request.get("Prefix") or "", request.get("Delimiter") or "", limit


async def _page(home: Home, prefix: str, delimiter: str, marker: str, limit: int) -> Page[bytes]:
    if limit == 0:
        return Page()
    source = CurrentObjects(home, prefix, start_of(prefix, delimiter, marker))
    return await fold(source, prefix, delimiter, limit)


def _contents(page: Page[bytes], home: Home, request: Request, encode: Any, with_owner: bool) -> Answer:
    owner = owners.owner(home.bucket.account) if with_owner else None
    entries = _entries(page, encode, owner)
    if with_owner and home.bucket.ownership != ENFORCED:
        for (_, value), entry in zip(page.entries, entries, strict=True):
            entry["Owner"] = owners.owner(grants.owner_of(read_object(value), home.bucket))
    if _wants_restores(request):
        for (_, value), entry in zip(page.entries, entries, strict=True):
            entry["RestoreStatus"] = courses.restore_status(read_object(value))
    return {
        "Name": home.name,
        "Prefix": encode(request.get("Prefix") or ""),
        "Delimiter": None if not request.get("Delimiter") else encode(request["Delimiter"]),
        "EncodingType": request.get("EncodingType"),
        "IsTruncated": page.truncated,
        "Contents": entries,
        "CommonPrefixes": [{"Prefix": encode(prefix)} for prefix in page.prefixes],
    }


def _wants_restores(request: Request) -> bool:
    return "RestoreStatus" in (request.get("OptionalObjectAttributes") or ())


def _entries(page: Page[bytes], encode: Any, owner: Answer | None) -> list[Answer]:
    if encode is _url and _UNRESERVED.fullmatch("".join([key for key, _ in page.entries])):
        encode = _plain  # one look at all of them is much less than one at each
    return [_entry(encode(key), value, owner) for key, value in page.entries]


def _entry(key: str, value: bytes, owner: Answer | None) -> Answer:
    record = read_listed(value)
    entry = {
        "Key": key,
        "LastModified": record.modified,
        "ETag": f'"{record.etag}"',
        "Size": record.size,
        "StorageClass": record.storage_class or "STANDARD",
    }
    if record.checksum_algorithm:
        entry["ChecksumAlgorithm"] = [record.checksum_algorithm]
        entry["ChecksumType"] = record.checksum_type
    if owner is not None:
        entry["Owner"] = owner
    return entry


# -- ListObjectVersions


class Versions:
    """All versions and delete markers of a bucket, by key and then the newest first.

    A row's value is the record and whether it is the latest. The current version lies in another collection than the rest:
    two scans are merged.
    """

    def __init__(self, home: Home, prefix: str, start: str | None, order: str | None, seen: str | None) -> None:
        """Begin at the key `start`, behind its version `order` if given; `seen` is a key whose latest version is known."""
        self._home = home
        self._start = start
        self._order = order
        self._end = listing.past(prefix)
        self._seen = seen

    async def rows(self, limit: int) -> list[tuple[str, tuple[Object, bool]]]:
        start = self._start
        if start is None:
            return []
        merged = sorted([*await self._current(start, limit), *await self._others(start, limit)])[:limit]
        out = []
        for key, order, value in merged:
            out.append((key, (read_object(value), key != self._seen)))
            self._seen = key
            self._start, self._order = key, order
        return out

    async def _current(self, start: str, limit: int) -> list[tuple[str, str, bytes]]:
        # an order is known once the key's current version was passed
        since = start if self._order is None else listing.after(start)
        found = await objects.raw_items(self._home.ctx, self._home.name, since=(since,), until=self._until, limit=limit)
        return [(_text(key), "", value) for key, value in found]

    async def _others(self, start: str, limit: int) -> list[tuple[str, str, bytes]]:
        bounds: dict[str, Any] = {"since": (start,)} if self._order is None else {"after": (start, self._order)}
        found = await history.raw_items(self._home.ctx, self._home.name, until=self._until, limit=limit, **bounds)
        return [(*keys.decode(key, (str, str)), value) for key, value in found]  # type: ignore[misc]

    @property
    def _until(self) -> tuple[str] | None:
        return None if self._end is None else (self._end,)

    def seek(self, key: str | None) -> None:
        self._start, self._order = key, None


@service.operation(action="s3:ListBucketVersions", **access.ON_BUCKET)
async def list_object_versions(ctx: Context, request: Request) -> Answer:
    """One page of versions: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html"""
    key_marker, version_marker = request.get("KeyMarker") or "", request.get("VersionIdMarker")
    _check_markers(key_marker, version_marker)
    home, prefix, delimiter, limit = await _opening(ctx, request)
    source = await _versions_from(home, prefix, delimiter, key_marker, version_marker)
    page = await fold(source, prefix, delimiter, limit) if limit else Page()
    return _version_answer(page, home, request)


def _check_markers(key_marker: str, version_marker: str | None) -> None:
    if version_marker is None:
        return
    if not key_marker:
        raise errors.invalid_argument(
            "A version-id marker cannot be specified without a key marker.", "version-id-marker", version_marker
        )
    if not version_marker:
        raise errors.invalid_argument("A version-id marker cannot be empty.", "version-id-marker", "")
    if version_marker != versions.NULL and not versions.is_id(version_marker):
        raise errors.invalid_argument("Invalid version id specified", "version-id-marker", version_marker)


async def _versions_from(
    home: Home, prefix: str, delimiter: str, key_marker: str, version_marker: str | None
) -> Versions:
    if version_marker is None or key_marker < prefix:
        return Versions(home, prefix, start_of(prefix, delimiter, key_marker), None, None)
    current = await vault.current(home, key_marker)
    if current is not None and current.version_id == version_marker:
        order: str | None = ""
    elif version_marker == versions.NULL:
        pointer = await nulls.get(home.ctx, home.name, key_marker)
        order = pointer.decode() if pointer is not None else None
    else:
        order = version_marker
    if order is None:
        return Versions(home, prefix, start_of(prefix, delimiter, key_marker), None, None)
    return Versions(home, prefix, key_marker, order, key_marker)


def _version_answer(page: Page[tuple[Object, bool]], home: Home, request: Request) -> Answer:
    encode = encoder(request)
    found: dict[bool, list[Answer]] = {False: [], True: []}
    for key, (record, is_latest) in page.entries:
        owner = owners.owner(grants.owner_of(record, home.bucket))
        entry = _version_entry(encode(key), record, is_latest, owner)
        if _wants_restores(request):
            entry["RestoreStatus"] = courses.restore_status(record)
        found[record.deleted].append(entry)
    answer = {
        "Name": home.name,
        "Prefix": encode(request.get("Prefix") or ""),
        "Delimiter": None if not request.get("Delimiter") else encode(request["Delimiter"]),
        "EncodingType": request.get("EncodingType"),
        "KeyMarker": encode(request.get("KeyMarker") or ""),
        "VersionIdMarker": request.get("VersionIdMarker") or "",
        "MaxKeys": request.get("MaxKeys", limits.PAGE),
        "IsTruncated": page.truncated,
        "Versions": found[False],
        "DeleteMarkers": found[True],
        "CommonPrefixes": [{"Prefix": encode(prefix)} for prefix in page.prefixes],
    }
    if page.truncated:
        answer["NextKeyMarker"] = encode(page.last or "")
        if page.entries and page.entries[-1][0] == page.last:
            answer["NextVersionIdMarker"] = page.entries[-1][1][0].version_id
    return answer


def _version_entry(key: str, record: Object, is_latest: bool, owner: Answer) -> Answer:
    entry: Answer = {
        "Key": key,
        "VersionId": record.version_id,
        "IsLatest": is_latest,
        "LastModified": record.modified,
        "Owner": owner,
    }
    if record.deleted:
        return entry
    entry["ETag"] = f'"{record.etag}"'
    entry["Size"] = record.size
    entry["StorageClass"] = record.storage_class or "STANDARD"
    if record.checksum_algorithm:
        entry["ChecksumAlgorithm"] = [record.checksum_algorithm]
        entry["ChecksumType"] = record.checksum_type
    return entry
