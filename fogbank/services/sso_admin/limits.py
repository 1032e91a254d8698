"""https://docs.aws.amazon.com/singlesignon/latest/userguide/limits.html"""

PAGE = 100
TAGS = 50
# How long creating and deleting takes, in seconds: long enough to be seen under way.
SETTLING = 1
ACCESS_CONTROL_ATTRIBUTES = 50
APPLICATIONS = 3000
SCOPES = 30
TOKEN_ISSUERS = 10
FURTHER_REGIONS = 10
