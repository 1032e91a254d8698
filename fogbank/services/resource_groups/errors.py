"""The service's refusals. The words follow the conditions that its reference documents."""

from __future__ import annotations

from fogbank.kernel.errors import AWSError, not_implemented


def bad_request(message: str) -> AWSError:
    return AWSError("BadRequestException", message)


def group_not_found(name: str) -> AWSError:
    return AWSError("NotFoundException", f"Cannot find group with name {name}.")


def group_exists(name: str) -> AWSError:
    return bad_request(f"Cannot create group: group with name {name} already exists.")


def without_configuration(name: str) -> AWSError:
    return bad_request(f"Group {name} does not have a configuration.")


def invalid_query(reason: str) -> AWSError:
    return bad_request(f"Query not valid: {reason}")


def invalid_token() -> AWSError:
    return bad_request("The NextToken is not valid.")


def no_configurations() -> AWSError:
    """Groups whose members are named one by one."""
    return not_implemented("resource-groups", "CreateGroup with Configuration")
