"""How AWS words the refusals of authentication: S3 in one way, the rest in another."""

from __future__ import annotations

from functools import lru_cache

from fogbank.identity.errors.s3 import (
    S3_HEADER,
    S3_QUERY,
    form_field_missing,
    payload_hash_malformed,
    payload_hash_missing,
    two_mechanisms,
)
from fogbank.identity.errors.services import (
    EC2,
    JSON,
    QUERY,
    REST_JSON,
    Attempt,
    Refusals,
    basic_iso,
    extended_iso,
)

__all__ = [
    "S3_HEADER",
    "S3_QUERY",
    "S3_SERVICES",
    "Attempt",
    "Refusals",
    "basic_iso",
    "extended_iso",
    "form_field_missing",
    "payload_hash_malformed",
    "payload_hash_missing",
    "refusals",
    "two_mechanisms",
]

_BY_PROTOCOL = {
    "query": QUERY,
    "rest-xml": QUERY,
    "ec2": EC2,
    "json": JSON,
    "smithy-rpc-v2-cbor": JSON,
    "rest-json": REST_JSON,
}
S3_SERVICES = frozenset({"s3", "s3express", "s3-outposts", "s3-object-lambda"})


@lru_cache(maxsize=1024)
def refusals(service: str, protocol: str, presigned: bool) -> Refusals:
    """The words of a service (by signing name) in one of its protocols."""
    if service in S3_SERVICES:
        return S3_QUERY if presigned else S3_HEADER
    if service == "sqs" and protocol == "json":
        return REST_JSON
    return _BY_PROTOCOL.get(protocol, JSON)
