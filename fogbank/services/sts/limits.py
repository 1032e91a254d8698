"""Limits of STS: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html. Times are seconds."""

DEFAULT_ROLE_DURATION = 3600
LONGEST_CHAINED = 3600
LONGEST_SESSION = 43200
DEFAULT_USER_DURATION = 43200
LONGEST_ROOT = 3600
SESSION_POLICIES = 10
SESSION_POLICY_CHARACTERS = 2048
# What policies, ARNs and tags may take in packed form, in bytes. AWS tells only the percentage.
PACKED_BYTES = 2048
