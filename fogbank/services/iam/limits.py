"""What IAM allows, as data: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html.

Names are those of AWS's own refusals: "Cannot exceed quota for PoliciesPerRole: 10".
"""

from typing import Final

USERS_PER_ACCOUNT: Final = 5000
GROUPS_PER_ACCOUNT: Final = 300
ROLES_PER_ACCOUNT: Final = 1000
POLICIES_PER_ACCOUNT: Final = 1500
INSTANCE_PROFILES_PER_ACCOUNT: Final = 1000
SERVER_CERTIFICATES_PER_ACCOUNT: Final = 20
ALIASES_PER_ACCOUNT: Final = 1

GROUPS_PER_USER: Final = 10
ACCESS_KEYS_PER_USER: Final = 2
SIGNING_CERTIFICATES_PER_USER: Final = 2
POLICIES_PER_USER: Final = 10
POLICIES_PER_GROUP: Final = 10
POLICIES_PER_ROLE: Final = 10
ROLES_PER_INSTANCE_PROFILE: Final = 1
VERSIONS_PER_POLICY: Final = 5
VERSIONS_IN_USE: Final = 10_000
TAGS: Final = 50

# characters, white space not counted: of one managed policy, of one trust policy, of all inline policies of a holder
POLICY_SIZE: Final = 6144
TRUST_SIZE: Final = 2048
USER_POLICY_SIZE: Final = 2048
GROUP_POLICY_SIZE: Final = 5120
ROLE_POLICY_SIZE: Final = 10_240

# seconds: what a role's sessions may last at most unless it says otherwise
SESSION_SECONDS: Final = 3600

# items of a page when MaxItems is not given
PAGE: Final = 100
