"""AWS X-Ray: traces, what can be found in them, and the rules by which requests are sampled."""

from fogbank.services.xray import (
    destinations,
    encryption,
    graph_operations,
    groups,
    insights,
    otlp,
    policies,
    resource_types,
    retrievals,
    sampling_rules,
    sampling_targets,
    searching,
    sending,
    tagging,
)
from fogbank.services.xray.service import service

__all__ = [
    "destinations",
    "encryption",
    "graph_operations",
    "groups",
    "insights",
    "otlp",
    "policies",
    "resource_types",
    "retrievals",
    "sampling_rules",
    "sampling_targets",
    "searching",
    "sending",
    "service",
    "tagging",
]
