"""CloudFormation's errors, in its words. Nearly all of them are a ValidationError.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

from collections.abc import Iterable

from fogbank.kernel import AWSError

SAID = "Said"


def invalid(message: str) -> AWSError:
    return AWSError("ValidationError", message, 400)


def format_error(message: str) -> AWSError:
    """Of a template that cannot be read, or says what no template may say."""
    return invalid(f"Template format error: {message}")


def template_error(message: str) -> AWSError:
    """Of a template whose functions cannot be evaluated."""
    return invalid(f"Template error: {message}")


class TransformFailed(AWSError):
    """A template cannot be made what it stands for. Change sets take it as theirs."""

    def __init__(self, message: str) -> None:
        super().__init__("ValidationError", message, 400)


def transform_failed(name: str, told: str) -> AWSError:
    return TransformFailed(f"Transform {name} failed with: {told}")


def no_transform(name: str) -> AWSError:
    return TransformFailed(f"No transform named {name} found.")


def malformed_answer(name: str) -> AWSError:
    return TransformFailed(f"Received malformed response from transform {name}")


def no_stack(name: str) -> AWSError:
    return invalid(f"Stack with id {name} does not exist")


def no_such_stack(name: str) -> AWSError:
    """As operations on one stack say it that do not describe stacks."""
    return invalid(f"Stack [{name}] does not exist")


def already_exists(name: str) -> AWSError:
    return AWSError("AlreadyExistsException", f"Stack [{name}] already exists", 400)


def said(message: str) -> AWSError:
    """What CloudFormation itself says of a resource: told as it is, not as the words of a handler."""
    return AWSError(SAID, message, 400)


def in_state(id: str, status: str, verb: str = "updated") -> AWSError:
    return invalid(f"Stack:{id} is in {status} state and can not be {verb}.")


def no_updates() -> AWSError:
    return invalid("No updates are to be performed.")


def insufficient_capabilities(wanted: Iterable[str]) -> AWSError:
    return AWSError("InsufficientCapabilitiesException", f"Requires capabilities : [{', '.join(wanted)}]", 400)


def no_resource(logical: str, stack: str) -> AWSError:
    return invalid(f"Resource {logical} does not exist for stack {stack}")


def protected(name: str) -> AWSError:
    return invalid(f"Stack [{name}] cannot be deleted while TerminationProtection is enabled")


def token_used(token: str) -> AWSError:
    return AWSError("TokenAlreadyExistsException", f"Token {token} already exists", 400)


def no_change_set(name: str) -> AWSError:
    return AWSError("ChangeSetNotFoundException", f"ChangeSet [{name}] does not exist", 404)


def change_set_exists(name: str) -> AWSError:
    return AWSError("AlreadyExistsException", f"ChangeSet {name} already exists", 400)


def change_set_state(id: str, status: str) -> AWSError:
    return AWSError(
        "InvalidChangeSetStatusException",
        f"ChangeSet [{id}] cannot be executed in its current status of [{status}]",
        400,
    )


# -- stack sets


def no_set(name: str) -> AWSError:
    return AWSError("StackSetNotFoundException", f"StackSet {name} not found", 404)


def set_exists(name: str) -> AWSError:
    return AWSError("NameAlreadyExistsException", f"StackSet {name} already exists", 409)


def set_not_empty() -> AWSError:
    return AWSError("StackSetNotEmptyException", "StackSet is not empty", 409)


def operation_in_progress(arn: str, operation: str) -> AWSError:
    return AWSError(
        "OperationInProgressException", f"Another Operation on StackSet {arn} is in progress: {operation}", 409
    )


def operation_exists(operation: str) -> AWSError:
    return AWSError("OperationIdAlreadyExistsException", f"Operation with id {operation} already exists", 409)


def no_operation(operation: str) -> AWSError:
    return AWSError("OperationNotFoundException", f"Operation {operation} not found", 404)


def no_instance(name: str, account: str, region: str) -> AWSError:
    told = f"Stack instance not found for StackSet {name} in account {account} and region {region}"
    return AWSError("StackInstanceNotFoundException", told, 404)


def invalid_operation(message: str) -> AWSError:
    return AWSError("InvalidOperationException", message, 400)


def set_stack_missing(stack: str) -> AWSError:
    return AWSError("StackNotFoundException", f"Stack {stack} not found", 404)


# -- the registry


def registry(message: str) -> AWSError:
    return AWSError("CFNRegistryException", message, 400)


def no_type(name: str) -> AWSError:
    return AWSError("TypeNotFoundException", f"The type '{name}' cannot be found.", 404)
