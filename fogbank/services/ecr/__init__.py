"""Amazon ECR: container images. `records.py` says how they are kept, `registry.py` is the protocol that they travel by."""

from fogbank.services.ecr import (
    authorization,
    creation_templates,
    image_lists,
    images,
    layers,
    lifecycle,
    policies,
    pull_through,
    registry_blobs,
    registry_manifests,
    replication,
    repositories,
    scanning,
    settings,
    signing,
    tagging,
)
from fogbank.services.ecr.service import service

__all__ = [
    "authorization",
    "creation_templates",
    "image_lists",
    "images",
    "layers",
    "lifecycle",
    "policies",
    "pull_through",
    "registry_blobs",
    "registry_manifests",
    "replication",
    "repositories",
    "scanning",
    "service",
    "settings",
    "signing",
    "tagging",
]
