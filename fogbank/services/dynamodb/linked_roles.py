"""The service-linked roles as which DynamoDB works: for replication, for Kinesis, for contributor insights, for auto scaling.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/using-service-linked-roles.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fogbank.kernel import Context

REPLICATION = "replication.dynamodb.amazonaws.com"
KINESIS = "kinesisreplication.dynamodb.amazonaws.com"
INSIGHTS = "contributorinsights.dynamodb.amazonaws.com"
SCALING = "dynamodb.application-autoscaling.amazonaws.com"
_NAMES = {
    REPLICATION: "AWSServiceRoleForDynamoDBReplication",
    KINESIS: "AWSServiceRoleForDynamoDBKinesisDataStreamsReplication",
    INSIGHTS: "AWSServiceRoleForDynamoDBCloudWatchContributorInsights",
    SCALING: "AWSServiceRoleForApplicationAutoScaling_DynamoDBTable",
}


async def require(ctx: Context, host: str) -> None:
    """See to it that the role is there. Raises AccessDenied where the caller may not have it made."""
    linked = _linked_roles(ctx)
    if await linked.find(ctx, host) is None:
        await ctx.authorise("iam:CreateServiceLinkedRole", arn(ctx, host), keys={"iam:AWSServiceName": host})
        await linked.ensure(ctx, host)


def arn(ctx: Context, host: str) -> str:
    return f"arn:{ctx.partition}:iam::{ctx.account}:role/aws-service-role/{host}/{_NAMES[host]}"


async def role(ctx: Context, host: str) -> str:
    """The ARN of the role in the context's account."""
    made: str = await _linked_roles(ctx).ensure(ctx, host)
    return made


def _linked_roles(ctx: Context) -> Any:
    iam = ctx.app.services.get("iam")
    assert iam is not None
    return iam.provided["linked_roles"]
