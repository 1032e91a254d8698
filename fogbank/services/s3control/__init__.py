"""Amazon S3 Control: see docs/services/s3control.md for what is real and what is not."""

from fogbank.services.s3control import access_point_policies, access_points, blocks, job_runs, jobs, tags
from fogbank.services.s3control.service import service

__all__ = ["access_point_policies", "access_points", "blocks", "job_runs", "jobs", "service", "tags"]
