"""The CloudWatch Logs service. Its operations are declared by the modules beside this one."""

from fogbank.kernel import Service
from fogbank.services.logs import errors

service = Service("logs", validation_error=lambda message, violations: errors.invalid_parameter(message))
