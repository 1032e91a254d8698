"""AWS Secrets Manager: secrets, their versions, replicas, policies, rotation. The way in is `secret.py`."""

from fogbank.services.secretsmanager import (
    lifecycle,
    lists,
    passwords,
    policies,
    replication,
    resource_types,
    rotation,
    saving,
    sharing,
    tags,
    values,
    versions,
)
from fogbank.services.secretsmanager.service import service

__all__ = [
    "lifecycle",
    "lists",
    "passwords",
    "policies",
    "replication",
    "resource_types",
    "rotation",
    "saving",
    "service",
    "sharing",
    "tags",
    "values",
    "versions",
]
