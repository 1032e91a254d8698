"""Refusals. https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CommonErrors.html"""

from __future__ import annotations

import json

from fogbank.kernel import AWSError


def validation(message: str) -> AWSError:
    return AWSError("ValidationError", message)


def invalid_value(message: str) -> AWSError:
    return AWSError("InvalidParameterValueException", message)


def invalid_combination(message: str) -> AWSError:
    return AWSError("InvalidParameterCombinationException", message)


def missing_parameter(message: str) -> AWSError:
    return AWSError("MissingRequiredParameterException", message)


def bad_namespace(namespace: str) -> AWSError:
    return invalid_value(f"The value {namespace} for parameter Namespace is invalid.")


def invalid_format(message: str) -> AWSError:
    return AWSError("InvalidFormatFault", message)


def invalid_token() -> AWSError:
    return AWSError("InvalidNextToken", "The NextToken is not valid.")


def bad_expression(query: str, reason: str) -> AWSError:
    return validation(f"Error in expression '{query}': {reason}")


def no_alarm(name: str) -> AWSError:
    return AWSError("ResourceNotFound", f"Could not find alarm {name}")


def not_found(message: str) -> AWSError:
    return AWSError("ResourceNotFoundException", message)


def conflict(message: str) -> AWSError:
    return AWSError("ConflictException", message)


def limit_exceeded(message: str) -> AWSError:
    return AWSError("LimitExceededException", message)


def no_resource(arn: str) -> AWSError:
    return AWSError("ResourceNotFoundException", f"Unknown: {arn}")


def alarm_in_use(name: str, by: str) -> AWSError:
    return AWSError("ResourceConflict", f"Cannot delete {name} as there are composite alarm(s) depending on it: [{by}]")


def bad_rule(reason: str) -> AWSError:
    return validation(f"AlarmRule is invalid: {reason}")


def no_children(names: list[str]) -> AWSError:
    return validation(
        f"Could not save the composite alarm as alarms [{', '.join(names)}] in the alarm rule do not exist"
    )


_BAD_DASHBOARD = "DashboardInvalidInputError"


def bad_dashboard(problems: list[dict[str, str]]) -> AWSError:
    listed = [{"dataPath": each["DataPath"], "message": each["Message"]} for each in problems]
    message = (
        f"The dashboard body is invalid, there are {len(problems)} validation errors:\n{json.dumps(listed, indent=2)}"
    )
    return AWSError(_BAD_DASHBOARD, message, None, dashboardValidationMessages=problems)


def no_json() -> AWSError:
    return AWSError(_BAD_DASHBOARD, "The field DashboardBody must be a valid JSON object")


def bad_dashboard_name(name: str) -> AWSError:
    return AWSError(_BAD_DASHBOARD, f"The value {name} for field DashboardName contains invalid characters.")


def no_dashboard(name: str) -> AWSError:
    return AWSError("DashboardNotFoundError", f"Dashboard {name} does not exist")
