"""AWS Systems Manager: Parameter Store. The way in is `parameter.py`."""

from fogbank.services.ssm import (
    deleting,
    describing,
    labels,
    policies,
    reading,
    resource_types,
    settings,
    tags,
    writing,
)
from fogbank.services.ssm.service import service

__all__ = [
    "deleting",
    "describing",
    "labels",
    "policies",
    "reading",
    "resource_types",
    "service",
    "settings",
    "tags",
    "writing",
]
