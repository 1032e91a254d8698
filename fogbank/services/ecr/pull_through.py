"""Pull through cache rules. They are kept and described; images come through only from registries of this server.

rules (prefix)   Rule
https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html
"""

from __future__ import annotations

import re

import msgspec

from fogbank.kernel import AWSError, Context, Record
from fogbank.services.ecr import errors, limits, paging
from fogbank.services.ecr.records import Answer, Request, registry_of
from fogbank.services.ecr.service import service

# The upstream registries that AWS knows by their URLs.
_UPSTREAMS = (
    ("ecr-public", re.compile(r"public\.ecr\.aws")),
    ("quay", re.compile(r"quay\.io")),
    ("k8s", re.compile(r"registry\.k8s\.io")),
    ("docker-hub", re.compile(r"registry-1\.docker\.io")),
    ("github-container-registry", re.compile(r"ghcr\.io")),
    ("azure-container-registry", re.compile(r"[a-z0-9-]+\.azurecr\.io")),
    ("gitlab-container-registry", re.compile(r"registry\.gitlab\.com")),
    ("chainguard", re.compile(r"cgr\.dev")),
    ("ecr", re.compile(r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com")),
)
_WITH_CREDENTIALS = frozenset(
    {"docker-hub", "github-container-registry", "azure-container-registry", "gitlab-container-registry", "chainguard"}
)


class Rule(Record, frozen=True):
    """`credential` and `role` are ARNs, and like `upstream_prefix` empty where none was told; times are epoch seconds."""

    prefix: str
    url: str
    upstream: str
    credential: str
    role: str
    upstream_prefix: str
    created: float
    updated: float


rules = service.collection("pull-through-rules", Rule)


def _shape(rule: Rule) -> Answer:
    return {
        "ecrRepositoryPrefix": rule.prefix,
        "upstreamRegistryUrl": rule.url,
        "createdAt": rule.created,
        "upstreamRegistry": rule.upstream,
        "credentialArn": rule.credential or None,
        "customRoleArn": rule.role or None,
        "upstreamRepositoryPrefix": rule.upstream_prefix or None,
        "updatedAt": rule.updated,
    }


def _answer(ctx: Context, rule: Rule, *without: str) -> Answer:
    shape = {**_shape(rule), "registryId": ctx.account}
    return {name: value for name, value in shape.items() if name not in without}


@service.operation
async def create_pull_through_cache_rule(ctx: Context, request: Request) -> Answer:
    registry = registry_of(ctx, request)
    prefix, url = request["ecrRepositoryPrefix"].rstrip("/"), request["upstreamRegistryUrl"]
    upstream = request.get("upstreamRegistry") or _upstream_of(url)
    if await rules.get(registry, prefix) is not None:
        raise errors.rule_exists(prefix, registry.account)
    if await rules.count(registry) >= limits.PULL_THROUGH_RULES:
        raise errors.limit_exceeded("pull through cache rules")
    credential, role = request.get("credentialArn") or "", request.get("customRoleArn") or ""
    if upstream == "ecr" and not role and registry.account not in url:
        raise errors.validation("customRoleArn is required for an upstream registry of another account")
    await _check_credential(ctx, upstream, credential)
    now = ctx.now()
    upstream_prefix = request.get("upstreamRepositoryPrefix") or ""
    rule = Rule(prefix, url, upstream, credential, role, upstream_prefix, now, now)
    rules.put(registry, rule, prefix)
    return _answer(registry, rule, "updatedAt")


def _upstream_of(url: str) -> str:
    host = url.removeprefix("https://").rstrip("/")
    found = next((name for name, pattern in _UPSTREAMS if pattern.fullmatch(host)), None)
    if found is None:
        raise errors.unsupported_upstream(url)
    return found


async def _check_credential(ctx: Context, upstream: str, credential: str) -> None:
    """Raise unless the secret that an upstream needs is there, and the caller may know of it."""
    if upstream in _WITH_CREDENTIALS and not credential:
        raise errors.validation(f"credentialArn is required for the upstream registry {upstream}")
    if not credential:
        return
    try:
        await ctx.call("secretsmanager", "DescribeSecret", {"SecretId": credential}, as_caller=True)
    except AWSError as error:
        if error.code == "ResourceNotFoundException":
            raise errors.secret_not_found(credential) from error
        raise errors.secret_out_of_reach(credential) from error


async def _find(ctx: Context, request: Request) -> Rule:
    prefix = request["ecrRepositoryPrefix"].rstrip("/")
    rule = await rules.get(ctx, prefix)
    if rule is None:
        raise errors.rule_not_found(prefix, ctx.account)
    return rule


@service.operation
async def update_pull_through_cache_rule(ctx: Context, request: Request) -> Answer:
    registry = registry_of(ctx, request)
    rule = await _find(registry, request)
    credential, role = request.get("credentialArn") or rule.credential, request.get("customRoleArn") or rule.role
    await _check_credential(ctx, rule.upstream, credential)
    changed = msgspec.structs.replace(rule, credential=credential, role=role, updated=ctx.now())
    rules.put(registry, changed, rule.prefix)
    return _answer(registry, changed, "createdAt", "upstreamRegistryUrl", "upstreamRegistry")


@service.operation
async def delete_pull_through_cache_rule(ctx: Context, request: Request) -> Answer:
    registry = registry_of(ctx, request)
    rule = await _find(registry, request)
    rules.delete(registry, rule.prefix)
    return _answer(registry, rule, "updatedAt", "upstreamRegistry")


@service.operation
async def describe_pull_through_cache_rules(ctx: Context, request: Request) -> Answer:
    registry = registry_of(ctx, request)
    prefixes = request.get("ecrRepositoryPrefixes")
    if prefixes:
        found = [await _find(registry, {"ecrRepositoryPrefix": each}) for each in dict.fromkeys(prefixes)]
    else:
        found = await rules.scan(registry)
    shown, token = paging.page(request, found, lambda rule: rule.prefix)
    return {"pullThroughCacheRules": [_answer(registry, rule) for rule in shown], "nextToken": token}


@service.operation
async def validate_pull_through_cache_rule(ctx: Context, request: Request) -> Answer:
    """A rule is valid when its upstream can be reached, which from here none can."""
    registry = registry_of(ctx, request)
    rule = await _find(registry, request)
    answer = _answer(registry, rule, "createdAt", "updatedAt", "upstreamRegistry")
    return {**answer, "isValid": False, "failure": errors.upstream_out_of_reach().message}


async def is_upstream(ctx: Context, name: str) -> bool:
    """Would a repository of this name, which is not there, be fetched from somewhere else?"""
    return any(f"{name}/".startswith(f"{rule.prefix}/") or rule.prefix == "ROOT" for rule in await rules.scan(ctx))
