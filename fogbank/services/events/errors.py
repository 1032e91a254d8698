"""EventBridge's refusals in AWS's words. Statuses come from the model.

Sources: the API reference, and for sentences that it does not give, the answers of the service as quoted in the issue trackers of
Terraform's provider, CloudFormation and the CDK. Where no source was found the sentence follows the nearest one that is known.
"""

from __future__ import annotations

from fogbank.kernel.errors import AWSError


def not_found(message: str) -> AWSError:
    return AWSError("ResourceNotFoundException", message)


def exists(noun: str, name: str) -> AWSError:
    return AWSError("ResourceAlreadyExistsException", f"{noun} {name} already exists.")


def invalid(message: str) -> AWSError:
    return AWSError("ValidationException", message)


def invalid_parameter(name: str, reason: str = "") -> AWSError:
    sentence = f"Parameter {name} is not valid."
    return invalid(f"{sentence} Reason: {reason}" if reason else sentence)


def invalid_next_token() -> AWSError:
    return invalid_parameter("NextToken")


def limit_exceeded() -> AWSError:
    return AWSError("LimitExceededException", "The requested resource exceeds the maximum number allowed.")


# -- buses


def no_such_bus(name: str) -> AWSError:
    return not_found(f"Event bus {name} does not exist.")


def bus_exists(name: str) -> AWSError:
    return exists("Event bus", name)


def slash_in_bus_name() -> AWSError:
    return invalid("Event bus name must not contain '/'.")


def reserved_bus_name() -> AWSError:
    return invalid("Event bus name must not start with 'aws.'.")


def default_bus_stays() -> AWSError:
    return invalid("Cannot delete event bus default.")


def bus_has_rules(name: str) -> AWSError:
    return invalid(f"Event bus {name} can't be deleted since it has rules.")


def partner_bus_name(name: str, source: str) -> AWSError:
    return invalid(f"Event bus name {name} must be the name of its event source {source}.")


def policy_too_long() -> AWSError:
    return AWSError("PolicyLengthExceededException", "The event bus policy exceeds the maximum length of 10240 bytes.")


def invalid_policy(reason: str) -> AWSError:
    return invalid_parameter("Policy", reason)


def no_statement(id: str) -> AWSError:
    return not_found(f"Statement with the provided id does not exist: {id}.")


def no_policy() -> AWSError:
    return not_found("EventBus does not have a policy.")


# -- rules


def no_such_rule(name: str, bus: str) -> AWSError:
    return not_found(f"Rule {name} does not exist on EventBus {bus}.")


def neither_pattern_nor_schedule() -> AWSError:
    return invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.")


def schedule_on_custom_bus() -> AWSError:
    return invalid("ScheduleExpression is supported only on the default event bus.")


def invalid_schedule() -> AWSError:
    return invalid_parameter("ScheduleExpression")


def invalid_pattern(reason: str) -> AWSError:
    return AWSError("InvalidEventPatternException", f"Event pattern is not valid. Reason: {reason}")


def rule_has_targets() -> AWSError:
    return invalid("Rule can't be deleted since it has targets.")


def managed_rule() -> AWSError:
    return AWSError(
        "ManagedRuleException",
        "This rule was created by an Amazon Web Services service on behalf of your account. It is managed by that service. "
        "If you see this error in response to DeleteRule or RemoveTargets, you can use the Force parameter in those calls to "
        "delete the rule or remove targets from the rule. You cannot modify these managed rules by using DisableRule, "
        "EnableRule, PutTargets, PutRule, TagResource, or UntagResource.",
    )


def invalid_event(reason: str) -> AWSError:
    return invalid_parameter("Event", reason)


# -- targets


def invalid_arn(arn: str) -> AWSError:
    return invalid_parameter(arn, "Provided Arn is not in correct format.")


def role_required(arn: str) -> AWSError:
    return invalid(f"RoleArn is required for target {arn}.")


def role_not_assumable(role: str) -> AWSError:
    return invalid(f"Provided role '{role}' cannot be assumed by principal 'events.amazonaws.com'.")


def parameters_required(parameters: str, target: str) -> AWSError:
    return invalid(f"Parameter(s) {parameters} must be specified for target: {target}.")


def more_than_one_input(target: str) -> AWSError:
    return invalid(f"Only one of Input, InputPath, or InputTransformer must be provided for target {target}.")


def invalid_input(target: str) -> AWSError:
    return invalid(f"JSON syntax error in input for target {target}")


def invalid_input_path(target: str, path: str) -> AWSError:
    return invalid(f"Invalid JsonPath {path} for target {target}.")


def invalid_template(target: str, place: str) -> AWSError:
    return invalid(f"Invalid InputTemplate for target {target} : {place}.")


def invalid_placeholder(target: str, name: str) -> AWSError:
    return invalid(f"InputTemplate for target {target} contains invalid placeholder {name}.")


def reserved_variable(target: str, name: str) -> AWSError:
    return invalid(f"InputPathsMap for target {target} contains the key {name}, which starts with AWS.")


def invalid_dead_letter_queue(arn: str) -> AWSError:
    return invalid_parameter("DeadLetterConfig", f"{arn} is not the ARN of a standard queue in the Region of the rule.")


# -- entries of PutEvents


def entries_too_long() -> AWSError:
    return invalid("Total size of the entries in the request is over the limit.")


def required_argument(name: str) -> AWSError:
    return AWSError("InvalidArgument", f"Parameter {name} is not valid. Reason: {name} is a required argument.")


def malformed_detail() -> AWSError:
    return AWSError("MalformedDetail", "Detail is malformed.")


def source_not_authorized() -> AWSError:
    return AWSError("NotAuthorizedForSourceException", "Not authorized for the source.")


def bus_in_another_region() -> AWSError:
    return AWSError(
        "InvalidArgument", "Parameter EventBusName is not valid. Reason: The event bus is in another Region."
    )


# -- archives and replays


def no_such(noun: str, name: str) -> AWSError:
    return not_found(f"{noun} {name} does not exist.")


def not_a_bus_arn(parameter: str) -> AWSError:
    return invalid_parameter(parameter, "Must contain an event bus ARN.")


def no_archive_of_replay(name: str) -> AWSError:
    return invalid_parameter("EventSourceArn", f"Archive {name} does not exist.")


def another_bus() -> AWSError:
    return invalid_parameter("Destination.Arn", "Cross event bus replay is not permitted.")


def not_a_rule_of_the_bus() -> AWSError:
    return invalid_parameter("Destination.FilterArns", "Must contain ARNs of rules of the destination event bus.")


def end_before_start() -> AWSError:
    return invalid_parameter("EventEndTime", "EventStartTime must be before EventEndTime.")


def replay_is_over(name: str) -> AWSError:
    return AWSError("IllegalStatusException", f"Replay {name} is not in a valid state for this operation.")


# -- connections, API destinations, endpoints, event sources


def auth_parameters(kind: str, member: str) -> AWSError:
    return invalid(f"Parameter AuthParameters.{member} is required for the authorization type {kind}, and it alone.")


def not_an_endpoint(parameter: str) -> AWSError:
    return invalid_parameter(parameter, "Must be an HTTPS URL.")


def private_connections() -> AWSError:
    return invalid_parameter(
        "InvocationConnectivityParameters", "The resource configuration does not exist: there is no VPC Lattice here."
    )


def invalid_state(message: str) -> AWSError:
    return AWSError("InvalidStateException", message)
