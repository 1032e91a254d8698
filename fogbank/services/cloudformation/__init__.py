"""AWS CloudFormation: templates become stacks of resources.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/Welcome.html
"""

from fogbank.services.cloudformation import (
    change_sets,
    custom_resources,
    drift,
    exporting,
    finishing,
    looking,
    own_types,
    provisioning,
    registry,
    signals,
    stack_instances,
    stack_set_operations,
    stack_set_targets,
    stack_set_work,
    stack_sets,
    stacks,
    tokens,
    wait_conditions,
    watching,
)
from fogbank.services.cloudformation.service import service

__all__ = [
    "change_sets",
    "custom_resources",
    "drift",
    "exporting",
    "finishing",
    "looking",
    "own_types",
    "provisioning",
    "registry",
    "service",
    "signals",
    "stack_instances",
    "stack_set_operations",
    "stack_set_targets",
    "stack_set_work",
    "stack_sets",
    "stacks",
    "tokens",
    "wait_conditions",
    "watching",
]
