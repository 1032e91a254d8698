"""Amazon S3 Control: see docs/services/s3control.md for what is real and what is not."""

from fogbank.services.s3control import (
    access_point_policies,
    access_points,
    blocks,
    data_access,
    grants,
    grants_instances,
    grants_locations,
    job_runs,
    jobs,
    lens,
    lens_exports,
    lens_groups,
    multi_region,
    object_lambda,
    outposts,
    resource_types,
    tags,
)
from fogbank.services.s3control.service import service

__all__ = [
    "access_point_policies",
    "access_points",
    "blocks",
    "data_access",
    "grants",
    "grants_instances",
    "grants_locations",
    "job_runs",
    "jobs",
    "lens",
    "lens_exports",
    "lens_groups",
    "multi_region",
    "object_lambda",
    "outposts",
    "resource_types",
    "service",
    "tags",
]
