"""Refusals. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetShardIterator.html and its neighbours."""

from __future__ import annotations

from fogbank.kernel import AWSError


def stream_not_found(arn: str) -> AWSError:
    return AWSError("ResourceNotFoundException", f"Requested resource not found: Stream: {arn} not found")


def shard_not_found(shard: str, arn: str) -> AWSError:
    return AWSError(
        "ResourceNotFoundException", f"Requested resource not found: Shard: {shard} in Stream: {arn} not found"
    )


def trimmed() -> AWSError:
    return AWSError(
        "TrimmedDataAccessException",
        "The operation attempted to read past the oldest stream record in a shard.",
    )


def expired_iterator() -> AWSError:
    return AWSError("ExpiredIteratorException", "The shard iterator has expired. Please get a new one.")


def invalid_iterator() -> AWSError:
    return AWSError("ValidationException", "Invalid ShardIterator")


def invalid_arn() -> AWSError:
    return AWSError("ValidationException", "Invalid StreamArn")


def sequence_number_missing(kind: str) -> AWSError:
    return AWSError("ValidationException", f"SequenceNumber is required when ShardIteratorType is {kind}")


def sequence_number_unwanted(kind: str) -> AWSError:
    return AWSError("ValidationException", f"SequenceNumber must not be specified when ShardIteratorType is {kind}")


def invalid_sequence_number(text: str) -> AWSError:
    return AWSError("ValidationException", f"Invalid SequenceNumber: {text}")


def timestamp_missing() -> AWSError:
    return AWSError("ValidationException", "Timestamp is required when ShardIteratorType is AT_TIMESTAMP")


def limit_out_of_range(value: int, most: int) -> AWSError:
    return AWSError(
        "ValidationException",
        f"1 validation error detected: Value '{value}' at 'limit' failed to satisfy constraint: "
        f"Member must have value less than or equal to {most}",
    )
