"""What KMS allows: the quotas pages of its developer guide and the API reference, as data."""

from typing import Final

DAY: Final = 86_400.0

# https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html
ALIASES_PER_KEY: Final = 50
GRANTS_PER_KEY: Final = 50_000
POLICY_BYTES: Final = 32_768
TAGS: Final = 50

# https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html
MIN_WINDOW_DAYS: Final = 7
MAX_WINDOW_DAYS: Final = 30

# https://docs.aws.amazon.com/kms/latest/developerguide/rotating-keys.html
ROTATION_DAYS: Final = 365
ON_DEMAND_ROTATIONS: Final = 25
ROTATION_NOTICE: Final = 20 * 60.0

# https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys-get-public-key-and-token.html
IMPORT_TOKEN_SECONDS: Final = DAY
IMPORTED_DAYS: Final = 365

# https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantConstraints.html
CONSTRAINT_PAIRS: Final = 8
CONSTRAINT_CHARACTERS: Final = 384

# How long transient states last ("a few seconds"): Creating, Updating, a rotation on demand.
TRANSITION_SECONDS: Final = 1.0
