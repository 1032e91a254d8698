"""What EventBridge Scheduler allows: https://docs.aws.amazon.com/scheduler/latest/UserGuide/scheduler-quotas.html, as data."""

from typing import Final

GROUPS: Final = 500
SCHEDULES: Final = 1_000_000
TAGS: Final = 50
PAGE: Final = 100

# API_RetryPolicy: what counts when a target says nothing
RETRY_ATTEMPTS: Final = 185
EVENT_AGE_SECONDS: Final = 86_400
# 185 attempts in 24 hours are one in eight minutes
BACKOFF_SECONDS: Final = 480.0

# how far in the past a StartDate may be
START_GRACE_SECONDS: Final = 300
# schedules invoke their targets within this time of their moment, so a moment that is no older still comes
PRECISION_SECONDS: Final = 60
