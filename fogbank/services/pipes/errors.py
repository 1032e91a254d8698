"""EventBridge Pipes' refusals in AWS's words. Statuses come from the model.

Sources: the API reference, and for sentences that it does not give, the answers of the service as quoted in issue trackers. Where no source
was found the sentence follows the nearest one that is known.
"""

from __future__ import annotations

from fogbank.kernel.errors import AWSError


def invalid(message: str) -> AWSError:
    return AWSError("ValidationException", message)


def not_found(name: str) -> AWSError:
    return AWSError("NotFoundException", f"Pipe {name} does not exist.")


def exists(name: str) -> AWSError:
    return _conflict(name, f"Pipe {name} already exists.")


def in_transition(name: str, state: str) -> AWSError:
    return _conflict(name, f"Pipe {name} cannot be changed while it is in state {state}.")


def wrong_state(name: str, state: str, verb: str) -> AWSError:
    return _conflict(name, f"Pipe {name} in state {state} cannot be {verb}.")


def _conflict(name: str, message: str) -> AWSError:
    return AWSError("ConflictException", message, resourceId=name, resourceType="Pipe")


def invalid_next_token() -> AWSError:
    return invalid("Invalid NextToken provided.")


def reserved_tag_key() -> AWSError:
    return invalid("Tag keys must not start with aws:")


def too_many_tags(limit: int) -> AWSError:
    return invalid(f"A pipe can have no more than {limit} tags.")


def role_not_assumable(role: str) -> AWSError:
    return invalid(f"Role {role} cannot be assumed by principal 'pipes.amazonaws.com'.")


# -- sources, enrichments, targets


def unsupported(noun: str, arn: str) -> AWSError:
    """What AWS has and Fogbank has not, or not yet."""
    return AWSError("NotImplemented", f"Fogbank's pipes have no {noun} like {arn} yet.", 501)


def invalid_arn(noun: str, arn: str) -> AWSError:
    return invalid(f"{arn} is not a supported {noun} of a pipe.")


def parameters_required(member: str) -> AWSError:
    return invalid(f"SourceParameters.{member} is required for the source of the pipe.")


def target_parameter_required(member: str) -> AWSError:
    return invalid(f"TargetParameters.{member} is required for the target of the pipe.")


def wrong_parameters(member: str, noun: str, arn: str) -> AWSError:
    return invalid(f"{member} does not match the {noun} {arn}.")


def starting_timestamp() -> AWSError:
    return invalid("StartingPositionTimestamp must be given with, and only with, StartingPosition AT_TIMESTAMP.")


def batch_too_large(limit: int, noun: str) -> AWSError:
    return invalid(f"BatchSize must not be larger than {limit}, which is the most that the {noun} takes.")


def window_required() -> AWSError:
    return invalid("MaximumBatchingWindowInSeconds must be greater than 0 if BatchSize is greater than 10.")


def invalid_filter(reason: str) -> AWSError:
    return invalid(f"Event pattern is not valid. Reason: {reason}")


def invalid_template(reason: str) -> AWSError:
    return invalid(f"InputTemplate is not valid. Reason: {reason}")


# -- reasons of states


def failed_reason(reason: str) -> str:
    """What CREATE_FAILED, START_FAILED and UPDATE_FAILED say."""
    return f"Input parameter is invalid from the request due to : {reason}"[:512]


def no_permission(action: str, service: str) -> str:
    return f"The provided customer role does not have permissions to call {action} on {service}"
