"""Namespaces of table buckets: a level of names, no more."""

from __future__ import annotations

import re
from typing import Any

from fogbank.kernel import Context, pages
from fogbank.services.s3tables import errors, limits
from fogbank.services.s3tables.access import ON_RESOURCE
from fogbank.services.s3tables.buckets import page_of
from fogbank.services.s3tables.records import Found, Namespace, find_bucket, is_for_metadata, namespaces, tables
from fogbank.services.s3tables.service import service

Request = dict[str, Any]

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-tables-buckets-naming.html#naming-rules-table
_NAME = re.compile(r"[0-9a-z]([0-9a-z_]{0,253}[0-9a-z])?")


def is_name(name: str) -> bool:
    """Of a namespace or a table."""
    return _NAME.fullmatch(name) is not None


@service.operation(**ON_RESOURCE)
async def create_namespace(ctx: Context, request: Request) -> Request:
    """Create a namespace. API_s3Buckets_CreateNamespace."""
    found = await find_bucket(ctx, request)
    home, bucket, name = found.ctx, found.bucket.name, request["namespace"][0]
    if not is_name(name) or (name.startswith("aws") and not is_for_metadata(ctx)):
        raise errors.bad_namespace_name()
    if await namespaces.get(home, bucket, name) is not None:
        raise errors.namespace_exists()
    if await namespaces.count(home, bucket, limit=limits.NAMESPACES) >= limits.NAMESPACES:
        raise errors.quota_exceeded("namespaces in a table bucket", limits.NAMESPACES)
    namespaces.put(home, Namespace(name, ctx.ids.uuid(), ctx.now(), ctx.principal.account), bucket, name)
    return {"tableBucketARN": found.arn, "namespace": [name]}


async def find_namespace(ctx: Context, request: Request) -> tuple[Found, Namespace]:
    """Raises NotFoundException."""
    found = await find_bucket(ctx, request)
    namespace = await namespaces.get(found.ctx, found.bucket.name, request["namespace"])
    if namespace is None:
        raise errors.no_such_namespace()
    return found, namespace


@service.operation(**ON_RESOURCE)
async def get_namespace(ctx: Context, request: Request) -> Request:
    """What there is to know of a namespace. API_s3Buckets_GetNamespace."""
    return _shown(*await find_namespace(ctx, request))


def _shown(found: Found, namespace: Namespace) -> Request:
    return {
        "namespace": [namespace.name],
        "createdAt": namespace.created,
        "createdBy": namespace.creator,
        "ownerAccountId": found.ctx.account,
        "namespaceId": namespace.id,
        "tableBucketId": found.bucket.id,
    }


@service.operation(**ON_RESOURCE)
async def list_namespaces(ctx: Context, request: Request) -> Request:
    """The namespaces of a bucket, by name. API_s3Buckets_ListNamespaces."""
    found = await find_bucket(ctx, request)
    limit, bounds = page_of(request, "maxNamespaces")
    rows = await namespaces.scan(found.ctx, found.bucket.name, limit=limit + 1, **bounds)
    shown, token = pages.page(rows, limit, lambda namespace: namespace.name)
    return {"namespaces": [_shown(found, namespace) for namespace in shown], "continuationToken": token}


@service.operation(**ON_RESOURCE)
async def delete_namespace(ctx: Context, request: Request) -> Request:
    """Delete a namespace without tables. API_s3Buckets_DeleteNamespace."""
    found, namespace = await find_namespace(ctx, request)
    if await tables.count(found.ctx, found.bucket.name, namespace.name, limit=1):
        raise errors.namespace_not_empty()
    namespaces.delete(found.ctx, found.bucket.name, namespace.name)
    return {}
