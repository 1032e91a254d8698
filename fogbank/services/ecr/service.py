"""The service `ecr`. https://docs.aws.amazon.com/AmazonECR/latest/APIReference/Welcome.html"""

from fogbank.kernel.service import Service
from fogbank.services.ecr import errors

service = Service("ecr", validation_error=errors.invalid_request)
