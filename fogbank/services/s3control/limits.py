"""Limits that the model does not have: https://docs.aws.amazon.com/general/latest/gr/s3.html"""

from __future__ import annotations

ACCESS_POINTS = 10_000  # of an account in a region
POLICY_BYTES = 20 * 1024
SCOPE_PREFIX_BYTES = 256
MULTI_REGION_BUCKETS = 17
ACCESS_GRANTS_LOCATIONS = 1_000  # of an instance
ACCESS_GRANTS = 100_000  # of an instance
STORAGE_LENS_GROUPS = 50
