"""AWS Lambda: see docs/services/lambda.md for what is real and what is not.

`records` says what is kept and where it lies, `errors` has the refusals, `runtime` the environments in which functions run. The packages
beside them are the themes of Lambda; `function` is where to begin to read.
"""

from fogbank.services.lambda_ import resource_types
from fogbank.services.lambda_.capacity import capacity_providers, concurrency, provisioned, scaling_configs
from fogbank.services.lambda_.durable import callbacks, checkpoints, driving, listing, managing, pausing, timers
from fogbank.services.lambda_.function import aliases, changing, functions, publishing, runtime_management, tagging
from fogbank.services.lambda_.invocation import event_invoke, invoking, queueing, recursion, streaming
from fogbank.services.lambda_.layer import layer_permissions, layers
from fogbank.services.lambda_.package import code_signing, downloads
from fogbank.services.lambda_.permission import permissions, resource_policies
from fogbank.services.lambda_.service import service
from fogbank.services.lambda_.sources import consuming, event_sources
from fogbank.services.lambda_.url import url_requests, urls

__all__ = [
    "aliases",
    "callbacks",
    "capacity_providers",
    "changing",
    "checkpoints",
    "code_signing",
    "concurrency",
    "consuming",
    "downloads",
    "driving",
    "event_invoke",
    "event_sources",
    "functions",
    "invoking",
    "layer_permissions",
    "layers",
    "listing",
    "managing",
    "pausing",
    "permissions",
    "provisioned",
    "publishing",
    "queueing",
    "recursion",
    "resource_policies",
    "resource_types",
    "runtime_management",
    "scaling_configs",
    "service",
    "streaming",
    "tagging",
    "timers",
    "url_requests",
    "urls",
]
