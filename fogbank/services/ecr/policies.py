"""Policies of repositories and of the registry: who else may push and pull, and who may replicate into it.

https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policies.html and registry-permissions.html
"""

from __future__ import annotations

import json
from typing import Any

from fogbank.identity.condition_keys import ConditionKeys, Situation
from fogbank.identity.policy import Access, compiled
from fogbank.identity.policy_grammar import MalformedPolicy, check
from fogbank.kernel import Context
from fogbank.services.ecr import errors
from fogbank.services.ecr.records import ON_REPOSITORY, Answer, Home, Request, find
from fogbank.services.ecr.service import service

# registry-policies ()   the registry's policy, JSON
registry_policies = service.collection("registry-policies", str, cached=True)


def check_policy(text: str) -> None:
    """Raise InvalidParameterException unless ECR takes the policy. Statements of repositories have no Resource."""
    try:
        check(_completed(text), "resource")
    except MalformedPolicy as error:
        raise errors.invalid_policy(error.message) from error


def _completed(text: str) -> str:
    try:
        document: Any = json.loads(text)
        listed = document["Statement"]
        statements = [dict(each) for each in (listed if isinstance(listed, list) else [listed])]
    except (ValueError, KeyError, TypeError, RecursionError):
        return text
    for statement in statements:
        if "NotResource" not in statement:
            statement.setdefault("Resource", "*")
    return json.dumps({**document, "Statement": statements})


# -- repositories


@service.operation(**ON_REPOSITORY)
async def set_repository_policy(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_SetRepositoryPolicy.html"""
    home = await find(ctx, request)
    text = request["policyText"]
    check_policy(text)
    if not request.get("force") and _locks_out(home, text):
        raise errors.locks_out()
    home.change(policy=text)
    return {**home.names, "policyText": text}


def _locks_out(home: Home, text: str) -> bool:
    """Would the policy keep the caller from setting the next one?"""
    ctx = home.ctx
    keys = ConditionKeys(Situation(ctx.principal, ctx.region, ctx.now(), ctx.request, {}, {}, None, ctx.account))
    access = Access(ctx.principal, "ecr:SetRepositoryPolicy", home.arn, keys)
    return compiled(text).evaluate(access).denied_by is not None


@service.operation(**ON_REPOSITORY)
async def get_repository_policy(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetRepositoryPolicy.html"""
    home = await find(ctx, request)
    if not home.repository.policy:
        raise errors.no_repository_policy(home.name, home.ctx.account)
    return {**home.names, "policyText": home.repository.policy}


@service.operation(**ON_REPOSITORY)
async def delete_repository_policy(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DeleteRepositoryPolicy.html"""
    home = await find(ctx, request)
    if not home.repository.policy:
        raise errors.no_repository_policy(home.name, home.ctx.account)
    home.change(policy="")
    return {**home.names, "policyText": home.repository.policy}


# -- the registry


@service.operation
async def put_registry_policy(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutRegistryPolicy.html"""
    check_policy(request["policyText"])
    registry_policies.put(ctx, request["policyText"])
    return {"registryId": ctx.account, "policyText": request["policyText"]}


@service.operation
async def get_registry_policy(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetRegistryPolicy.html"""
    return {"registryId": ctx.account, "policyText": await _registry_policy(ctx)}


@service.operation
async def delete_registry_policy(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DeleteRegistryPolicy.html"""
    text = await _registry_policy(ctx)
    registry_policies.delete(ctx)
    return {"registryId": ctx.account, "policyText": text}


async def _registry_policy(ctx: Context) -> str:
    text = await registry_policies.get(ctx)
    if text is None:
        raise errors.no_registry_policy(ctx.account)
    return text
