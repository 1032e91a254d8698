"""The service of Cognito user pools. Its operations are declared by the modules beside this one."""

from fogbank.kernel import Service
from fogbank.services.cognito_idp import errors

service = Service("cognito-idp", validation_error=lambda message, violations: errors.invalid(message))
