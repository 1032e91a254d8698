"""Application Auto Scaling's refusals in AWS's words. Statuses come from the model.

Sources: the API reference, and for sentences that it does not give, the answers of the service as quoted in issue trackers. Where no source
was found the sentence follows the nearest one that is known.
"""

from __future__ import annotations

from fogbank.kernel.errors import AWSError


def invalid(message: str) -> AWSError:
    return AWSError("ValidationException", message)


def not_found(message: str) -> AWSError:
    return AWSError("ObjectNotFoundException", message)


def limit_exceeded(noun: str, limit: int) -> AWSError:
    return AWSError("LimitExceededException", f"The maximum number of {noun} ({limit}) has been reached.")


def invalid_next_token() -> AWSError:
    return AWSError("InvalidNextTokenException", "The token that you provided is not valid.")


def page_size(value: int, most: int) -> AWSError:
    bound = "greater than or equal to 1" if value < 1 else f"less than or equal to {most}"
    return invalid(
        f"1 validation error detected: Value '{value}' at 'maxResults' failed to satisfy constraint: Member must have value {bound}"
    )


# -- scalable targets


def _place(namespace: str, resource: str, dimension: str) -> str:
    return f"service namespace: {namespace}, resource ID: {resource}, scalable dimension: {dimension}"


def unsupported() -> AWSError:
    return invalid("Unsupported service namespace, resource type or scalable dimension")


def no_such_resource(what: str, resource: str) -> AWSError:
    return invalid(f"{what} does not exist: {resource}")


def not_registered(*place: str) -> AWSError:
    """What needs a scalable target finds none."""
    return not_found(f"No scalable target registered for {_place(*place)}")


def no_such_target(*place: str) -> AWSError:
    return not_found(f"No scalable target found for {_place(*place)}")


def bounds_required() -> AWSError:
    return invalid("Minimum capacity and maximum capacity must be specified when registering a new scalable target")


def minimum_too_low(least: int) -> AWSError:
    return invalid(f"Minimum capacity cannot be less than {least}")


def bounds_cross() -> AWSError:
    return invalid("Maximum capacity cannot be less than minimum capacity")


def missing_permissions(actions: list[str]) -> AWSError:
    return invalid(f"User is missing the following permissions: {', '.join(actions)}")


def resource_required() -> AWSError:
    return invalid("Resource ID must be specified when scalable dimension is specified")


# -- policies


def no_such_policy(name: str, *place: str) -> AWSError:
    return not_found(f"No scaling policy found for {_place(*place)}, policy name: {name}")


def other_kind(kind: str) -> AWSError:
    return invalid(f"The type of an existing scaling policy cannot be changed from {kind}")


def kind_not_supported(kind: str, dimension: str) -> AWSError:
    return invalid(f"Policy type {kind} is not supported for scalable dimension {dimension}")


def configuration_required(kind: str) -> AWSError:
    return invalid(f"{kind}PolicyConfiguration must be specified for policy type {kind}")


def same_metric() -> AWSError:
    return invalid("Only one TargetTrackingScaling policy for a given metric specification is allowed.")


def no_forecast(name: str) -> AWSError:
    return invalid(f"No predictive scaling policy found for policy name: {name}")


# -- scheduled actions


def no_such_action(name: str, *place: str) -> AWSError:
    return not_found(f"No scheduled action found for {_place(*place)}, scheduled action name: {name}")


def action_needs_bounds() -> AWSError:
    return invalid("At least one of minimum capacity and maximum capacity should be provided")


def schedule_required() -> AWSError:
    return invalid("Schedule must be specified when creating a new scheduled action")


def invalid_schedule(expression: str) -> AWSError:
    return invalid(f"Invalid schedule expression: {expression}")


def invalid_zone(zone: str) -> AWSError:
    return invalid(f"Invalid timezone: {zone}")


def schedule_is_past() -> AWSError:
    return invalid("Scheduled time cannot be in the past")


def end_before_start() -> AWSError:
    return invalid("End time must be after start time")


# -- tags


def already_tagged() -> AWSError:
    return invalid(
        "The scalable target that you tried to tag already exists. To update tags on an existing scalable target, "
        "use the TagResource API."
    )


def no_such_arn(arn: str) -> AWSError:
    return AWSError("ResourceNotFoundException", f"The specified resource doesn't exist: {arn}", ResourceName=arn)


def too_many_tags(arn: str, limit: int) -> AWSError:
    return AWSError("TooManyTagsException", f"A resource can have at most {limit} tags.", ResourceName=arn)
