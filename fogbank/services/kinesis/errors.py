"""Refusals. https://docs.aws.amazon.com/kinesis/latest/APIReference/API_Operations.html"""

from __future__ import annotations

from time import gmtime, strftime

from fogbank.kernel import AWSError, Context


def invalid_argument(message: str) -> AWSError:
    return AWSError("InvalidArgumentException", message)


def validation(message: str) -> AWSError:
    return AWSError("ValidationException", message)


def stream_not_found(ctx: Context, name: str) -> AWSError:
    return AWSError("ResourceNotFoundException", f"Stream {name} under account {ctx.account} not found.")


def no_stream_named() -> AWSError:
    return invalid_argument("Either StreamName or StreamARN must be specified.")


def names_differ() -> AWSError:
    return invalid_argument("StreamARN and StreamName must refer to the same stream.")


def stream_exists(ctx: Context, name: str) -> AWSError:
    return AWSError("ResourceInUseException", f"Stream {name} under account {ctx.account} already exists.")


def stream_not_active(ctx: Context, name: str, status: str) -> AWSError:
    return AWSError(
        "ResourceInUseException",
        f"Stream {name} under account {ctx.account} not ACTIVE, instead in state {status}",
    )


def too_many_shards(ctx: Context, count: int, limit: int, more: int) -> AWSError:
    return AWSError(
        "LimitExceededException",
        f"This request would exceed the shard limit for the account {ctx.account} in {ctx.region}. Current shard count for the "
        f"account: {count}. Limit: {limit}. Number of additional shards that would have resulted from this request: {more}. "
        f"Refer to the AWS Service Limits page (https://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) "
        f"for current limits and how to request higher limits.",
    )


def too_many_on_demand(ctx: Context, limit: int) -> AWSError:
    return AWSError(
        "LimitExceededException",
        f"This request would exceed the on-demand stream limit for the account {ctx.account} in {ctx.region}. Limit: {limit}.",
    )


def shard_not_found(ctx: Context, stream: str, shard: str) -> AWSError:
    return AWSError(
        "ResourceNotFoundException", f"Could not find shard {shard} in stream {stream} under account {ctx.account}."
    )


def shard_closed(ctx: Context, stream: str, shard: str) -> AWSError:
    return AWSError(
        "ResourceInUseException",
        f"Shard {shard} in stream {stream} under account {ctx.account} has already been merged or split, "
        f"and thus is not eligible for merging or splitting.",
    )


def not_adjacent(ctx: Context, stream: str, one: str, other: str) -> AWSError:
    return invalid_argument(
        f"Shards {one} and {other} in stream {stream} under account {ctx.account} are not an adjacent pair of shards "
        f"eligible for merging"
    )


def bad_split(ctx: Context, stream: str, shard: str, key: str, start: int, end: int) -> AWSError:
    return invalid_argument(
        f"NewStartingHashKey {key} used in SplitShard() on shard {shard} in stream {stream} under account {ctx.account} is not "
        f"both greater than one plus the shard's StartingHashKey {start} and less than the shard's EndingHashKey {end}."
    )


def bad_hash_key(key: str) -> AWSError:
    return invalid_argument(
        f"Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was {key}"
    )


def record_too_large(maximum: int) -> AWSError:
    return invalid_argument(f"Record size exceeds the maximum record size of the stream: {maximum} bytes.")


def records_too_large(maximum: int) -> AWSError:
    return invalid_argument(f"Records size exceeds {maximum // 2**20} MB limit")


def bad_sequence_number(ctx: Context, operation: str, stream: str, shard: str, number: str) -> AWSError:
    return invalid_argument(
        f"StartingSequenceNumber {number} used in {operation} on shard {shard} in stream {stream} under account {ctx.account} "
        f"is invalid because it did not come from this stream."
    )


def bad_ordering_number(number: str) -> AWSError:
    return invalid_argument(f"SequenceNumberForOrdering {number} is invalid because it did not come from this stream.")


def sequence_number_missing(kind: str) -> AWSError:
    return invalid_argument(f"Must specify StartingSequenceNumber for an iterator of type {kind}.")


def timestamp_missing() -> AWSError:
    return invalid_argument("Must specify Timestamp for an iterator of type AT_TIMESTAMP.")


def timestamp_in_future(given: float, now: float) -> AWSError:
    return invalid_argument(
        f"The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. "
        f"timestampInMillis: {int(given * 1000)}, currentTimestampInMillis: {int(now * 1000)}"
    )


def invalid_iterator() -> AWSError:
    return invalid_argument("Invalid ShardIterator.")


def expired_iterator(made: float, now: float) -> AWSError:
    return AWSError(
        "ExpiredIteratorException",
        f"Iterator expired. The iterator was created at time {_date(made)} while right now it is {_date(now)} which is further "
        f"in the future than the tolerated delay of 300000 milliseconds.",
    )


def _date(moment: float) -> str:
    return strftime("%a %b %d %H:%M:%S UTC %Y", gmtime(moment))


def invalid_token() -> AWSError:
    return invalid_argument("The specified NextToken is invalid.")


def expired_token() -> AWSError:
    return AWSError("ExpiredNextTokenException", "The specified NextToken has expired.")


def token_with_stream() -> AWSError:
    return invalid_argument("NextToken and StreamName cannot be provided together.")


def throttled(shard: str, stream: str, account: str) -> AWSError:
    return AWSError(
        "ProvisionedThroughputExceededException",
        f"Rate exceeded for shard {shard} in stream {stream} under account {account}.",
    )


def retention_too_long(hours: int, stream: str, maximum: int) -> AWSError:
    return invalid_argument(
        f"Requested retention period ({hours} hours) for stream {stream} can not be longer than "
        f"its maximum retention period ({maximum} hours)."
    )


def retention_too_short(hours: int, minimum: int) -> AWSError:
    return invalid_argument(
        f"Minimum allowed retention period is {minimum} hours. Requested retention period ({hours} hours) is too short."
    )


def retention_not_longer(hours: int, stream: str, existing: int) -> AWSError:
    return invalid_argument(
        f"Requested retention period ({hours} hours) for stream {stream} can not be shorter than "
        f"existing retention period ({existing} hours). Use DecreaseRetentionPeriod API."
    )


def retention_not_shorter(hours: int, stream: str, existing: int) -> AWSError:
    return invalid_argument(
        f"Requested retention period ({hours} hours) for stream {stream} can not be longer than "
        f"existing retention period ({existing} hours). Use IncreaseRetentionPeriod API."
    )


def scaled_too_far(direction: str, current: int, target: int) -> AWSError:
    bound = "over double" if direction == "up" else "below half"
    return AWSError(
        "LimitExceededException",
        f"UpdateShardCount cannot scale {direction} {bound} your current open shard count. "
        f"Current open shard count: {current} Target shard count: {target}",
    )


def on_demand(ctx: Context, name: str) -> AWSError:
    return validation(f"Request is invalid. Stream {name} under account {ctx.account} is in On-Demand mode.")


def consumer_exists(ctx: Context, name: str, stream: str) -> AWSError:
    return AWSError(
        "ResourceInUseException",
        f"Consumer {name} under stream {stream} already exists for account {ctx.account}.",
    )


def consumer_not_found(ctx: Context, name: str) -> AWSError:
    return AWSError("ResourceNotFoundException", f"Consumer {name} under account {ctx.account} not found.")


def consumer_not_active(ctx: Context, consumer: str, created: float, stream: str, status: str) -> AWSError:
    return AWSError(
        "ResourceInUseException",
        f"Consumer {consumer} with creation timestamp {int(created)} under stream: {stream}, account {ctx.account} "
        f"is not in ACTIVE status, instead in state {status}.",
    )


def too_many_consumers(stream: str, limit: int) -> AWSError:
    return AWSError("LimitExceededException", f"Stream {stream} has reached the limit of {limit} registered consumers.")


def queue_exists(ctx: Context, name: str) -> AWSError:
    return AWSError("ResourceInUseException", f"Queue {name} under account {ctx.account} already exists.")


def queue_not_found(ctx: Context, arn: str) -> AWSError:
    name = arn.partition("/")[2]
    return AWSError("ResourceNotFoundException", f"Queue {name} under account {ctx.account} not found.")


def queue_not_active(ctx: Context, name: str, status: str) -> AWSError:
    return AWSError(
        "ResourceInUseException", f"Queue {name} under account {ctx.account} not ACTIVE, instead in state {status}"
    )


def queues_left(ctx: Context, name: str) -> AWSError:
    return AWSError(
        "ResourceInUseException", f"Stream {name} under account {ctx.account} has queues, which must be deleted first."
    )


def channel_exists(ctx: Context, name: str) -> AWSError:
    return AWSError("ResourceInUseException", f"Channel {name} under account {ctx.account} already exists.")


def channel_not_found(ctx: Context, arn: str) -> AWSError:
    return AWSError("ResourceNotFoundException", f"Channel {arn} under account {ctx.account} not found.")


def channel_not_active(ctx: Context, name: str, status: str) -> AWSError:
    return AWSError(
        "ResourceInUseException", f"Channel {name} under account {ctx.account} not ACTIVE, instead in state {status}"
    )


def channels_left(ctx: Context, name: str) -> AWSError:
    return AWSError(
        "ResourceInUseException",
        f"Stream {name} under account {ctx.account} has channels, which must be deleted first.",
    )


def too_many_channels(stream: str, limit: int) -> AWSError:
    return AWSError("LimitExceededException", f"Stream {stream} has {limit} channel to Amazon S3, which is the limit.")


def consumers_left(ctx: Context, name: str) -> AWSError:
    return AWSError(
        "ResourceInUseException",
        f"Stream {name} under account {ctx.account} has enhanced fan-out consumers. "
        f"Deregister them first, or set EnforceConsumerDeletion.",
    )


def subscribed_recently(consumer: str, shard: str) -> AWSError:
    return AWSError(
        "ResourceInUseException",
        f"Another active subscription exists for this consumer: {consumer}, shard: {shard}; "
        f"a new one can be made 5 seconds after the last one.",
    )


def no_policy(arn: str) -> AWSError:
    return AWSError("ResourceNotFoundException", f"No resource policy found for resource ARN {arn}.")


def too_many_tags(limit: int) -> AWSError:
    return invalid_argument(
        f"Failed to add tags to stream because a given stream cannot have more than {limit} tags associated with it."
    )


def bad_tag(what: str) -> AWSError:
    return invalid_argument(what)
