"""The CloudWatch (metrics) service. Its operations are declared by the modules beside this one."""

from fogbank.kernel import Service
from fogbank.services.cloudwatch import errors

service = Service("cloudwatch", validation_error=lambda message, violations: errors.validation(message))
