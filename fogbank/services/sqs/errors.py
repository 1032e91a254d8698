"""SQS's refusals in AWS's words. Status and query-protocol alias of a code come from the model.

Sources: the Errors sections of the SQS API reference, and for sentences that it does not give, the answers of the service as quoted in
the issue trackers of the AWS SDKs, botocore, Terraform's provider and Ansible's collection. For some no source was found: the reasons
of a bad RedriveAllowPolicy, reserved attribute names, OverLimit, tags and move tasks are worded after the nearest documented error.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fogbank.kernel.errors import AWSError
from fogbank.services.sqs import limits

if TYPE_CHECKING:
    from fogbank.protocols import Violation

VALID_CHARACTERS = "#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"


# -- requests as a whole


def missing_parameter(name: str) -> AWSError:
    return AWSError("MissingParameter", f"The request must contain the parameter {name}.")


def invalid_parameter(message: str) -> AWSError:
    return AWSError("InvalidParameterValue", message)


def invalid_value(value: object, parameter: str, reason: str) -> AWSError:
    return invalid_parameter(f"Value {value} for parameter {parameter} is invalid. Reason: {reason}")


_ATTRIBUTE_TYPE = re.compile(r"message(?:System)?Attributes\.(.+)\.member\.dataType$")


def invalid_request(message: str, violations: list[Violation]) -> AWSError:
    """What the model finds wrong, as SQS says it."""
    for violation in violations:
        if violation.kind == "required":
            attribute = _ATTRIBUTE_TYPE.search(violation.member)
            return attribute_without_type(attribute[1]) if attribute else missing_parameter(_wire(violation.member))
    return invalid_parameter(message)


def _wire(member: str) -> str:
    """`entries.1.member.id` -> `Entries.1.Id`."""
    parts = [part for part in member.split(".") if part != "member"]
    return ".".join(part[:1].upper() + part[1:] for part in parts)


def invalid_next_token(token: str) -> AWSError:
    return invalid_parameter(f"Invalid or expired next token: {token}")


# -- queues


def queue_does_not_exist() -> AWSError:
    return AWSError("QueueDoesNotExist", "The specified queue does not exist.")


def no_such_queue_or_no_access() -> AWSError:
    """For the queues of others, so that nobody learns which ones there are."""
    return AWSError("QueueDoesNotExist", "The specified queue does not exist or you do not have access to it.")


def invalid_address(url: str) -> AWSError:
    return AWSError("InvalidAddress", f"The address {url} is not valid for this endpoint.", 404)


def queue_exists(attribute: str) -> AWSError:
    sentence = f"A queue already exists with the same name and a different value for attribute {attribute}"
    return AWSError("QueueNameExists", sentence)


def queue_deleted_recently() -> AWSError:
    sentence = "You must wait 60 seconds after deleting a queue before you can create another with the same name."
    return AWSError("QueueDeletedRecently", sentence)


def invalid_queue_name() -> AWSError:
    return invalid_parameter("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")


def invalid_fifo_name() -> AWSError:
    return invalid_parameter(
        "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, "
        "must end with .fifo suffix and be 1 to 80 in length."
    )


def unknown_attribute(name: object) -> AWSError:
    return AWSError("InvalidAttributeName", f"Unknown Attribute {name}.")


def invalid_attribute(name: str, reason: str = "") -> AWSError:
    sentence = f"Invalid value for the parameter {name}."
    return AWSError("InvalidAttributeValue", f"{sentence} Reason: {reason}" if reason else sentence)


def two_encryptions() -> AWSError:
    return AWSError(
        "InvalidAttributeValue",
        "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.",
    )


def throughput_without_scope() -> AWSError:
    reason = "The perMessageGroupId value is allowed only when the value for DeduplicationScope is messageGroup."
    return invalid_attribute("FifoThroughputLimit", reason)


def purge_in_progress(name: str) -> AWSError:
    return AWSError("PurgeQueueInProgress", f"Only one PurgeQueue operation on {name} is allowed every 60 seconds.")


# -- messages


def invalid_characters() -> AWSError:
    sentence = f"Invalid characters found. Valid unicode characters are {VALID_CHARACTERS}"
    return AWSError("InvalidMessageContents", sentence)


def message_too_long(limit: int) -> AWSError:
    return invalid_parameter(f"One or more parameters are invalid. Reason: Message must be shorter than {limit} bytes.")


def invalid_delay(seconds: int) -> AWSError:
    return invalid_value(seconds, "DelaySeconds", f"DelaySeconds must be >= 0 and <= {limits.DELAY_SECONDS}.")


def not_for_this_queue_type(value: object, parameter: str) -> AWSError:
    return invalid_value(value, parameter, "The request include parameter that is not valid for this queue type.")


def no_deduplication_id() -> AWSError:
    return invalid_parameter(
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"
    )


def invalid_token(value: str, parameter: str) -> AWSError:
    reason = f"{parameter} can only include alphanumeric and punctuation characters. 1 to 128 in length."
    return invalid_value(value, parameter, reason)


def too_many_attributes(count: int) -> AWSError:
    allowed = limits.MESSAGE_ATTRIBUTES
    return invalid_parameter(f"Number of message attributes [{count}] exceeds the allowed maximum [{allowed}].")


def attribute_name_missing() -> AWSError:
    return invalid_parameter("The request must contain non-empty message attribute name.")


def attribute_name_too_long() -> AWSError:
    return invalid_parameter(
        f"Length of message attribute name must be less than {limits.ATTRIBUTE_NAME_LENGTH} bytes."
    )


def attribute_name_invalid(name: str) -> AWSError:
    return invalid_parameter(
        f"The message attribute name '{name}' is invalid. Attribute name can contain A-Z, a-z, 0-9, underscore (_), "
        "hyphen (-), and period (.) characters."
    )


def attribute_name_reserved(name: str) -> AWSError:
    return invalid_parameter(
        f"The message attribute name '{name}' is invalid. "
        "Attribute name cannot start with AWS. or Amazon. or with any variation of them."
    )


def attribute_name_periods(name: str) -> AWSError:
    return invalid_parameter(
        f"The message attribute name '{name}' is invalid. "
        "Attribute name cannot start or end with a period, or have periods in succession."
    )


def attribute_without_type(name: str) -> AWSError:
    return invalid_parameter(f"The message attribute '{name}' must contain non-empty message attribute type.")


def attribute_type_unknown(name: str, kind: str) -> AWSError:
    return invalid_parameter(
        f"The type of message ({kind}) attribute '{name}' is invalid. "
        "You must use only the following supported type prefixes: Binary, Number, String."
    )


def attribute_value_missing(name: str, kind: str, data_type: str) -> AWSError:
    return invalid_parameter(
        f"Message ({kind}) attribute '{name}' must contain a non-empty value of type '{data_type}'."
    )


def attribute_not_a_number(name: str) -> AWSError:
    return invalid_parameter(f"Can't cast the value of message (user) attribute '{name}' to a number.")


def attribute_lists(name: str) -> AWSError:
    return AWSError(
        "UnsupportedOperation", f"Message attribute list values in message attribute '{name}' are not supported."
    )


def invalid_trace_header() -> AWSError:
    return invalid_parameter("Invalid value for the message (system) attribute 'AWSTraceHeader'.")


# -- receiving and settling


def out_of_range(value: int, parameter: str, low: int, high: int) -> AWSError:
    return invalid_value(value, parameter, f"Must be between {low} and {high}, if provided.")


def invalid_wait(seconds: int) -> AWSError:
    return invalid_value(seconds, "WaitTimeSeconds", f"Must be >= 0 and <= {limits.WAIT_SECONDS}, if provided.")


def too_many_in_flight() -> AWSError:
    return AWSError(
        "OverLimit", f"Too many messages in flight: the queue allows {limits.IN_FLIGHT} received and not deleted."
    )


def invalid_receipt_handle(handle: str) -> AWSError:
    sentence = f'The input receipt handle "{handle}" is not a valid receipt handle.'
    return AWSError("ReceiptHandleIsInvalid", sentence, 404)


def receipt_handle_of_another_queue(handle: str) -> AWSError:
    return AWSError("ReceiptHandleIsInvalid", f'The receipt handle "{handle}" is not valid for this queue.', 404)


def receipt_handle_expired(handle: str) -> AWSError:
    return invalid_value(handle, "ReceiptHandle", "The receipt handle has expired.")


def no_message_to_change(handle: str) -> AWSError:
    reason = "Message does not exist or is not available for visibility timeout change."
    return invalid_value(handle, "ReceiptHandle", reason)


def total_visibility(seconds: int) -> AWSError:
    limit = limits.VISIBILITY_SECONDS
    reason = f"Total VisibilityTimeout for the message is beyond the limit [{limit} seconds]."
    return invalid_value(seconds, "VisibilityTimeout", reason)


# -- batches


def empty_batch(entry: str) -> AWSError:
    return AWSError("EmptyBatchRequest", f"There should be at least one {entry} in the request.")


def too_many_entries(count: int) -> AWSError:
    sentence = f"Maximum number of entries per request are {limits.BATCH_ENTRIES}. You have sent {count}."
    return AWSError("TooManyEntriesInBatchRequest", sentence)


def entry_id_repeated(entry_id: str) -> AWSError:
    return AWSError("BatchEntryIdsNotDistinct", f"Id {entry_id} repeated.")


def invalid_entry_id() -> AWSError:
    return AWSError(
        "InvalidBatchEntryId",
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. "
        "It can be at most 80 letters long.",
    )


def batch_too_long(size: int) -> AWSError:
    sentence = f"Batch requests cannot be longer than {limits.BATCH_BYTES} bytes. You have sent {size} bytes."
    return AWSError("BatchRequestTooLong", sentence)


# -- permissions


def action_of_the_owner(action: str) -> AWSError:
    return invalid_value(f"SQS:{action}", "ActionName", "Only the queue owner is allowed to invoke this action.")


def unknown_action(action: str) -> AWSError:
    reason = "Please refer to the appropriate WSDL for a list of valid actions."
    return invalid_value(f"SQS:{action}", "ActionName", reason)


def too_many_actions(count: int) -> AWSError:
    allowed = limits.ACTIONS_PER_STATEMENT
    return AWSError("OverLimit", f"{count} Actions were found, maximum allowed is {allowed}.")


def too_many_statements(count: int) -> AWSError:
    return AWSError("OverLimit", f"{count} Statements were found, maximum allowed is {limits.STATEMENTS}.")


def unknown_principal(accounts: list[str]) -> AWSError:
    return invalid_value(f"[{', '.join(accounts)}]", "PrincipalId", "Unable to verify.")


def invalid_label(label: str) -> AWSError:
    reason = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length."
    return invalid_value(label, "Label", reason)


def label_exists(label: str) -> AWSError:
    return invalid_value(label, "Label", "Already exists.")


def label_not_found(label: str) -> AWSError:
    return invalid_value(label, "Label", "can't find label on existing policy.")


# -- tags


def too_many_tags(queue: str) -> AWSError:
    return invalid_parameter(f"Too many tags added for queue {queue}.")


def tag_key_length() -> AWSError:
    return invalid_parameter(f"Tag keys must be between 1 and {limits.TAG_KEY_LENGTH} characters in length.")


def tag_value_length() -> AWSError:
    return invalid_parameter(f"Tag values must be at most {limits.TAG_VALUE_LENGTH} characters in length.")


def tag_key_reserved() -> AWSError:
    return invalid_parameter("Tag keys and values cannot start with 'aws:'.")


# -- moving messages


def no_such_source() -> AWSError:
    sentence = "The resource that you specified for the SourceArn parameter doesn't exist."
    return AWSError("ResourceNotFoundException", sentence)


def no_such_destination() -> AWSError:
    sentence = "The resource that you specified for the DestinationArn parameter doesn't exist."
    return AWSError("ResourceNotFoundException", sentence)


def malformed_arn(parameter: str) -> AWSError:
    return invalid_parameter(
        f"You must use this format to specify the {parameter}: "
        "arn:<partition>:<service>:<region>:<account-id>:<resource-id>"
    )


def not_a_dead_letter_queue() -> AWSError:
    return invalid_parameter("Source queue must be configured as a Dead Letter Queue.")


def move_is_running() -> AWSError:
    return invalid_parameter(
        "There is already a task running. Only one active task is allowed for a source queue arn at a given time."
    )


def destination_of_another_type() -> AWSError:
    return invalid_parameter("The source and destination queues must be of the same type.")


def destination_is_source() -> AWSError:
    return invalid_parameter("Source queue arn and destination queue arn must be different.")


def move_rate() -> AWSError:
    return invalid_parameter(
        "Value for parameter MaxNumberOfMessagesPerSecond is invalid. "
        f"Reason: You must enter a value that is between 1 and {limits.MOVES_PER_SECOND}."
    )


def invalid_task_handle() -> AWSError:
    return invalid_parameter("Value for parameter TaskHandle is invalid.")


def no_such_move() -> AWSError:
    return AWSError("ResourceNotFoundException", "Task does not exist.")


def move_is_over() -> AWSError:
    return invalid_parameter("Only active tasks can be cancelled.")


def redrive_policy(value: Any, reason: str) -> AWSError:
    return invalid_value(value, "RedrivePolicy", reason)


def redrive_allow_policy(value: Any, reason: str) -> AWSError:
    return invalid_value(value, "RedriveAllowPolicy", reason)


def throttled() -> AWSError:
    return AWSError("RequestThrottled", "The request was denied due to request throttling.")


# -- KMS


_KMS = {
    "AccessDeniedException": "KmsAccessDenied",
    "DisabledException": "KmsDisabled",
    "InvalidKeyUsageException": "KmsInvalidKeyUsage",
    "KMSInvalidStateException": "KmsInvalidState",
    "NotFoundException": "KmsNotFound",
}


def of_kms(error: AWSError) -> AWSError:
    """What a sender or receiver is told when KMS refuses the queue's key."""
    code = _KMS.get(error.code)
    if code is None:
        return error
    return AWSError(code, f"{error.message} (Service: AWSKMS; Status Code: 400; Error Code: {error.code})")
