"""https://docs.aws.amazon.com/singlesignon/latest/userguide/limits.html"""

PAGE = 100
PHOTOS = 3
# Names that neither users nor groups may have, in lower case.
RESERVED_NAMES = frozenset({"administrator", "awsadministrators"})
EXTENSION = "aws:identitystore:enterprise"
