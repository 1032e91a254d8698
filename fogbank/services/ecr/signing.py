"""Managed signing: what is to be signed is kept, and a signature fails and says why: there is no AWS Signer.

signing ()   the configuration, as the API has it
https://docs.aws.amazon.com/AmazonECR/latest/userguide/managed-signing.html
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from fogbank.kernel import Context
from fogbank.services.ecr import errors, image_ids
from fogbank.services.ecr.records import ON_REPOSITORY, Answer, Request, find
from fogbank.services.ecr.service import service

configurations = service.collection("signing", dict, cached=True)


async def _chosen(ctx: Context) -> dict[str, Any]:
    chosen = await configurations.get(ctx)
    if chosen is None:
        raise errors.no_signing_configuration(ctx.account)
    return chosen


@service.operation
async def put_signing_configuration(ctx: Context, request: Request) -> Answer:
    configurations.put(ctx, request["signingConfiguration"])
    return {"signingConfiguration": request["signingConfiguration"]}


@service.operation
async def get_signing_configuration(ctx: Context, request: Request) -> Answer:
    return {"registryId": ctx.account, "signingConfiguration": await _chosen(ctx)}


@service.operation
async def delete_signing_configuration(ctx: Context, request: Request) -> Answer:
    chosen = await _chosen(ctx)
    configurations.delete(ctx)
    return {"registryId": ctx.account, "signingConfiguration": chosen}


@service.operation(**ON_REPOSITORY)
async def describe_image_signing_status(ctx: Context, request: Request) -> Answer:
    home = await find(ctx, request)
    image = await image_ids.find(home, request["imageId"])
    chosen = await configurations.get(home.ctx) or {"rules": []}
    profiles = [
        rule["signingProfileArn"]
        for rule in chosen["rules"]
        if any(fnmatchcase(home.name, each["filter"]) for each in rule.get("repositoryFilters") or [{"filter": "*"}])
    ]
    return {
        **home.names,
        "imageId": {"imageDigest": image.digest, "imageTag": request["imageId"].get("imageTag")},
        "signingStatuses": [
            {
                "signingProfileArn": profile,
                "status": "FAILED",
                "failureCode": "SignerUnavailable",
                "failureReason": "There is no AWS Signer that could sign the image.",
            }
            for profile in dict.fromkeys(profiles)
        ],
    }
