"""The Account Management service. Its operations are declared by the modules beside this one."""

from fogbank.kernel import Service
from fogbank.services.account import errors

service = Service("account", validation_error=errors.invalid_request)
