"""The SQS service. Its operations are declared by the modules beside this one."""

from fogbank.kernel import Service
from fogbank.services.sqs import errors

service = Service("sqs", validation_error=errors.invalid_request)
