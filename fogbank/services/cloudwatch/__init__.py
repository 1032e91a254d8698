"""Amazon CloudWatch metrics and alarms: see docs/services/cloudwatch.md for what is real and what is not."""

from fogbank.services.cloudwatch import (
    alarm_actions,
    alarms,
    anomaly_detectors,
    dashboards,
    evaluating,
    insight_rules,
    mute_rules,
    points,
    putting,
    queries,
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
    "evaluating",
    "insight_rules",
    "mute_rules",
    "points",
    "putting",
    "queries",
    "reading",
    "resource_types",
    "service",
    "suppressing",
    "tags",
]
