"""What SNS allows: https://docs.aws.amazon.com/general/latest/gr/sns.html and the API reference, as data."""

from typing import Final

MESSAGE_BYTES: Final = 262_144
LARGEST_MESSAGE_BYTES: Final = 1_048_576
SMALLEST_MAXIMUM_BYTES: Final = 1024
SUBSCRIPTIONS_OF_LARGE_TOPIC: Final = 100
LARGE_PROTOCOLS: Final = frozenset({"sqs", "lambda", "firehose"})
BATCH_ENTRIES: Final = 10
SUBJECT_LENGTH: Final = 100
SMS_LENGTH: Final = 1600
NAME_LENGTH: Final = 256
PAGE: Final = 100

TOPICS: Final = 100_000
FIFO_TOPICS: Final = 1000
SUBSCRIPTIONS: Final = 12_500_000
FIFO_SUBSCRIPTIONS: Final = 100
FILTERS_PER_TOPIC: Final = 200
TAGS: Final = 50

# Publish (MessageDeduplicationId)
DEDUPLICATION_SECONDS: Final = 300
# Subscribe: "Confirmation tokens are valid for two days"
TOKEN_SECONDS: Final = 2 * 86_400

# https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html
FILTER_KEYS: Final = 5
FILTER_COMBINATIONS: Final = 150
FILTER_BYTES: Final = 262_144

# https://docs.aws.amazon.com/sns/latest/dg/message-archiving-and-replay-topic-owner.html
ARCHIVE_DAYS: Final = 365

# https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
HTTP_RETRIES: Final = 100
HTTP_RETRY_SECONDS: Final = 3600
HTTP_TIMEOUT_SECONDS: Final = 15

# raw delivery to SQS takes the attributes along, of which a queue's message has no more
RAW_ATTRIBUTES: Final = 10

# API_PutDataProtectionPolicy
DATA_PROTECTION_LENGTH: Final = 30_720

# https://docs.aws.amazon.com/sns/latest/dg/sns-sms-sandbox-verifying-phone-numbers.html
SANDBOX_NUMBERS: Final = 10
PASSCODE_SECONDS: Final = 900
OPT_IN_DAYS: Final = 30

# https://docs.aws.amazon.com/sns/latest/dg/mobile-push-send-devicetoken.html, API_CreatePlatformEndpoint
USER_DATA_BYTES: Final = 2048

# https://docs.aws.amazon.com/sns/latest/dg/sns-message-data-protection-custom-data-identifiers.html
CUSTOM_IDENTIFIERS: Final = 10
CUSTOM_REGEX_LENGTH: Final = 200
