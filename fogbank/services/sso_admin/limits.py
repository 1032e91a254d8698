"""https://docs.aws.amazon.com/singlesignon/latest/userguide/limits.html"""

PAGE = 100
TAGS = 50
# How long creating and deleting takes, in seconds: long enough to be seen under way.
SETTLING = 1
