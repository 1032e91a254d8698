"""Limits: https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-tables-regions-quotas.html"""

BUCKETS = 10
NAMESPACES = 10_000
TABLES = 10_000
TAGS = 50
PAGE = 1000
POLICY_BYTES = 20 * 1024
