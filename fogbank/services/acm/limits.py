"""What ACM allows, and how long things take: https://docs.aws.amazon.com/acm/latest/userguide/acm-limits.html, as data."""

from typing import Final

DAY: Final = 86_400

CERTIFICATES: Final = 2_500
DOMAIN_NAMES: Final = 100
COMMON_NAME_LENGTH: Final = 64
PRIVATE_KEY_BYTES: Final = 5_120
TAGS: Final = 50
PAGE: Final = 1_000
SUMMARY_NAMES: Final = 100

# https://docs.aws.amazon.com/acm/latest/userguide/acm-certificate-characteristics.html (validity),
# https://docs.aws.amazon.com/acm/latest/userguide/managed-renewal.html
VALID_DAYS: Final = 198
PRIVATE_VALID_DAYS: Final = 395
RENEWED_DAYS_BEFORE: Final = 45
PRIVATE_RENEWED_DAYS_BEFORE: Final = 60

# API_GetAccountConfiguration
DAYS_BEFORE_EXPIRY: Final = 45

# "ACM makes repeated attempts to validate a certificate for 72 hours and then times out"
VALIDATION_TIMEOUT: Final = 72 * 3_600
VALIDATION_DELAY: Final = 2
VALIDATION_INTERVAL: Final = 30

# API_RequestCertificate, API_PutAccountConfiguration: idempotency tokens
TOKEN_SECONDS: Final = 3_600
