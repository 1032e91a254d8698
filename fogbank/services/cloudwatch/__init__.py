"""Amazon CloudWatch metrics and alarms: see docs/services/cloudwatch.md for what is real and what is not."""

from fogbank.services.cloudwatch import (
    alarm_actions,
    alarms,
    anomaly_detectors,
    dashboards,
    datasets,
    evaluating,
    insight_rules,
    more_types,
    mute_rules,
    points,
    putting,
    queries,
    query_definitions,
    reading,
    resource_types,
    suppressing,
    tags,
)
from fogbank.services.cloudwatch.service import service

__all__ = [
    "alarm_actions",
    "alarms",
    "anomaly_detectors",
    "dashboards",
    "datasets",
    "evaluating",
    "insight_rules",
    "more_types",
    "mute_rules",
    "points",
    "putting",
    "queries",
    "query_definitions",
    "reading",
    "resource_types",
    "service",
    "suppressing",
    "tags",
]
