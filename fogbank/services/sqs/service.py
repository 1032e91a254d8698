"""The SQS service. Its operations are declared by the modules beside this one."""

from fogbank.kernel import Service
from fogbank.services.sqs import errors

# Enumerated values are checked by the operations: ReceiveMessage takes more attribute names than the model says.
service = Service("sqs", enums=False, validation_error=errors.invalid_request)
