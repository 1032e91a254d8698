"""https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html"""

DAY = 86400
HISTORY_SECONDS = 90 * DAY
TRAILS = 5
TAGS = 50
PAGE = 50
SELECTORS = 5
CONDITIONS = 500
DATA_RESOURCES = 250
SHORTEST_NAME, LONGEST_NAME = 3, 128
LONGEST_PREFIX = 200

CHUNK_EVENTS = 100
"""So many events lie in one row of the history."""
CHUNKS_LOOKED_AT = 200
"""One call of LookupEvents looks at so many; what is further is on the next page, as AWS has pages that are not full."""
DELIVERY_SECONDS = 30
"""AWS delivers a log file about every five minutes."""
DIGEST_SECONDS = 3600
LOGS_BATCH = 500
"""So many events go to CloudWatch Logs with one call; those over 256 KB do not go there."""
LOGS_EVENT_BYTES = 256 * 1024
