"""Limits: https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-vectors-limitations.html"""

BUCKETS = 10_000
INDEXES = 10_000
TAGS = 50
POLICY_BYTES = 20 * 1024

METADATA_BYTES = 40 * 1024
FILTERABLE_BYTES = 2 * 1024
METADATA_KEYS = 50

PAGE = 500  # of buckets and indexes, and of vectors unless more are asked for
PAGE_BYTES = 1024 * 1024  # of vectors listed
TOP_K = 10_000
RESULTS_PAGE = 100
