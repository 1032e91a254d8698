"""EventBridge Scheduler's refusals in AWS's words. Statuses come from the model.

Sources: the API reference, and for sentences that it does not give, the answers of the service as quoted in issue trackers. Where no source
was found the sentence follows the nearest one that is known.
"""

from __future__ import annotations

from fogbank.kernel.errors import AWSError


def invalid(message: str) -> AWSError:
    return AWSError("ValidationException", message)


def not_found(message: str) -> AWSError:
    return AWSError("ResourceNotFoundException", message)


def conflict(message: str) -> AWSError:
    return AWSError("ConflictException", message)


def quota_exceeded(noun: str, limit: int) -> AWSError:
    return AWSError("ServiceQuotaExceededException", f"The maximum number of {noun} ({limit}) has been reached.")


def invalid_next_token() -> AWSError:
    return invalid("Invalid NextToken provided.")


# -- groups


def no_such_group(name: str) -> AWSError:
    return not_found(f"Schedule group {name} does not exist.")


def group_exists(name: str) -> AWSError:
    return conflict(f"Schedule group {name} already exists.")


def group_is_going(name: str) -> AWSError:
    return conflict(f"Schedule group {name} is being deleted.")


def default_group_stays() -> AWSError:
    return invalid("The default schedule group cannot be deleted.")


def reserved_tag_key() -> AWSError:
    return invalid("Tag keys must not start with aws:")


def too_many_tags(limit: int) -> AWSError:
    return invalid(f"A schedule group can have no more than {limit} tags.")


# -- schedules


def no_such_schedule(name: str) -> AWSError:
    return not_found(f"Schedule {name} does not exist.")


def schedule_exists(name: str) -> AWSError:
    return conflict(f"Schedule {name} already exists.")


def invalid_expression(expression: str) -> AWSError:
    return invalid(f"Invalid Schedule Expression {expression}.")


def invalid_zone(zone: str) -> AWSError:
    return invalid(f"Invalid ScheduleExpressionTimezone {zone}.")


def start_too_early() -> AWSError:
    return invalid("The StartDate you specify cannot be earlier than 5 minutes ago.")


def end_in_the_past() -> AWSError:
    return invalid("The EndDate you specify cannot be earlier than the current time.")


def end_before_start() -> AWSError:
    return invalid("The EndDate you specify must be later than the StartDate.")


def window_required() -> AWSError:
    return invalid("MaximumWindowInMinutes must be specified when the FlexibleTimeWindow mode is FLEXIBLE.")


def window_not_allowed() -> AWSError:
    return invalid("MaximumWindowInMinutes must not be specified when the FlexibleTimeWindow mode is OFF.")


def key_not_usable(arn: str, reason: str) -> AWSError:
    return invalid(f"The KMS key {arn} cannot be used: {reason}")


def role_not_assumable() -> AWSError:
    return invalid("The execution role you provide must allow AWS EventBridge Scheduler to assume the role.")


# -- targets


def invalid_arn() -> AWSError:
    return invalid("Provided Arn is not in correct format.")


def unsupported_service(name: str) -> AWSError:
    return invalid(f"{name} is not a supported service for a target.")


def unsupported_action(service: str, action: str) -> AWSError:
    return invalid(f"{action} is not a supported api action for service {service}.")


def parameters_required(member: str, service: str) -> AWSError:
    return invalid(f"{member} must be specified for {service} targets.")


def parameters_not_allowed(member: str, service: str) -> AWSError:
    return invalid(f"{member} is not supported for {service} targets.")


def invalid_request(reason: str) -> AWSError:
    return invalid(f"Invalid RequestJson provided. Reason {reason}")


def reserved_source(source: str) -> AWSError:
    return invalid(
        f"1 validation error detected: Value '{source}' at 'target.eventBridgeParameters.source' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: "
        r"(?=[/\.\-_A-Za-z0-9]+)((?!aws\.).*)|(\$(\.[\w_-]+(\[(\d+|\*)\])*)*)"
    )


def input_not_json() -> AWSError:
    return invalid("Target Input must be valid JSON.")
