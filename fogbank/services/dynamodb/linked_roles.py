"""The service-linked roles as which DynamoDB works: for replication, for Kinesis, for contributor insights.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/using-service-linked-roles.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fogbank.kernel import Context

REPLICATION = "replication.dynamodb.amazonaws.com"
KINESIS = "kinesisreplication.dynamodb.amazonaws.com"
INSIGHTS = "contributorinsights.dynamodb.amazonaws.com"
_NAMES = {
    REPLICATION: "AWSServiceRoleForDynamoDBReplication",
    KINESIS: "AWSServiceRoleForDynamoDBKinesisDataStreamsReplication",
    INSIGHTS: "AWSServiceRoleForDynamoDBCloudWatchContributorInsights",
}


async def require(ctx: Context, host: str) -> None:
    """See to it that the role is there. Raises AccessDenied where the caller may not have it made."""
    linked = _linked_roles(ctx)
    if await linked.find(ctx, host) is None:
        role = f"arn:{ctx.partition}:iam::{ctx.account}:role/aws-service-role/{host}/{_NAMES[host]}"
        await ctx.authorise("iam:CreateServiceLinkedRole", role, keys={"iam:AWSServiceName": host})
        await linked.ensure(ctx, host)


async def role(ctx: Context, host: str) -> str:
    """The ARN of the role in the context's account."""
    arn: str = await _linked_roles(ctx).ensure(ctx, host)
    return arn


def _linked_roles(ctx: Context) -> Any:
    iam = ctx.app.services.get("iam")
    assert iam is not None
    return iam.provided["linked_roles"]
