"""What SQS allows: the quotas pages of its developer guide, as data."""

from typing import Final

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
MESSAGE_BYTES: Final = 1_048_576
BATCH_BYTES: Final = 1_048_576
BATCH_ENTRIES: Final = 10
MESSAGE_ATTRIBUTES: Final = 10
ATTRIBUTE_NAME_LENGTH: Final = 256
DELAY_SECONDS: Final = 900
VISIBILITY_SECONDS: Final = 43_200
WAIT_SECONDS: Final = 20
RECEIVED_AT_ONCE: Final = 10

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html and quotas-fifo.html
IN_FLIGHT: Final = 120_000
TAGS: Final = 50
TAG_KEY_LENGTH: Final = 128
TAG_VALUE_LENGTH: Final = 256
PAGE: Final = 1000

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html
ACTIONS_PER_STATEMENT: Final = 7
STATEMENTS: Final = 20

# API_CreateQueue, API_PurgeQueue: seconds between two of the same
DELETED_RECENTLY_SECONDS: Final = 60
PURGE_SECONDS: Final = 60

# API_SendMessage (MessageDeduplicationId), API_ReceiveMessage (ReceiveRequestAttemptId)
DEDUPLICATION_SECONDS: Final = 300

# API_StartMessageMoveTask, API_ListMessageMoveTasks
MOVES_PER_SECOND: Final = 500
LISTED_MOVES: Final = 10

# API_SetQueueAttributes (RedrivePolicy, RedriveAllowPolicy)
RECEIVES: Final = 1000
SOURCE_QUEUES: Final = 10
