"""Where a trail delivers: whether its bucket, topic, key and log group are there and let CloudTrail in. Called outside of transactions.

As on AWS, a trail's bucket gets an empty object where its files will lie, its topic a message, its log group a stream.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
"""

from __future__ import annotations

import re
from typing import Any

from fogbank.http import Payload
from fogbank.kernel import AWSError, Context
from fogbank.services.cloudtrail import errors, limits
from fogbank.services.cloudtrail.trail import Trail

_NO_KEY = ("NotFoundException", "InvalidArnException", "InvalidKeyId")
_LOG_GROUP = re.compile(r"arn:aws[a-z-]*:logs:([a-z0-9-]+):(\d{12}):log-group:([^:]+)(:\*)?")
_TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?")
_TOPIC_NAME = re.compile(r"[A-Za-z0-9_-]{1,256}")


async def key_of(ctx: Context, given: str) -> str:
    """The ARN of a KMS key. Raises KmsKeyNotFoundException, KmsKeyDisabledException."""
    try:
        found = (await ctx.call("kms", "DescribeKey", {"KeyId": given}, as_caller=True))["KeyMetadata"]
    except AWSError as error:
        if error.code in _NO_KEY:
            raise errors.key_not_found(given) from error
        raise
    if not found["Enabled"]:
        raise errors.key_disabled(given)
    return str(found["Arn"])


def topic_of(ctx: Context, given: str) -> str:
    """The ARN of a topic that is given by its name or its ARN. Raises InvalidSnsTopicNameException."""
    if _TOPIC.fullmatch(given):
        return given
    if not _TOPIC_NAME.fullmatch(given):
        raise errors.invalid_topic(given)
    return f"arn:{ctx.partition}:sns:{ctx.region}:{ctx.account}:{given}"


def folder(trail: Trail, account: str, kind: str = "CloudTrail") -> str:
    """Where the files of an account lie in a trail's bucket, with a slash at the end."""
    parts = (trail.prefix, "AWSLogs", trail.organization, account, kind)
    return "/".join(part for part in parts if part) + "/"


async def put_object(ctx: Context, trail: Trail, key: str, body: bytes, **more: Any) -> None:
    """Put an object into a trail's bucket, as CloudTrail. Raises what S3 raises."""
    request = {"Bucket": trail.bucket, "Key": key, "Body": Payload(body), "ACL": "bucket-owner-full-control", **more}
    if trail.key:
        request |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": trail.key}
    await ctx.call("s3", "PutObject", request, source_arn=trail.arn(ctx))


async def try_bucket(ctx: Context, trail: Trail) -> None:
    """Raises S3BucketDoesNotExistException, InsufficientS3BucketPolicyException, InsufficientEncryptionPolicyException."""
    try:
        await ctx.transact(_look_at_bucket, ctx, trail)
        await put_object(ctx, trail, folder(trail, ctx.account), b"")
    except AWSError as error:
        if error.code == "NoSuchBucket":
            raise errors.no_bucket(trail.bucket) from error
        if trail.key and "kms" in error.message.lower():
            raise errors.key_refuses() from error
        raise errors.bucket_refuses(trail.bucket) from error


async def _look_at_bucket(ctx: Context, trail: Trail) -> None:
    await ctx.call("s3", "GetBucketAcl", {"Bucket": trail.bucket}, source_arn=trail.arn(ctx))


async def try_topic(ctx: Context, trail: Trail) -> None:
    """Raises InsufficientSnsTopicPolicyException."""
    try:
        await publish(ctx, trail, "CloudTrail validation message.")
    except AWSError as error:
        raise errors.topic_refuses() from error


async def publish(ctx: Context, trail: Trail, message: str) -> None:
    """Tell a trail's topic something. Raises what SNS raises."""
    scope = ctx.at(region=trail.topic.split(":")[3])
    request = {"TopicArn": trail.topic, "Message": message}
    await scope.transact(_publish, scope, request, trail.arn(ctx))


async def _publish(scope: Context, request: dict[str, str], source: str) -> None:
    await scope.call("sns", "Publish", request, source_arn=source)


async def try_logs(ctx: Context, trail: Trail) -> None:
    """Raises InvalidCloudWatchLogsLogGroupArnException, InvalidCloudWatchLogsRoleArnException."""
    if not _LOG_GROUP.fullmatch(trail.log_group):
        raise errors.invalid_log_group("CloudTrail cannot validate the specified log group ARN")
    await ctx.pass_role(trail.role)
    try:
        await have_stream(ctx, trail, ctx.account, ctx.region)
    except AWSError as error:
        if error.code == "ResourceNotFoundException":
            raise errors.invalid_log_group("CloudTrail cannot find the specified log group") from error
        message = "Access denied. Verify in IAM that the role has adequate permissions."
        raise errors.invalid_logs_role(message) from error


async def have_stream(ctx: Context, trail: Trail, account: str, region: str) -> dict[str, str]:
    """The log group and stream of an account's events of a Region. Raises what CloudWatch Logs raises."""
    scope, group = _logs_scope(ctx, trail)
    where = {"logGroupName": group, "logStreamName": f"{account}_CloudTrail_{region}"}
    try:
        await scope.transact(_to_logs, scope, "CreateLogStream", where, trail.role)
    except AWSError as error:
        if error.code != "ResourceAlreadyExistsException":
            raise
    return where


async def put_log_events(ctx: Context, trail: Trail, where: dict[str, str], events: list[tuple[float, bytes]]) -> None:
    """Events (epoch seconds, record) in the order of their times. Raises what CloudWatch Logs raises."""
    scope, _ = _logs_scope(ctx, trail)
    fitting = [
        {"timestamp": int(time * 1000), "message": record.decode()}
        for time, record in events
        if len(record) <= limits.LOGS_EVENT_BYTES
    ]
    for begin in range(0, len(fitting), limits.LOGS_BATCH):
        part = {**where, "logEvents": fitting[begin : begin + limits.LOGS_BATCH]}
        await scope.transact(_to_logs, scope, "PutLogEvents", part, trail.role)


def _logs_scope(ctx: Context, trail: Trail) -> tuple[Context, str]:
    parts = _LOG_GROUP.fullmatch(trail.log_group)
    assert parts is not None
    return ctx.at(account=parts[2], region=parts[1]), parts[3]


async def _to_logs(scope: Context, operation: str, request: dict[str, Any], role: str) -> None:
    await scope.call("logs", operation, request, role=role)
