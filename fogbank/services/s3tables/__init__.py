"""Amazon S3 Tables: table buckets, namespaces, Iceberg tables, and the Iceberg REST catalog. `records.py` has the storage layout."""

from fogbank.services.s3tables import (
    bucket_settings,
    buckets,
    catalog,
    namespaces,
    policies,
    replicas,
    replication,
    resource_types,
    table_settings,
    tables,
    tags,
    upkeep,
)
from fogbank.services.s3tables.service import service

__all__ = [
    "bucket_settings",
    "buckets",
    "catalog",
    "namespaces",
    "policies",
    "replicas",
    "replication",
    "resource_types",
    "service",
    "table_settings",
    "tables",
    "tags",
    "upkeep",
]
