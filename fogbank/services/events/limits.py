"""What EventBridge allows: the quotas page of its user guide and its API reference, as data.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
"""

from typing import Final

ENTRY_BYTES: Final = 1_048_576
TIME_BYTES: Final = 14
BUSES: Final = 100
RULES_PER_BUS: Final = 300
TARGETS_PER_RULE: Final = 5
POLICY_BYTES: Final = 10_240
PATTERN_COMBINATIONS: Final = 1000
TAGS: Final = 50
PAGE: Final = 100
CONNECTIONS: Final = 3000
API_DESTINATIONS: Final = 3000
ENDPOINTS: Final = 100

# API_RetryPolicy: what counts when a target says nothing
RETRY_ATTEMPTS: Final = 185
EVENT_AGE_SECONDS: Final = 86_400
# 185 attempts in 24 hours are one in eight minutes
BACKOFF_SECONDS: Final = 480.0

# eb-api-destinations: how long an endpoint has for its answer
HTTP_SECONDS: Final = 5.0
# API_CreateApiDestination
INVOCATIONS_PER_SECOND: Final = 300

# an event source without a bus goes after two weeks: API_CreatePartnerEventSource
EVENT_SOURCE_DAYS: Final = 14
# eb-replay-archived-event: replays are kept for 90 days
REPLAY_DAYS: Final = 90
REPLAYED_AT_ONCE: Final = 100
