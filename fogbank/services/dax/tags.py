"""Tags of clusters."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.dax import errors, limits
from fogbank.services.dax.records import Cluster, cluster_arn, clusters, find_available
from fogbank.services.dax.service import service


def _itself(ctx: Context, request: dict[str, Any]) -> str:
    return str(request["ResourceName"])


@service.operation(resource=_itself)
async def tag_resource(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    cluster = await _cluster(ctx, request["ResourceName"])
    return _keep(ctx, cluster, {**cluster.tags, **tags_of(request["Tags"])})


@service.operation(resource=_itself)
async def untag_resource(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Raises TagNotFoundFault when one of them is not there; then none goes."""
    cluster = await _cluster(ctx, request["ResourceName"])
    for key in request["TagKeys"]:
        if key not in cluster.tags:
            raise errors.tag_not_found(key)
    return _keep(ctx, cluster, {key: cluster.tags[key] for key in cluster.tags.keys() - set(request["TagKeys"])})


@service.operation(resource=_itself)
async def list_tags(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """All of them in one page: there are at most 50."""
    if request.get("NextToken") is not None:
        raise errors.invalid_token()
    return {"Tags": shape((await _cluster(ctx, request["ResourceName"])).tags)}


def tags_of(given: list[dict[str, str]]) -> dict[str, str]:
    """Raises InvalidParameterValueException, TagQuotaPerResourceExceeded."""
    tags = {tag.get("Key", ""): tag.get("Value", "") for tag in given}
    for key, value in tags.items():
        if not 1 <= len(key) <= 128 or len(value) > 256 or key.lower().startswith("aws:"):
            raise errors.invalid_value(f"The tag {key} is not valid.")
    if len(tags) > limits.TAGS:
        raise errors.too_many_tags(limits.TAGS)
    return tags


def shape(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def _keep(ctx: Context, cluster: Cluster, tags: dict[str, str]) -> dict[str, Any]:
    if len(tags) > limits.TAGS:
        raise errors.too_many_tags(limits.TAGS)
    clusters.put(ctx, cluster.with_(tags=tags), cluster.name)
    return {"Tags": shape(tags)}


async def _cluster(ctx: Context, arn: str) -> Cluster:
    """Raises InvalidARNFault, ClusterNotFoundFault, InvalidClusterStateFault."""
    prefix, _, name = arn.rpartition("/")
    if prefix + "/" != cluster_arn(ctx, "") or not name:
        raise errors.invalid_arn(arn)
    return await find_available(ctx, name)
