"""What ECR allows. https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html"""

# Bytes. What a client may send at once, and the least of a layer's parts but the last.
PART_BYTES = 20 << 20
LEAST_PART_BYTES = 5 << 20
LAYER_PARTS = 4200
LAYER_BYTES = 52000 << 20
MANIFEST_BYTES = 4 << 20

TAGS = 50
TAG_KEY_LENGTH = 128
TAG_VALUE_LENGTH = 256
TAGS_PER_IMAGE = 1000
LIFECYCLE_RULES = 50
PULL_THROUGH_RULES = 50
TEMPLATES = 500
REPLICATION_DESTINATIONS = 25
PULL_TIME_EXCLUSIONS = 100
BACKFILLS = 10

# Seconds. How long a token lets its holder in, a link to a layer leads there, and an upload that nobody ends is kept.
TOKEN_SECONDS = 12 * 3600
LINK_SECONDS = 3600
UPLOAD_SECONDS = 24 * 3600

# Rows of a page when nobody says how many.
PAGE = 100
REFERRERS = 50
