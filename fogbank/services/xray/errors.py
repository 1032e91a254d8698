"""X-Ray's refusals. Status comes from the model.

The API reference gives codes, not sentences; those that clients look for (`Group not found`, time ranges, the destination of the OTLP
endpoint) are as users quote them in the issue trackers of Terraform's provider, of the SDKs and of the daemon.
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel.errors import AWSError


def invalid_request(message: str) -> AWSError:
    return AWSError("InvalidRequestException", message)


def invalid_members(message: str, violations: list[Any]) -> AWSError:
    """What the model does not allow."""
    return invalid_request(message)


def invalid_token() -> AWSError:
    return invalid_request("Invalid NextToken")


def reversed_range() -> AWSError:
    return invalid_request("EndTime must be after StartTime")


def long_range(hours: int) -> AWSError:
    return invalid_request(f"Time range cannot be longer than {hours} hours")


def invalid_filter(reason: str) -> AWSError:
    return invalid_request(f"Invalid filter expression: {reason}")


def invalid_trace_id(trace_id: str) -> AWSError:
    return invalid_request(f"Invalid trace id: {trace_id}")


# -- groups and sampling rules


def name_and_arn(noun: str) -> AWSError:
    return invalid_request(f"Specify either a {noun} name or a {noun} ARN, but not both")


def group_not_found() -> AWSError:
    return invalid_request("Group not found")


def group_exists() -> AWSError:
    return invalid_request("Group name already exists")


def too_many_groups(most: int) -> AWSError:
    return invalid_request(f"The maximum number of groups ({most}) has been reached")


def reserved_group() -> AWSError:
    return invalid_request("Default is a reserved group name")


def notifications_without_insights() -> AWSError:
    return invalid_request("Notifications can only be enabled on a group with insights enabled")


def rule_not_found() -> AWSError:
    return invalid_request("Sampling rule does not exist")


def rule_exists() -> AWSError:
    return invalid_request("Sampling rule already exists")


def default_rule(what: str) -> AWSError:
    return invalid_request(f"The default sampling rule cannot be {what}")


def too_many_rules(most: int) -> AWSError:
    return AWSError("RuleLimitExceededException", f"The maximum number of sampling rules ({most}) has been reached")


# -- tags


def no_such_resource(arn: str) -> AWSError:
    return AWSError("ResourceNotFoundException", f"Resource {arn} does not exist", ResourceName=arn)


def too_many_tags(arn: str) -> AWSError:
    return AWSError("TooManyTagsException", "A resource can have at most 50 tags", ResourceName=arn)


def reserved_tag() -> AWSError:
    return invalid_request("Tag keys must not begin with aws:")


# -- keys and policies


def key_refused(message: str) -> AWSError:
    return invalid_request(f"The KMS key cannot be used: {message}")


def malformed_policy(reason: str) -> AWSError:
    return AWSError("MalformedPolicyDocumentException", f"Invalid policy document: {reason}")


def lockout() -> AWSError:
    return AWSError("LockoutPreventionException", "The policy would not let its author put resource policies any more")


def another_revision() -> AWSError:
    return AWSError("InvalidPolicyRevisionIdException", "The policy revision id does not match the latest revision")


def too_many_policies(most: int) -> AWSError:
    return AWSError("PolicyCountLimitExceededException", f"An account can have at most {most} resource policies")


def policy_too_large(most: int) -> AWSError:
    return AWSError("PolicySizeLimitExceededException", f"A resource policy can have at most {most} bytes")


def no_such_policy(name: str) -> AWSError:
    return invalid_request(f"Resource policy {name} does not exist")


# -- transaction search


def spans_not_permitted() -> AWSError:
    return invalid_request("XRay does not have permission to call PutLogEvents on the aws/spans Log Group")


def no_such_rule(name: str) -> AWSError:
    return AWSError("ResourceNotFoundException", f"Indexing rule {name} does not exist", ResourceName=name)


def no_such_retrieval(token: str) -> AWSError:
    return AWSError("ResourceNotFoundException", "The retrieval token is not known, or over", ResourceName=token)


def needs_transaction_search() -> AWSError:
    return invalid_request("The OTLP API is supported with CloudWatch Logs as a Trace Segment Destination.")


def bad_spans(reason: str) -> AWSError:
    return invalid_request(f"The request is not a valid ExportTraceServiceRequest: {reason}")


def no_such_insight(insight_id: str) -> AWSError:
    return invalid_request(f"Insight {insight_id} does not exist")
