"""DynamoDB's refusals, in AWS's words. Status and shape of a code come from the model.

Sources: the API reference and developer guide; for sentences that they do not give, the service's answers as quoted in the issue trackers
of AWS SDKs, and AWS's own DynamoDB Local where it agrees with the service.
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel.errors import AWSError

INVALID_PARAMETERS = "One or more parameter values were invalid"


def validation(message: str) -> AWSError:
    return AWSError("ValidationException", message)


def invalid_parameters(message: str) -> AWSError:
    return validation(f"{INVALID_PARAMETERS}: {message}")


def serialization(message: str) -> AWSError:
    return AWSError("SerializationException", message)


# -- numbers


def not_a_number(text: str) -> AWSError:
    shown = f": {text}" if text else ""
    return validation(f"The parameter cannot be converted to a numeric value{shown}")


def too_many_digits() -> AWSError:
    return validation("Attempting to store more than 38 significant digits in a Number")


def number_overflow() -> AWSError:
    return validation("Number overflow. Attempting to store a number with magnitude larger than supported range")


def number_underflow() -> AWSError:
    return validation("Number underflow. Attempting to store a number with magnitude smaller than supported range")


# -- attribute values


def no_datatype() -> AWSError:
    return validation("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")


def several_datatypes() -> AWSError:
    return validation(
        "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
    )


def null_is_false() -> AWSError:
    return invalid_parameters("Null attribute value types must have the value of true")


def empty_set(kind: str) -> AWSError:
    if kind == "BS":
        return invalid_parameters("Binary sets should not be empty")
    return invalid_parameters(f"An {'string' if kind == 'SS' else 'number'} set  may not be empty")


def duplicates_in_set(kind: str, members: list[str]) -> AWSError:
    if kind == "NS":
        return validation("Input collection contains duplicates")
    if kind == "BS":
        return invalid_parameters("Input collection of type BS contains duplicates.")
    return invalid_parameters(f"Input collection [{', '.join(members)}] contains duplicates.")


def too_deep() -> AWSError:
    return validation(
        "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"
    )


def empty_attribute_name() -> AWSError:
    return invalid_parameters("Empty attribute name")


def attribute_name_too_long() -> AWSError:
    return validation("Attribute name is too large, must be less than 65536 bytes")


def item_too_large() -> AWSError:
    return validation("Item size has exceeded the maximum allowed size")


def updated_item_too_large() -> AWSError:
    return validation("Item size to update has exceeded the maximum allowed size")


# -- keys


def missing_key(name: str) -> AWSError:
    return invalid_parameters(f"Missing the key {name} in the item")


def key_type_mismatch(name: str, expected: str, actual: str) -> AWSError:
    return invalid_parameters(f"Type mismatch for key {name} expected: {expected} actual: {actual}")


def key_not_in_schema() -> AWSError:
    return validation("The provided key element does not match the schema")


def empty_key(name: str, kind: str) -> AWSError:
    noun = "binary" if kind == "B" else "string"
    return validation(
        "One or more parameter values are not valid. "
        f"The AttributeValue for a key attribute cannot contain an empty {noun} value. Key: {name}"
    )


def is_empty_key(error: AWSError) -> bool:
    """Is it about an empty key value? Those are refused before a transaction begins, other keys cancel it."""
    return error.message.startswith("One or more parameter values are not valid.")


def hash_key_too_long() -> AWSError:
    # without the blank, as AWS has it
    return invalid_parameters("Size of hashkey has exceeded the maximum size limit of2048 bytes")


def range_key_too_long() -> AWSError:
    return invalid_parameters("Aggregated size of all range keys has exceeded the size limit of 1024 bytes")


def index_key_type_mismatch(name: str, expected: str, actual: str, index: str) -> AWSError:
    return invalid_parameters(
        f"Type mismatch for Index Key {name} Expected: {expected} Actual: {actual} IndexName: {index}"
    )


def empty_index_key(name: str, kind: str, index: str) -> AWSError:
    noun = "binary" if kind == "B" else "string"
    return validation(
        "One or more parameter values are not valid. A value specified for a secondary index key is not supported. "
        f"The AttributeValue for a key attribute cannot contain an empty {noun} value. IndexName: {index}, IndexKey: {name}"
    )


def index_key_too_long(name: str, size: int, limit: int, index: str) -> AWSError:
    return invalid_parameters(
        f"Size limit exceeded for Index Key {name} Actual Size: {size} bytes Max Size: {limit} bytes IndexName: {index}"
    )


def key_attribute_updated(name: str) -> AWSError:
    return invalid_parameters(f"Cannot update attribute {name}. This attribute is part of the key")


def index_key_updated_to_empty(kind: str) -> AWSError:
    noun = "binary" if kind == "B" else "string"
    return validation(
        "One or more parameter values are not valid. The update expression attempted to update a secondary index key to a "
        f"value that is not supported. The AttributeValue for a key attribute cannot contain an empty {noun} value."
    )


def key_path_not_scalar(name: str, is_index: bool) -> AWSError:
    noun = "IndexKey" if is_index else "Key"
    return validation(
        f"Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: {noun}: {name}"
    )


# -- expressions


def invalid_expression(parameter: str, message: str) -> AWSError:
    return validation(f"Invalid {parameter}: {message}")


def unused_names(keys: str) -> AWSError:
    return validation(f"Value provided in ExpressionAttributeNames unused in expressions: keys: {{{keys}}}")


def unused_values(keys: str) -> AWSError:
    return validation(f"Value provided in ExpressionAttributeValues unused in expressions: keys: {{{keys}}}")


def mixed_parameters(legacy: list[str], expressions: list[str]) -> AWSError:
    return validation(
        "Can not use both expression and non-expression parameters in the same request: "
        f"Non-expression parameters: {{{', '.join(legacy)}}} Expression parameters: {{{', '.join(expressions)}}}"
    )


def operand_type() -> AWSError:
    return validation("An operand in the update expression has an incorrect data type")


def attribute_missing() -> AWSError:
    return validation("The provided expression refers to an attribute that does not exist in the item")


def invalid_update_path() -> AWSError:
    return validation("The document path provided in the update expression is invalid for update")


def type_mismatch_for_update() -> AWSError:
    return validation("Type mismatch for attribute to update")


# -- reads


def key_condition_schema() -> AWSError:
    return invalid_parameters("Condition parameter type does not match schema type")


def consistent_read_of_global_index() -> AWSError:
    return validation("Consistent reads are not supported on global secondary indexes")


def index_is_backfilling(name: str) -> AWSError:
    return validation(f"Cannot read from backfilling global secondary index: {name}")


def no_such_index(name: str) -> AWSError:
    return validation(f"The table does not have the specified index: {name}")


def filter_not_projected(index: str, names: list[str]) -> AWSError:
    return invalid_parameters(
        f"Secondary index {index} does not project one or more filter attributes: [{', '.join(names)}]"
    )


def invalid_start_key(reason: str = "") -> AWSError:
    return validation(f"The provided starting key is invalid{reason}")


# -- conditions and transactions


def condition_failed(item: Any = None) -> AWSError:
    """`item` is what was there, when the caller asked for it."""
    return AWSError("ConditionalCheckFailedException", "The conditional request failed", Item=item)


def is_failed_condition(error: AWSError) -> bool:
    return error.code == "ConditionalCheckFailedException"


def transaction_cancelled(reasons: list[dict[str, Any]]) -> AWSError:
    codes = ", ".join(reason["Code"] for reason in reasons)
    return AWSError(
        "TransactionCanceledException",
        f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
        CancellationReasons=reasons,
    )


def token_reused() -> AWSError:
    return AWSError(
        "IdempotentParameterMismatchException",
        "Request parameters do not match those of the original request with the same client request token",
    )


# -- everywhere


def no_such_resource() -> AWSError:
    """What the data plane says of a table that is not there."""
    return AWSError("ResourceNotFoundException", "Requested resource not found")


# -- throttling

_PROVISIONED = (
    "The level of configured provisioned throughput for the table was exceeded. "
    "Consider increasing your provisioning level with the UpdateTable API."
)
_OF_INDEX = (
    "The level of configured provisioned throughput for one or more global secondary indexes of the table was exceeded. "
    "Consider increasing your provisioning level for the under-provisioned global secondary indexes with the UpdateTable API"
)
_CURRENT = (
    "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or index "
    "so please try again shortly. If exceptions persist, check if you have a hot key: "
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html"
)
_CONFIGURED = "Throughput exceeds the maximum OnDemandThroughput configured on table or index"


def throttled(limit: str, reason: str, arn: str, on_demand: bool) -> AWSError:
    """`limit` is what was exceeded (`KeyRangeThroughputExceeded`), `reason` the same with table or index and direction."""
    reasons = [{"reason": reason, "resource": arn}]
    if on_demand:
        message = _CONFIGURED if limit == "MaxOnDemandThroughputExceeded" else _CURRENT
        return AWSError("ThrottlingException", message, throttlingReasons=reasons)
    message = _OF_INDEX if reason.startswith("Index") else _PROVISIONED
    return AWSError("ProvisionedThroughputExceededException", message, ThrottlingReasons=reasons)


def is_throttled(error: AWSError) -> bool:
    return error.code in ("ProvisionedThroughputExceededException", "ThrottlingException")
