"""The S3 Vectors service. Its operations are declared by the modules beside this one."""

from fogbank.kernel import Service
from fogbank.services.s3vectors import errors

service = Service("s3vectors", validation_error=errors.from_violations)
