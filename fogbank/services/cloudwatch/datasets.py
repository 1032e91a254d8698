"""The dataset of metrics, which every account has in every Region. A key of one's own cannot be associated with it yet.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetDataset.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.cloudwatch import errors
from fogbank.services.cloudwatch.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

_DEFAULT = "default"


def arn_of(ctx: Context) -> str:
    return f"arn:{ctx.partition}:cloudwatch:{ctx.region}:{ctx.account}:dataset/{_DEFAULT}"


def _arn(ctx: Context, request: Request) -> str:
    return arn_of(ctx)


def _require(ctx: Context, request: Request) -> None:
    if request["DatasetIdentifier"] not in (_DEFAULT, arn_of(ctx)):
        raise errors.not_found(f"The dataset {request['DatasetIdentifier']} does not exist.")


@service.operation(resource=_arn)
async def get_dataset(ctx: Context, request: Request) -> Answer:
    _require(ctx, request)
    return {"DatasetId": _DEFAULT, "Arn": arn_of(ctx)}


@service.operation(resource=_arn)
async def disassociate_dataset_kms_key(ctx: Context, request: Request) -> None:
    """There never is a key to take away."""
    _require(ctx, request)
    raise errors.not_found("The dataset has no associated KMS key.")
