"""Amazon S3 Vectors: vector buckets, indexes, vectors and searches. `records.py` says how they lie in the store."""

from fogbank.services.s3vectors import buckets, indexes, queries, resource_types, tags, vectors
from fogbank.services.s3vectors.service import service

__all__ = ["buckets", "indexes", "queries", "resource_types", "service", "tags", "vectors"]
