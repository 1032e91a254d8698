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


# -- tables


def no_such_resource() -> AWSError:
    """What the data plane says of a table that is not there."""
    return AWSError("ResourceNotFoundException", "Requested resource not found")


def no_such_table(name: str) -> AWSError:
    """What the control plane says of a table that is not there."""
    return AWSError("ResourceNotFoundException", f"Requested resource not found: Table: {name} not found")


def no_table_to_back_up(name: str) -> AWSError:
    return AWSError("TableNotFoundException", f"Table not found: {name}")


def backup_of_table_in_use(name: str) -> AWSError:
    return AWSError("TableInUseException", f"Table is being created: {name}")


def backup_not_found(arn: str) -> AWSError:
    return AWSError("BackupNotFoundException", f"Backup not found: {arn}")


def backup_in_use(arn: str) -> AWSError:
    return AWSError("BackupInUseException", f"Backup is being created: {arn}")


def restore_target_exists(name: str) -> AWSError:
    return AWSError("TableAlreadyExistsException", f"Table already exists: {name}")


def recovery_unavailable(name: str) -> AWSError:
    return AWSError(
        "PointInTimeRecoveryUnavailableException", f"Point in time recovery is not enabled for table '{name}'"
    )


def invalid_restore_time() -> AWSError:
    return AWSError(
        "InvalidRestoreTimeException",
        "RestoreDateTime must be between EarliestRestorableDateTime and LatestRestorableDateTime",
    )


def no_such_arn(arn: str) -> AWSError:
    return AWSError("ResourceNotFoundException", f"Requested resource not found: ResourcArn: {arn} not found")


def table_exists(name: str) -> AWSError:
    return AWSError("ResourceInUseException", f"Table already exists: {name}")


def table_in_use(name: str, doing: str) -> AWSError:
    return AWSError(
        "ResourceInUseException",
        f"Attempt to change a resource which is still in use: Table is being {doing}: {name}",
    )


def first_key_not_hash() -> AWSError:
    return invalid_parameters("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")


def keys_of_one_name() -> AWSError:
    return validation("Both the Hash Key and the Range Key element in the KeySchema have the same name")


def deletion_protected() -> AWSError:
    return validation(
        "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first."
    )


def too_many_index_changes() -> AWSError:
    return AWSError(
        "LimitExceededException",
        "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
    )


def not_yet(what: str) -> AWSError:
    """A request whose effect Fogbank cannot have yet is refused, not swallowed."""
    return AWSError("NotImplemented", f"Fogbank does not implement dynamodb {what} yet.", 501)


# -- resource policies


def invalid_resource_arn(arn: str) -> AWSError:
    return validation(f"Invalid ResourceArn: {arn} is not the ARN of a table or stream of this Region")


def no_policy(arn: str) -> AWSError:
    return AWSError("PolicyNotFoundException", f"Resource-based policy not found for the provided ResourceArn: {arn}")


def policy_revision(revision: str) -> AWSError:
    return AWSError(
        "PolicyNotFoundException",
        f"The policy's revision ID does not match the expected revision ID: {revision}",
    )


def policy_too_large() -> AWSError:
    return AWSError("LimitExceededException", "The resource-based policy exceeds the maximum size of 20 KB")


def malformed_policy(reason: str) -> AWSError:
    return validation(f"Resource-based policy is invalid: {reason}")


def policy_locks_out() -> AWSError:
    return validation(
        "The resource-based policy would keep you from changing it again. "
        "Set ConfirmRemoveSelfResourceAccess to true to confirm that this is wanted."
    )


# -- encryption


def key_without_encryption() -> AWSError:
    return invalid_parameters("SSEType and KMSMasterKeyId can only be specified when SSESpecification.Enabled is true")


def encryption_type(given: str) -> AWSError:
    return invalid_parameters(f"SSEType {given} is not supported: the only supported value is KMS")


def key_unfit(arn: str) -> AWSError:
    return validation(f"KMS key cannot be used to encrypt tables: {arn} must be a symmetric encryption key")


def key_refused(error: AWSError) -> AWSError:
    """KMS's refusal of a key that somebody chose."""
    return validation(f"KMS validation error: {error.message}")


def key_inaccessible(error: AWSError) -> AWSError:
    """KMS's refusal of the key of a table that somebody reads or writes."""
    return AWSError("AccessDeniedException", error.message, 400)


# -- capacity


def warm_throughput_too_low(name: str, given: int, floor: int) -> AWSError:
    return invalid_parameters(
        f"Requested {name} for WarmThroughput is lower than the current value: Requested: {given}, current: {floor}"
    )


# -- Kinesis


def destination_not_enableable() -> AWSError:
    return validation(
        "Table is not in a valid state to enable Kinesis Streaming Destination: "
        "EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform ENABLE operation."
    )


def destination_not_active(operation: str) -> AWSError:
    return validation(
        f"Table is not in a valid state to {operation.lower()} Kinesis Streaming Destination: "
        f"KinesisStreamingDestination must be ACTIVE to perform {operation} operation."
    )


def no_such_stream(arn: str) -> AWSError:
    return AWSError("ResourceNotFoundException", f"Requested resource not found: Kinesis stream: {arn} not found")


def stream_elsewhere(arn: str) -> AWSError:
    return validation(f"The Kinesis stream must be in the same account and Region as the table: {arn}")


def too_many_destinations() -> AWSError:
    return AWSError("LimitExceededException", "A table can have at most two Kinesis streaming destinations at once")


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


def vectors_on_demand() -> AWSError:
    return invalid_parameters("Vector indexes are only supported for tables with BillingMode PAY_PER_REQUEST")
