"""The sign-in service of IAM Identity Center. Its operations are declared by the modules beside this one."""

from fogbank.kernel import Service
from fogbank.services.sso_oidc.errors import malformed

service = Service("sso-oidc", iam_prefix="sso-oauth", validation_error=lambda message, violations: malformed(message))
