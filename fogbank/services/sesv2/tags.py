"""Tags of identities, configuration sets, templates, contact lists and pools."""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import AWSError, Collection, Context
from fogbank.mail import problems
from fogbank.mail.records import arn_of, configuration_sets, identities, templates, verification_mails
from fogbank.services.sesv2.contacts import contact_lists
from fogbank.services.sesv2.pools import pools
from fogbank.services.sesv2.service import service
from fogbank.services.sesv2.shared import Answer, Request, tag_list, tag_map

_KINDS: dict[str, Collection[Any]] = {
    "identity": identities,
    "configuration-set": configuration_sets,
    "template": templates,
    "custom-verification-email-template": verification_mails,
    "contact-list": contact_lists,
    "dedicated-ip-pool": pools,
}


def _arn(ctx: Context, request: Request) -> str:
    return str(request["ResourceArn"])


async def find(ctx: Context, arn: str) -> tuple[Collection[Any], Any]:
    """The resource of an ARN, and where it is kept. Raises BadRequestException, NotFoundException."""
    kind, _, name = arn.split(":", 5)[-1].partition("/")
    if kind not in _KINDS or arn != arn_of(ctx, kind, name):
        raise problems.invalid(ctx, f"Invalid resource ARN: {arn}")
    found = await _KINDS[kind].get(ctx, name)
    if found is None:
        raise AWSError("NotFoundException", f"Resource {arn} does not exist.")
    return _KINDS[kind], found


@service.operation(resource=_arn)
async def tag_resource(ctx: Context, request: Request) -> None:
    collection, found = await find(ctx, request["ResourceArn"])
    tags = tag_map(ctx, request["Tags"], found.tags)
    collection.put(ctx, msgspec.structs.replace(found, tags=tags), found.name)


@service.operation(resource=_arn)
async def untag_resource(ctx: Context, request: Request) -> None:
    collection, found = await find(ctx, request["ResourceArn"])
    left = {key: value for key, value in found.tags.items() if key not in request["TagKeys"]}
    collection.put(ctx, msgspec.structs.replace(found, tags=left), found.name)


@service.operation(resource=_arn)
async def list_tags_for_resource(ctx: Context, request: Request) -> Answer:
    _, found = await find(ctx, request["ResourceArn"])
    return {"Tags": tag_list(found.tags)}
