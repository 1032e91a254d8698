"""Repository creation templates: what repositories are like that ECR makes by itself, for pushes, replication and upstreams.

templates (prefix)   Template
https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-creation-templates.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context, Record
from fogbank.services.ecr import errors, lifecycle, limits, paging, policies, repositories
from fogbank.services.ecr.records import Answer, Home, Repository, Request, arn_of
from fogbank.services.ecr.records import repositories as rows
from fogbank.services.ecr.service import service

ROOT = "ROOT"
CREATE_ON_PUSH, REPLICATION, PULL_THROUGH_CACHE = "CREATE_ON_PUSH", "REPLICATION", "PULL_THROUGH_CACHE"


class Template(Record, frozen=True):
    """`given` is what the request said, by the names of the API."""

    prefix: str
    given: dict[str, Any]
    created: float
    updated: float


templates = service.collection("templates", Template)

_KEPT = (
    "description",
    "encryptionConfiguration",
    "resourceTags",
    "imageTagMutability",
    "imageTagMutabilityExclusionFilters",
    "repositoryPolicy",
    "lifecyclePolicy",
    "appliedFor",
    "customRoleArn",
)


def _shape(template: Template) -> Answer:
    defaults = {"imageTagMutability": "MUTABLE", "encryptionConfiguration": {"encryptionType": "AES256"}}
    return {
        "prefix": template.prefix,
        **defaults,
        **template.given,
        "createdAt": template.created,
        "updatedAt": template.updated,
    }


def _answer(ctx: Context, template: Template) -> Answer:
    return {"registryId": ctx.account, "repositoryCreationTemplate": _shape(template)}


def _given(request: Request) -> dict[str, Any]:
    given = {name: request[name] for name in _KEPT if request.get(name) not in (None, "")}
    repositories.exclusions_of(given)
    if "repositoryPolicy" in given:
        policies.check_policy(given["repositoryPolicy"])
    if "lifecyclePolicy" in given:
        lifecycle.read(given["lifecyclePolicy"])
    if not request.get("customRoleArn") and (given.get("resourceTags") or _uses_kms(given)):
        raise errors.validation("customRoleArn is needed for templates with resource tags or KMS encryption")
    return given


def _uses_kms(given: dict[str, Any]) -> bool:
    return (given.get("encryptionConfiguration") or {}).get("encryptionType", "AES256") != "AES256"


@service.operation
async def create_repository_creation_template(ctx: Context, request: Request) -> Answer:
    prefix = request["prefix"].rstrip("/")
    if await templates.get(ctx, prefix) is not None:
        raise errors.template_exists(prefix, ctx.account)
    if await templates.count(ctx, limit=limits.TEMPLATES) >= limits.TEMPLATES:
        raise errors.limit_exceeded("repository creation templates")
    template = Template(prefix, _given(request), ctx.now(), ctx.now())
    templates.put(ctx, template, prefix)
    return _answer(ctx, template)


async def _find(ctx: Context, request: Request) -> Template:
    prefix = request["prefix"].rstrip("/")
    template = await templates.get(ctx, prefix)
    if template is None:
        raise errors.template_not_found(prefix, ctx.account)
    return template


@service.operation
async def update_repository_creation_template(ctx: Context, request: Request) -> Answer:
    """What the request does not name stays."""
    template = await _find(ctx, request)
    merged = {**template.given, **{name: request[name] for name in _KEPT if request.get(name) is not None}}
    changed = msgspec.structs.replace(template, given=_given(merged), updated=ctx.now())
    templates.put(ctx, changed, template.prefix)
    return _answer(ctx, changed)


@service.operation
async def delete_repository_creation_template(ctx: Context, request: Request) -> Answer:
    template = await _find(ctx, request)
    templates.delete(ctx, template.prefix)
    return _answer(ctx, template)


@service.operation
async def describe_repository_creation_templates(ctx: Context, request: Request) -> Answer:
    wanted = {each.rstrip("/") for each in request.get("prefixes") or []}
    found = [each for each in await templates.scan(ctx) if not wanted or each.prefix in wanted]
    shown, token = paging.page(request, found, lambda each: each.prefix)
    return {
        "registryId": ctx.account,
        "repositoryCreationTemplates": [_shape(each) for each in shown],
        "nextToken": token,
    }


# -- used


async def matching(ctx: Context, name: str, purpose: str) -> Template | None:
    """The template with the longest prefix of a repository's name that is for this purpose."""
    found = [each for each in await templates.scan(ctx) if purpose in (each.given.get("appliedFor") or [])]
    found = [each for each in found if each.prefix == ROOT or f"{name}/".startswith(f"{each.prefix}/")]
    return max(found, key=lambda each: -1 if each.prefix == ROOT else len(each.prefix), default=None)


async def make(ctx: Context, name: str, template: Template | None) -> Home:
    """A repository as the template says, or with ECR's defaults. In a transaction."""
    given = template.given if template is not None else {}
    request = {**given, "repositoryName": name, "tags": given.get("resourceTags")}
    repository: Repository = await repositories.make(ctx, request)
    home = Home(ctx, repository)
    if given.get("repositoryPolicy"):
        home = Home(ctx, home.change(policy=given["repositoryPolicy"]))
    if given.get("lifecyclePolicy"):
        await lifecycle.attach(home, given["lifecyclePolicy"])
    return home


async def create_on_push(ctx: Context, name: str) -> None:
    """Make the repository that somebody pushes to, if a template is for that and they may create it. Not in a transaction."""
    template = await ctx.transact(matching, ctx, name, CREATE_ON_PUSH)
    if template is None:
        return
    await ctx.authorise("ecr:CreateRepository", arn_of(ctx, name), owner=ctx.account)

    async def work() -> None:
        if await rows.get(ctx, name) is None:
            await make(ctx, name, template)

    await ctx.transact(work)
