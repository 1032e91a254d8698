"""Delivery to S3: objects with records, with backups, and with records that failed.

https://docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html
"""

from __future__ import annotations

from collections.abc import Sequence

from fogbank.http import Payload
from fogbank.kernel import AWSError, Context
from fogbank.services.firehose import limits, metering, packing, prefixes, roles, settings
from fogbank.services.firehose.buffers import Item
from fogbank.services.firehose.delivery import Delivery
from fogbank.services.firehose.records import Settings, Stream
from fogbank.services.firehose.refusals import PROCESSING, Refused, Undelivered

_RANDOM = 11
_DENIED = (
    "Access was denied. Ensure that the trust policy for the provided IAM role allows Firehose to assume the role, "
    "and the access policy allows access to the S3 bucket."
)
_NO_BUCKET = "The specified bucket does not exist. Create the bucket or use a different bucket that does exist."


async def deliver(delivery: Delivery, items: list[Item]) -> None:
    """One object for each partition. Raises Undelivered."""
    bucket = delivery.settings
    groups, refused = _partitions(bucket, items)
    for group in groups:
        await _put_data(delivery, bucket, group, "DeliveryToS3")
    if refused:
        await put_refused(delivery, PROCESSING, refused)
    if prefixes.is_partitioned(bucket.get("Prefix") or ""):
        metering.partitioned(delivery.ctx, delivery.stream, len(groups))


def _partitions(bucket: Settings, items: list[Item]) -> tuple[list[list[Item]], list[Refused]]:
    """The records of each partition, and those that are in none."""
    prefix = bucket.get("Prefix") or ""
    query, function = (prefixes.keys_of(prefix, f"partitionKeyFrom{source}") for source in ("Query", "Lambda"))
    groups: dict[tuple[str, ...], list[Item]] = {}
    refused: list[Refused] = []
    for item in items:
        key = (
            *((item.query_keys or {}).get(name, "") for name in query),
            *((item.lambda_keys or {}).get(name, "") for name in function),
        )
        if not all(key):
            message = "Partition keys of the S3 prefix are null or empty."
            refused.append(Refused(item, "DynamicPartitioning.S3PrefixEvaluationFailed", message))
        elif key not in groups and len(groups) >= limits.PARTITIONS:
            message = f"The limit of {limits.PARTITIONS} active partitions is exceeded."
            refused.append(Refused(item, "DynamicPartitioning.ActivePartitionLimitExceeded", message))
        else:
            groups.setdefault(key, []).append(item)
    return list(groups.values()), refused


async def back_up(delivery: Delivery, items: list[Item]) -> None:
    """Records as they came, in the bucket for backups. Raises Undelivered."""
    name = "S3BackupDescription" if delivery.stream.kind == settings.EXTENDED else "S3DestinationDescription"
    await _put_data(delivery, delivery.settings[name], items, "BackupToS3")


async def _put_data(delivery: Delivery, bucket: Settings, items: list[Item], metric: str) -> None:
    values = _values(delivery.ctx, bucket, items)
    try:
        prefix = prefixes.of_data(bucket.get("Prefix") or "", values)
    except prefixes.NoKey as error:
        code = "DynamicPartitioning.S3PrefixEvaluationFailed"
        await put_refused(delivery, PROCESSING, [Refused(item, code, str(error)) for item in items])
        return
    kind = bucket["CompressionFormat"]
    extension = bucket.get("FileExtension") or packing.EXTENSIONS[kind]
    name = _name(delivery, values, extension)
    data = packing.packed(kind, b"".join(item.data for item in items), name.removesuffix(".zip"))
    try:
        await _put(delivery.ctx, delivery.stream, bucket, prefix + name, data)
    except Undelivered:
        metering.failed(delivery.ctx, delivery.stream, metric)
        raise
    metering.delivered(delivery.ctx, delivery.stream, metric, items)


async def put_refused(delivery: Delivery, error_type: str, refused: Sequence[Refused]) -> None:
    """One object with what is told of records that failed, a line for each. Raises Undelivered."""
    bucket = delivery.settings.get("S3DestinationDescription") or delivery.settings
    values = _values(delivery.ctx, bucket, [each.item for each in refused])._replace(error_type=error_type)
    own = bucket.get("Prefix") or ""
    prefix = prefixes.of_errors(own, bucket.get("ErrorOutputPrefix") or "", values)
    now = delivery.ctx.now()
    lines = b"".join(each.line(now) for each in refused)
    await _put(delivery.ctx, delivery.stream, bucket, prefix + _name(delivery, values, ""), lines)


def _values(ctx: Context, bucket: Settings, items: Sequence[Item]) -> prefixes.Values:
    oldest = min(items, key=lambda item: item.at)
    moment = prefixes.moment_of(oldest.at, settings.zone_of(bucket))
    random = ctx.ids.hex(_RANDOM)
    return prefixes.Values(moment, random, query_keys=oldest.query_keys, lambda_keys=oldest.lambda_keys)


def _name(delivery: Delivery, values: prefixes.Values, extension: str) -> str:
    stream = delivery.stream
    return prefixes.suffix(stream.name, stream.version, values.moment, delivery.ctx.ids.uuid(), extension)


async def _put(ctx: Context, stream: Stream, bucket: Settings, key: str, data: bytes) -> None:
    """Raises Undelivered."""
    request = {"Bucket": bucket["BucketARN"].rpartition(":")[2], "Key": key, "Body": Payload(data)}
    if kms := bucket["EncryptionConfiguration"].get("KMSEncryptionConfig"):
        request |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms["AWSKMSKeyARN"]}
    try:
        scope = await roles.acting(ctx, stream.arn, bucket["RoleARN"])
        await scope.call("s3", "PutObject", request, as_caller=True)
    except AWSError as error:
        raise _undelivered(error) from error


def _undelivered(error: AWSError) -> Undelivered:
    if error.code.startswith("AccessDenied"):
        return Undelivered("S3.AccessDenied", _DENIED)
    if error.code == "NoSuchBucket":
        return Undelivered("S3.NoSuchBucket", _NO_BUCKET)
    return Undelivered(f"S3.{error.code}", error.message)
