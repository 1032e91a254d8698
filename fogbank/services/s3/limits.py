"""Documented limits of S3 (https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html), and the sizes that are ours."""

KEY_BYTES = 1024
METADATA_BYTES = 2048
REDIRECT_LENGTH = 2048
BUCKETS_PER_ACCOUNT = 10_000

# An upload in one piece, and the source of a copy in one piece.
OBJECT_BYTES = 5 * 1024**3
PARTS = 10_000
PART_BYTES_MIN = 5 * 1024**2
PART_BYTES_MAX = 5 * 1024**3
MULTIPART_BYTES = 50 * 1024**4

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/annotations-overview.html
ANNOTATIONS = 1000
ANNOTATION_NAME_BYTES = 512
ANNOTATION_BYTES = 1024 * 1024

OBJECT_TAGS = 10
BUCKET_TAGS = 50
TAG_KEY = 128
TAG_VALUE = 256

PAGE = 1000
DELETE_MANY = 1000
BUCKET_PAGE = 10_000

FORM_FIELDS_BYTES = 20_000

# Objects up to the first size lie in their records, up to the second in rows of their own, larger ones are blobs.
POCKET_BYTES = 1024
INLINE_BYTES = 32 * 1024
