"""AWS X-Ray. Its operations are declared by the modules beside this one."""

from __future__ import annotations

from fogbank.kernel import Service
from fogbank.services.xray import errors

service = Service("xray", validation_error=errors.invalid_members)
