"""What EventBridge Pipes allows: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html, as data."""

from typing import Final

TAGS: Final = 50
PAGE: Final = 100
# how many batches of a queue are worked on at once
CONCURRENCY: Final = 10
