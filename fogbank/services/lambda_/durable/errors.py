"""Refusals of durable functions. https://docs.aws.amazon.com/lambda/latest/dg/durable-functions.html"""

from __future__ import annotations

from fogbank.kernel import AWSError
from fogbank.services.lambda_.errors import USER, conflict, invalid_parameter, not_found


def no_timeout() -> AWSError:
    return invalid_parameter("You cannot create a function with a durable configuration without an executionTimeout")


def not_durable_before() -> AWSError:
    return invalid_parameter("You cannot add a durable configuration to a function that was created without one.")


def unqualified() -> AWSError:
    return invalid_parameter("You cannot invoke a durable function using an unqualified ARN.")


def too_long_to_wait() -> AWSError:
    return invalid_parameter(
        "You cannot synchronously invoke a durable function with an executionTimeout greater than 15 minutes."
    )


def too_long_for_mapping() -> AWSError:
    return invalid_parameter(
        "You cannot create an event source mapping for a durable function with an executionTimeout greater than 15 minutes."
    )


def name_without_durability() -> AWSError:
    return invalid_parameter("You cannot provide a durable execution name for a function that is not durable.")


def already_started(name: str) -> AWSError:
    return AWSError(
        "DurableExecutionAlreadyStartedException",
        f"The durable execution {name} has already been started with a different payload.",
        Type=USER,
    )


def execution_not_found(arn: str) -> AWSError:
    return not_found(f"Durable execution not found: {arn}")


def bad_token() -> AWSError:
    """The SDKs know this sentence: the invocation is over, and another one goes on."""
    return invalid_parameter("Invalid checkpoint token")


def bad_marker() -> AWSError:
    return invalid_parameter("Invalid marker.")


def bad_callback() -> AWSError:
    return invalid_parameter("Invalid callback ID.")


def callback_closed() -> AWSError:
    return AWSError(
        "CallbackTimeoutException",
        "The callback ID token has either expired or the callback associated with the token has already been closed.",
        Type=USER,
    )


def wrong_state(arn: str, status: str) -> AWSError:
    return conflict(f"The operation cannot be performed on durable execution {arn} in status {status}.")


# -- of updates in a checkpoint


def bad_action(kind: str, action: str) -> AWSError:
    return invalid_parameter(f"Invalid action {action} for an operation of type {kind}.")


def no_operation(kind: str) -> AWSError:
    return invalid_parameter(f"Cannot update a {kind} operation that has not been started.")


def operation_is_there(kind: str, status: str) -> AWSError:
    return invalid_parameter(f"Cannot update a {kind} operation in status {status}.")


def other_kind(operation: str, kind: str) -> AWSError:
    return invalid_parameter(f"The operation {operation} is of type {kind}.")


def no_parent() -> AWSError:
    return invalid_parameter("Invalid parent operation id.")


def missing(kind: str, member: str) -> AWSError:
    return invalid_parameter(f"A {kind} operation needs {member}.")


def too_large(what: str, most: int) -> AWSError:
    """`what`: `STEP output`, `CHAINED_INVOKE input`."""
    return invalid_parameter(f"{what} payload size must be less than or equal to {most} bytes.")


def too_many_operations(most: int) -> AWSError:
    return invalid_parameter(f"The durable execution has reached its maximum of {most} operations.")


def too_much_written(most: int) -> AWSError:
    return invalid_parameter(f"The durable execution has reached its maximum of {most} bytes of data.")
