"""SNS's refusals in AWS's words. Code and status come from the model's shapes.

Sources: the Errors sections of the SNS API reference, and for sentences that it does not give, the answers of the service as quoted in the
issue trackers of the AWS SDKs, CDK, botocore and Terraform's provider. For some no source was found: those about delivery,
archive and data protection policies and SMS settings are worded after the nearest documented error.
"""

from __future__ import annotations

from fogbank.kernel.errors import AWSError
from fogbank.services.sns import limits


def invalid(what: str) -> AWSError:
    return AWSError("InvalidParameterException", f"Invalid parameter: {what}")


def invalid_because(parameter: str, reason: str) -> AWSError:
    return invalid(f"{parameter} Reason: {reason}")


def missing(parameter: str) -> AWSError:
    return invalid_because(parameter, "no value for required parameter")


def not_found(noun: str) -> AWSError:
    return AWSError("NotFoundException", f"{noun} does not exist")


def not_authorised(action: str, resource: str, caller: str) -> AWSError:
    sentence = f"User: {caller} is not authorized to perform: SNS:{action} on resource: {resource}"
    return AWSError("AuthorizationErrorException", sentence)


# -- ARNs and pages


def arn_too_short(parameter: str, elements: int) -> AWSError:
    return invalid_because(parameter, f"An ARN must have at least 6 elements, not {elements}")


def invalid_token() -> AWSError:
    return invalid("NextToken")


# -- topics


def topic_name(fifo: bool) -> AWSError:
    if not fifo:
        return invalid("Topic Name")
    return invalid(
        "Fifo Topic names must end with .fifo and must be made up of only uppercase and lowercase ASCII letters, numbers, "
        f"underscores, and hyphens, and must be between 1 and {limits.NAME_LENGTH} characters long."
    )


def topic_differs(what: str) -> AWSError:
    return invalid_because(what, f"Topic already exists with different {what.lower()}")


def unknown_attribute() -> AWSError:
    return invalid("AttributeName")


def attribute(name: str, reason: str = "") -> AWSError:
    return invalid(f"{name}: {reason}" if reason else name)


def only_for_fifo(name: str) -> AWSError:
    return invalid_because("Attributes", f"{name} is only supported for FIFO topics.")


def only_for_standard(name: str) -> AWSError:
    return invalid_because("Attributes", f"{name} is only supported for standard topics.")


def topic_is_archived() -> AWSError:
    return AWSError("InvalidStateException", "Topic cannot be deleted while it has an archive policy.")


def too_many_topics() -> AWSError:
    return AWSError("TopicLimitExceededException", "Maximum number of topics reached for account.")


def label_exists() -> AWSError:
    return invalid("Statement already exists")


def label_not_found() -> AWSError:
    return not_found("Label")


def policy_error(reason: str) -> AWSError:
    return invalid(f"Policy Error: {reason}")


def action_out_of_scope() -> AWSError:
    return invalid("Policy statement action out of service scope!")


# -- tags


def resource_not_found() -> AWSError:
    return AWSError("ResourceNotFoundException", "Resource does not exist")


def too_many_tags() -> AWSError:
    return AWSError("TagLimitExceededException", "Could not complete request: tag quota of per resource exceeded")


def duplicate_tags() -> AWSError:
    return invalid("Duplicated keys are not allowed.")


def reserved_tag() -> AWSError:
    return invalid("Tag keys cannot start with 'aws:'.")


# -- subscriptions


def unknown_protocol(protocol: str) -> AWSError:
    return invalid(f"Amazon SNS does not support this protocol string: {protocol}")


def endpoint(reason: str) -> AWSError:
    return invalid_because("Endpoint", reason)


def subscription_differs() -> AWSError:
    return invalid_because("Attributes", "Subscription already exists with different attributes")


def too_many_subscriptions() -> AWSError:
    return AWSError("SubscriptionLimitExceededException", "Subscription limit exceeded for topic.")


def too_many_filters() -> AWSError:
    return AWSError("FilterPolicyLimitExceededException", "Filter policy limit exceeded for topic.")


def raw_not_supported(protocol: str) -> AWSError:
    return attribute("RawMessageDelivery", f"Delivery protocol [{protocol}] does not support raw message delivery.")


def not_delivered_to(protocol: str) -> AWSError:
    """For protocols whose service Fogbank does not have yet: nothing could ever be delivered."""
    return invalid_because("Protocol", f"The service behind the protocol {protocol} is not available here.")


def no_such_token() -> AWSError:
    return invalid("Token")


# -- messages


def no_target() -> AWSError:
    return missing("TopicArn or TargetArn")


def several_targets() -> AWSError:
    return invalid_because("TopicArn, TargetArn or PhoneNumber", "Only one of them can be specified")


def no_target_endpoint() -> AWSError:
    return invalid_because("TargetArn", "No endpoint found for the target arn specified")


def value(sentence: str) -> AWSError:
    return AWSError("InvalidParameterValueException", sentence)


def attribute_without_value(name: str, data_type: str) -> AWSError:
    return value(
        f"The message attribute '{name}' must contain non-empty message attribute value "
        f"for message attribute type '{data_type}'."
    )


def attribute_type(name: str) -> AWSError:
    return value(
        f"The message attribute '{name}' has an invalid message attribute type, "
        "the set of supported type prefixes is Binary, Number, and String."
    )


def attribute_without_type(name: str) -> AWSError:
    return value(f"The message attribute '{name}' must contain non-empty message attribute type.")


def not_a_number(name: str) -> AWSError:
    return value(f"Could not cast message attribute '{name}' value to number.")


def not_an_array(name: str) -> AWSError:
    return value(f"The message attribute '{name}' with type 'String.Array' must contain a JSON array.")


def attribute_name(name: str, reason: str) -> AWSError:
    return value(f"The message attribute name '{name}' is invalid. {reason}")


def token_characters(parameter: str) -> AWSError:
    return invalid_because(
        parameter, f"{parameter} can only include alphanumeric and punctuation characters. 1 to 128 in length"
    )


def empty_batch() -> AWSError:
    return AWSError("EmptyBatchRequestException", "The batch request doesn't contain any entries.")


def too_many_entries() -> AWSError:
    sentence = "The batch request contains more entries than permissible."
    return AWSError("TooManyEntriesInBatchRequestException", sentence)


def batch_too_long() -> AWSError:
    sentence = "The length of all the batch messages put together is more than the limit."
    return AWSError("BatchRequestTooLongException", sentence)


def repeated_ids() -> AWSError:
    return AWSError("BatchEntryIdsNotDistinctException", "Two or more batch entries in the request have the same Id.")


def invalid_entry_id() -> AWSError:
    sentence = "The Id of a batch entry in a batch request doesn't abide by the specification."
    return AWSError("InvalidBatchEntryIdException", sentence)


def denied_by_data_protection() -> AWSError:
    return invalid("Message contains sensitive data that the topic's data protection policy denies.")


# -- platforms and SMS


def endpoint_exists(arn: str) -> AWSError:
    return invalid_because("Token", f"Endpoint {arn} already exists with the same Token, but different attributes.")


def endpoint_disabled() -> AWSError:
    return AWSError("EndpointDisabledException", "Endpoint is disabled")


def application_disabled() -> AWSError:
    return AWSError("PlatformApplicationDisabledException", "Platform application is disabled")


def phone_number(number: str) -> AWSError:
    return invalid_because("PhoneNumber", f"{number} is not valid to publish to")


def badly_formatted_number() -> AWSError:
    return invalid_because("phoneNumber", "input incorrectly formatted")


def opted_in_recently() -> AWSError:
    return invalid_because("phoneNumber", "Phone number was opted in within the last 30 days")


def opted_out() -> AWSError:
    return AWSError("OptedOutException", "The phone number is opted out of receiving SMS messages from your account.")


def sandbox_full() -> AWSError:
    return AWSError("UserErrorException", "The maximum number of sandbox phone numbers has been reached.")


def no_sandbox_number() -> AWSError:
    return AWSError("ResourceNotFoundException", "The phone number does not exist in the SMS sandbox.")


def wrong_passcode() -> AWSError:
    return AWSError("VerificationException", "The one-time password is invalid or expired.", Status="Failed")


def sms_attribute(name: str, reason: str = "") -> AWSError:
    return invalid_because("attributes", reason or f"{name} is not a valid attribute")


# -- KMS


_KMS = {
    "AccessDeniedException": "KMSAccessDeniedException",
    "DisabledException": "KMSDisabledException",
    "KMSInvalidStateException": "KMSInvalidStateException",
    "InvalidKeyUsageException": "KMSInvalidStateException",
    "NotFoundException": "KMSNotFoundException",
}


def of_kms(error: AWSError) -> AWSError:
    """What a publisher is told when KMS refuses the topic's key."""
    code = _KMS.get(error.code)
    if code is None:
        return error
    return AWSError(code, f"{error.message} (Service: AWSKMS; Status Code: 400; Error Code: {error.code})")
