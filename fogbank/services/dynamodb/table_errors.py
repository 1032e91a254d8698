"""DynamoDB's refusals about tables as a whole: their states, backups, policies, encryption, indexes, destinations.

Sources: as those of `errors.py`.
"""

from __future__ import annotations

from fogbank.services.dynamodb.errors import AWSError, invalid_parameters, validation


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


def warm_throughput_too_low(name: str, index: str | None) -> AWSError:
    return invalid_parameters(
        f"Requested {name} for WarmThroughput for {_table_or(index)} is lower than current WarmThroughput, "
        "decreasing WarmThroughput is not supported"
    )


def ceiling_on_provisioned(name: str, when: str) -> AWSError:
    return invalid_parameters(f"{name} for OnDemandThroughput cannot be specified when {when}")


def ceiling_out_of_range(name: str, index: str | None) -> AWSError:
    return invalid_parameters(
        f"Requested {name} for OnDemandThroughput for {_table_or(index)} is outside of valid range"
    )


def _table_or(index: str | None) -> str:
    return "table" if index is None else f"index {index}"


def same_capacity(of: str, current: tuple[int, int]) -> AWSError:
    """Capacity that is there already was asked for. `of` is `table`, or `index` and its name."""
    reads, writes = current
    kind = of.partition(" ")[0]
    return validation(
        f"The provisioned throughput for the {of} will not change. The requested value equals the current value. "
        f"Current ReadCapacityUnits provisioned for the {kind}: {reads}. Requested ReadCapacityUnits: {reads}. "
        f"Current WriteCapacityUnits provisioned for the {kind}: {writes}. Requested WriteCapacityUnits: {writes}. "
        "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits."
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


def vectors_on_demand() -> AWSError:
    return invalid_parameters("Vector indexes are only supported for tables with BillingMode PAY_PER_REQUEST")
