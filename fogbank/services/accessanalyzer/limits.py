"""What Access Analyzer allows, as data: https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-quotas.html."""

from typing import Final

# analyzers per region, by their type
ANALYZERS: Final = {
    "ACCOUNT": 1,
    "ACCOUNT_UNUSED_ACCESS": 1,
    "ORGANIZATION": 20,
    "ORGANIZATION_UNUSED_ACCESS": 1,
}
ARCHIVE_RULES: Final = 100
TAGS: Final = 50
PREVIEWS_KEPT_SECONDS: Final = 24 * 3600
GENERATIONS_KEPT_SECONDS: Final = 7 * 86_400
GENERATIONS_AT_ONCE: Final = 1

# days after which access counts as unused, by default and at most
UNUSED_DAYS: Final = 90
UNUSED_DAYS_MOST: Final = 365
EXCLUSIONS: Final = 100
