"""Step Functions' refusals in AWS's words.

Sources: the Errors sections of the API reference; sentences that it does not give are quoted from answers of the service in the issue
trackers of the AWS SDKs, the CLI, CDK and Terraform's provider.
"""

from __future__ import annotations

from fogbank.kernel.errors import AWSError

# -- ARNs, names, tokens


def invalid_arn(arn: str, why: str = "") -> AWSError:
    return AWSError("InvalidArn", f"Invalid Arn: '{why}'" if why else f"Invalid Arn: 'Invalid ARN prefix: {arn}'")


def wrong_resource(kind: str) -> AWSError:
    return invalid_arn("", f"Resource type not valid in this context: {kind}")


def invalid_name(name: str) -> AWSError:
    return AWSError("InvalidName", f"Invalid Name: '{name}'")


def invalid_token() -> AWSError:
    return AWSError("InvalidToken", "Invalid Token: 'Invalid token'")


def validation(message: str, reason: str | None = None) -> AWSError:
    return AWSError("ValidationException", message, reason=reason)


# -- state machines


def no_machine(arn: str) -> AWSError:
    return AWSError("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")


def machine_exists(arn: str) -> AWSError:
    return AWSError("StateMachineAlreadyExists", f"State Machine Already Exists: '{arn}'")


def machine_is_going(arn: str) -> AWSError:
    return AWSError("StateMachineDeleting", f"State Machine Deleting: '{arn}'")


def too_many_machines(limit: int) -> AWSError:
    return AWSError("StateMachineLimitExceeded", f"State Machine Limit Exceeded: '{limit}'")


def wrong_type() -> AWSError:
    return AWSError("StateMachineTypeNotSupported", "This operation is not supported by this type of state machine")


def invalid_definition(message: str) -> AWSError:
    return AWSError("InvalidDefinition", f"Invalid State Machine Definition: '{message}'")


def invalid_logging(message: str) -> AWSError:
    return AWSError("InvalidLoggingConfiguration", f"Invalid Logging Configuration: {message}")


def invalid_encryption(message: str) -> AWSError:
    return AWSError("InvalidEncryptionConfiguration", f"Invalid Encryption Configuration: {message}")


def missing_parameter() -> AWSError:
    return AWSError(
        "MissingRequiredParameter",
        "Either the definition, the role ARN, the LoggingConfiguration, the EncryptionConfiguration or the "
        "TracingConfiguration must be specified",
    )


def role_not_assumable() -> AWSError:
    return AWSError(
        "AccessDeniedException",
        "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the provided role.",
    )


def log_access_denied() -> AWSError:
    return AWSError(
        "AccessDeniedException", "The state machine IAM Role is not authorized to access the Log Destination"
    )


def no_version(arn: str) -> AWSError:
    return AWSError("ResourceNotFound", f"Resource not found: '{arn}'", resourceName=arn)


no_resource = no_version


def version_is_routed(aliases: list[str]) -> AWSError:
    return AWSError(
        "ConflictException",
        "Version to be deleted must not be referenced by an alias. Current list of aliases referencing this version: "
        f"[{', '.join(aliases)}]",
    )


def wrong_revision(given: str) -> AWSError:
    return AWSError(
        "ConflictException",
        f"Failed to publish the State Machine version for revision {given}. The current State Machine revision is not the one given.",
    )


def quota_exceeded(what: str, limit: int) -> AWSError:
    return AWSError("ServiceQuotaExceededException", f"Cannot have more than {limit} {what} for a state machine.")


def alias_exists(name: str) -> AWSError:
    return AWSError(
        "ConflictException",
        f"Failed to create alias because an alias with the same name and a different routing configuration already exists. Alias: {name}",
    )


def invalid_routing(message: str) -> AWSError:
    return validation(message, "INVALID_ROUTING_CONFIGURATION")


# -- executions


def no_execution(arn: str) -> AWSError:
    return AWSError("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")


def execution_exists(arn: str) -> AWSError:
    return AWSError("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")


def invalid_input(why: str) -> AWSError:
    return AWSError("InvalidExecutionInput", f"Invalid State Machine Execution Input: '{why}'")


def not_redrivable(arn: str, why: str) -> AWSError:
    return AWSError("ExecutionNotRedrivable", f"Execution is not redrivable: '{arn}'. {why}")


# -- tasks and activities


def no_activity(arn: str) -> AWSError:
    return AWSError("ActivityDoesNotExist", f"Activity Does Not Exist: '{arn}'")


def activity_exists(arn: str) -> AWSError:
    return AWSError("ActivityAlreadyExists", f"Activity already exists: '{arn}'")


def too_many_activities(limit: int) -> AWSError:
    return AWSError("ActivityLimitExceeded", f"Activity Limit Exceeded: '{limit}'")


def task_does_not_exist() -> AWSError:
    return AWSError("TaskDoesNotExist", "Task does not exist")


def task_is_over() -> AWSError:
    return AWSError("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")


def invalid_output(why: str) -> AWSError:
    return AWSError("InvalidOutput", f"Invalid Output: '{why}'")


# -- tags, map runs


def too_many_tags(arn: str) -> AWSError:
    return AWSError("TooManyTags", "'Tags' cannot have more than 50 entries", resourceName=arn)


def reserved_tag() -> AWSError:
    return validation("System tags are reserved for AWS use. Tag keys must not start with 'aws:'.")


def no_map_run(arn: str) -> AWSError:
    return AWSError("ResourceNotFound", f"Map Run does not exist: '{arn}'", resourceName=arn)


def map_run_is_over() -> AWSError:
    return validation("Map Run has completed and cannot be updated", "CANNOT_UPDATE_COMPLETED_MAP_RUN")
