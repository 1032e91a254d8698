"""What Secrets Manager allows: https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html, as data."""

from typing import Final

SECRET_BYTES: Final = 65_536
STAGES_PER_SECRET: Final = 20
VERSIONS: Final = 100
VERSION_KEPT_SECONDS: Final = 86_400
TAGS: Final = 50

# API_DeleteSecret
RECOVERY_DAYS: Final = (7, 30)
DEFAULT_RECOVERY_DAYS: Final = 30

# API_ListSecrets, API_ListSecretVersionIds, API_BatchGetSecretValue, API_ListResourcePolicies
PAGE: Final = 100
BATCH: Final = 20

# API_GetRandomPassword
PASSWORD_LENGTH: Final = 32

# https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html
ROTATION_HOURS: Final = 4
ROTATION_DAYS: Final = 1000
ROTATION_ATTEMPTS: Final = 5

# API_AssociateCrossAccountReplica: "a primary secret can have at most one cross-account replica"
CROSS_ACCOUNT_REPLICAS: Final = 1
