"""DynamoDB's refusals about global tables, in AWS's words where users quote them. The others are in `errors.py`."""

from __future__ import annotations

from fogbank.kernel.errors import AWSError
from fogbank.services.dynamodb.errors import invalid_parameters, validation


def local_replica() -> AWSError:
    return validation(
        "Cannot add, delete, or update the local region through ReplicaUpdates. "
        "Use CreateTable, DeleteTable, or UpdateTable as required."
    )


def one_replica_action() -> AWSError:
    return invalid_parameters(
        "Each replica update must have exactly one action, and each Region can be named only once"
    )


def joint_by_accounts() -> AWSError:
    return validation(
        "ReplicaUpdates are not supported for multi-account global tables: "
        "each account creates its replica with CreateTable and deletes it with DeleteTable."
    )


def joint_mode() -> AWSError:
    return invalid_parameters("GlobalTableSettingsReplicationMode must be ENABLED for multi-account global tables")


def joint_settings(names: list[str]) -> AWSError:
    return invalid_parameters(
        f"{', '.join(names)} cannot be specified with GlobalTableSourceArn: a replica has the settings of its source"
    )


def joint_source(arn: str) -> AWSError:
    return invalid_parameters(
        f"GlobalTableSourceArn {arn} must be the ARN of a table of the same name in another account and another Region"
    )


def joint_source_mode(arn: str) -> AWSError:
    return invalid_parameters(
        f"Source table {arn} must have GlobalTableSettingsReplicationMode ENABLED to begin a multi-account global table"
    )


def joint_of_one_account() -> AWSError:
    return validation("A same-account global table cannot be converted to a multi-account global table")


def joint_member_there() -> AWSError:
    return validation("Each replica of a multi-account global table must be in an account and a Region of its own")


def joint_without_consent(action: str, arn: str, source: str) -> AWSError:
    return validation(
        f"The resource-based policy of {arn} must allow replication.dynamodb.amazonaws.com to perform {action} for {source}"
    )


def mode_of_regional_tables() -> AWSError:
    return validation(
        "GlobalTableSettingsReplicationMode can only be set to ENABLED or DISABLED, on a table that is not a replica"
    )


def no_such_region(region: str) -> AWSError:
    return validation(f"Unsupported or invalid Region: {region}")


def replica_is_table(name: str) -> AWSError:
    return validation(
        f"Failed to create a the new replica of table with name: '{name}' "
        "because one or more replicas already existed as tables."
    )


def replica_needs_key() -> AWSError:
    return invalid_parameters("KMSMasterKeyId must be specified for each replica.")


def replica_needs_images(name: str) -> AWSError:
    return invalid_parameters(
        f"Table {name} must have DynamoDB Streams enabled with the view type NEW_AND_OLD_IMAGES to be a replica"
    )


def stream_of_replica() -> AWSError:
    return invalid_parameters("Disabling Stream is not allowed for a Global Table replica.")


def no_such_replica() -> AWSError:
    return validation("Replica specified in the Replica Update or Replica Delete action of the request was not found.")


def replica_was_source() -> AWSError:
    return validation(
        "Replica cannot be deleted because it has acted as a source region for new replica(s) "
        "being added to the table in the last 24 hours."
    )


def consistency_of_existing() -> AWSError:
    return invalid_parameters(
        "MultiRegionConsistency can only be specified when a global table is created by adding replicas to a table"
    )


def witness_without_strong() -> AWSError:
    return invalid_parameters(
        "A witness can only be added when a global table with MultiRegionConsistency STRONG is created"
    )


def strong_needs_three() -> AWSError:
    return invalid_parameters(
        "A global table with MultiRegionConsistency STRONG must have exactly three replicas, or two replicas and a witness"
    )


def strong_regions(names: list[str]) -> AWSError:
    return invalid_parameters(
        f"The Regions [{', '.join(names)}] cannot form a global table with MultiRegionConsistency STRONG: "
        "they must belong to the same Region set"
    )


def strong_without(what: str) -> AWSError:
    return invalid_parameters(f"{what} is not supported for global tables with MultiRegionConsistency STRONG")


def strong_needs_empty(name: str) -> AWSError:
    return invalid_parameters(f"Table {name} must be empty to become a global table with MultiRegionConsistency STRONG")


def strong_cannot_grow() -> AWSError:
    return invalid_parameters("Replicas cannot be added to a global table with MultiRegionConsistency STRONG")


def strong_shrinks_at_once() -> AWSError:
    return invalid_parameters(
        "A single replica or witness of a global table with MultiRegionConsistency STRONG cannot be deleted: "
        "all but one have to be deleted together"
    )


def transaction_on_strong() -> AWSError:
    return validation("Transactional operations are not supported on global tables with MultiRegionConsistency STRONG")


def disassociation_alone() -> AWSError:
    return invalid_parameters("Disassociate must be the only update in the request")


def disassociation_elsewhere() -> AWSError:
    return invalid_parameters(
        "Only the local replica can be disassociated: send the request to the Region of the replica"
    )


def disassociation_protected() -> AWSError:
    return validation(
        "Replica cannot be disassociated as it is currently protected against disassociation. "
        "Disable disassociation protection first."
    )


def disassociation_of_strong() -> AWSError:
    return invalid_parameters(
        "Only replicas of global tables with MultiRegionConsistency EVENTUAL can be disassociated"
    )


def global_table_exists(name: str) -> AWSError:
    return AWSError("GlobalTableAlreadyExistsException", f"Global table with name: '{name}' already exists.")


def no_such_global_table(name: str) -> AWSError:
    return AWSError(
        "GlobalTableNotFoundException", f"Global table not found: Global table with name: '{name}' does not exist."
    )


def joined_table_missing(name: str, region: str) -> AWSError:
    return AWSError("TableNotFoundException", f"Table not found: Table '{name}' does not exist in Region '{region}'.")


def unfit_to_join(name: str, region: str, why: str) -> AWSError:
    return invalid_parameters(f"Table '{name}' in Region '{region}' cannot be a replica of a global table: {why}")


def replica_exists(name: str, region: str) -> AWSError:
    return AWSError(
        "ReplicaAlreadyExistsException",
        f"Global table with name: '{name}' already has a replica in Region: '{region}'.",
    )


def replica_not_found(name: str, region: str) -> AWSError:
    return AWSError(
        "ReplicaNotFoundException", f"Global table with name: '{name}' does not have a replica in Region: '{region}'."
    )


def index_not_found(name: str) -> AWSError:
    return AWSError("IndexNotFoundException", f"Index not found: {name}")
