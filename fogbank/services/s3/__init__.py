"""Amazon S3: see docs/services/s3.md for what is real and what is not."""

from fogbank.services.s3 import (
    acls,
    buckets,
    configurations,
    copies,
    lists,
    locks,
    objects,
    policies,
    posts,
    provided,
    reads,
    tagging,
    upload_lists,
    uploads,
)
from fogbank.services.s3.service import service

__all__ = [
    "acls",
    "buckets",
    "configurations",
    "copies",
    "lists",
    "locks",
    "objects",
    "policies",
    "posts",
    "provided",
    "reads",
    "service",
    "tagging",
    "upload_lists",
    "uploads",
]
