"""AWS Step Functions. The language is in `language`, what walks through it in `interpreter`; `durable.py` and `express.py` run it."""

from fogbank.services.stepfunctions import (
    activities,
    aliases,
    describing,
    durable,
    ending,
    executions,
    express,
    history,
    machines,
    map_running,
    map_runs,
    resource_types,
    tags,
    trials,
    versions,
)
from fogbank.services.stepfunctions.service import service

__all__ = [
    "activities",
    "aliases",
    "describing",
    "durable",
    "ending",
    "executions",
    "express",
    "history",
    "machines",
    "map_running",
    "map_runs",
    "resource_types",
    "service",
    "tags",
    "trials",
    "versions",
]
