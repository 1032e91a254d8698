"""What AWS Private CA allows, and how long things take: https://docs.aws.amazon.com/privateca/latest/userguide/PcaQuotas.html."""

from typing import Final

DAY: Final = 86_400

AUTHORITIES: Final = 200
TAGS: Final = 50
PAGE: Final = 1_000
CHAIN_CERTIFICATES: Final = 5

# API_IssueCertificate
BACKDATED_SECONDS: Final = 3_600
SHORT_LIVED_DAYS: Final = 7

# API_DeleteCertificateAuthority
RESTORABLE_DAYS: Final = 30

# API_CreateCertificateAuthority, API_IssueCertificate: idempotency tokens
TOKEN_SECONDS: Final = 300

# API_CreateCertificateAuthorityAuditReport: "a maximum of one report every 30 minutes"
REPORT_SECONDS: Final = 1_800

# https://docs.aws.amazon.com/privateca/latest/userguide/crl-planning.html: after a failure, another attempt every 15 minutes
CRL_RETRY_SECONDS: Final = 900
DEFAULT_CRL_DAYS: Final = 7
