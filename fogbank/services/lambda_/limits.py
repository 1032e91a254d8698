"""Quotas. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

MIB = 1024 * 1024

ZIP_BYTES = 50 * MIB
"""Of a package in the request; a package in S3 is only limited unzipped."""
UNZIPPED_BYTES = 250 * MIB
TOTAL_CODE_BYTES = 75 * 1024 * MIB
NAME = 64
LAYERS = 5
ENVIRONMENT_BYTES = 4096
TIMEOUT_SECONDS = 900
MEMORY_MIB = SCRATCH_MIB = 10_240
"""Of functions that Lambda finds the machines for; on a capacity provider's they may have more."""
SYNC_BYTES = 6 * MIB
ASYNC_BYTES = MIB
CONCURRENCY = 1000
UNRESERVED = 100
"""So much of the account's concurrency cannot be reserved."""
TAGS = 50
LISTED = 50
LISTED_MOST = 10_000
LOG_TAIL_BYTES = 4096
ASYNC_SECONDS = 6 * 3600
ASYNC_RETRIES = 2
