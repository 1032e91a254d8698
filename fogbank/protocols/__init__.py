"""The wire: every AWS protocol, compiled from botocore's models on first use.

model = load("sqs")
routed = route(model, request)
codec_ = codec(routed.operation, routed.protocol)
params = codec_.parse(request, routed.uri)
violations = codec_.violations(params)
response = codec_.serialize(result, request_id)
"""

from fogbank.protocols.codec import Codec, codec
from fogbank.protocols.errors import serialize_error
from fogbank.protocols.model import (
    OperationModel,
    ServiceIndex,
    ServiceModel,
    Shape,
    UnknownService,
    index,
    load,
    service_ids,
)
from fogbank.protocols.router import Routed, detect, route
from fogbank.protocols.violations import Violation, violations_message

__all__ = [
    "Codec",
    "OperationModel",
    "Routed",
    "ServiceIndex",
    "ServiceModel",
    "Shape",
    "UnknownService",
    "Violation",
    "codec",
    "detect",
    "index",
    "load",
    "route",
    "serialize_error",
    "service_ids",
    "violations_message",
]
