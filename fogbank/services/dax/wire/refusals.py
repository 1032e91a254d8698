"""Errors as clients take them: numbers that lead down a tree of kinds, a sentence, and what DynamoDB called it. Pure."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import AWSError
from fogbank.services.dax.wire import cbor

_OF_DYNAMODB = (4, 37, 38, 39)
_CODES = {
    "ProvisionedThroughputExceededException": (*_OF_DYNAMODB, 40),
    "ResourceNotFoundException": (*_OF_DYNAMODB, 41),
    "ConditionalCheckFailedException": (*_OF_DYNAMODB, 43),
    "ResourceInUseException": (*_OF_DYNAMODB, 45),
    "ValidationException": (*_OF_DYNAMODB, 46),
    "InternalFailure": (*_OF_DYNAMODB, 47),
    "ItemCollectionSizeLimitExceededException": (*_OF_DYNAMODB, 48),
    "LimitExceededException": (*_OF_DYNAMODB, 49),
    "ThrottlingException": (*_OF_DYNAMODB, 50),
    "TransactionCanceledException": (*_OF_DYNAMODB, 58),
    "RequestLimitExceeded": (*_OF_DYNAMODB, 61),
    "AccessDenied": (4, 37, 38, 42),
    "AccessDeniedException": (4, 37, 38, 42),
    # nobody has said who they are, or what they said is not true
    "MissingAuthenticationTokenException": (4, 23, 31, 32),
    "UnrecognizedClientException": (4, 23, 31, 33),
    "InvalidSignatureException": (4, 23, 31, 33),
}
# of another kind: the client reads the name
_OTHER = (*_OF_DYNAMODB, 44)


def refusal(error: AWSError, request_id: str, reasons: list[Any] | None = None) -> bytes:
    """`reasons` are those of a cancelled transaction: code, message and item of each of its parts, one after another."""
    code = "AccessDeniedException" if error.code == "AccessDenied" else error.code
    about: list[Any] = [request_id, code, error.status or 400]
    if reasons is not None:
        about.append(reasons)
    parts = [list(_CODES.get(error.code, _OTHER)), error.message, about]
    return b"".join(cbor.dumps(part) for part in parts)
