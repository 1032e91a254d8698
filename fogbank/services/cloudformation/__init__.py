"""AWS CloudFormation: what is there of it is in `service`."""

from fogbank.services.cloudformation import exporting, finishing, looking, own_types, provisioning, stacks
from fogbank.services.cloudformation.service import service

__all__ = ["exporting", "finishing", "looking", "own_types", "provisioning", "service", "stacks"]
