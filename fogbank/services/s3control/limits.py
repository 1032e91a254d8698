"""Limits that the model does not have: https://docs.aws.amazon.com/general/latest/gr/s3.html"""

from __future__ import annotations

ACCESS_POINTS = 10_000  # of an account in a region
POLICY_BYTES = 20 * 1024
SCOPE_PREFIX_BYTES = 256
