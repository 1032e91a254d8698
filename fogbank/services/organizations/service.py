"""The Organizations service. Its operations are declared by the modules beside this one."""

from fogbank.kernel import Service
from fogbank.services.organizations import errors

service = Service("organizations", validation_error=errors.invalid_request)
