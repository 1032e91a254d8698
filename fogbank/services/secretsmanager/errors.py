"""Secrets Manager's refusals in AWS's words.

Sources: the Errors sections of the Secrets Manager API reference, and for sentences that it does not give, the answers of the service
as quoted in the issue trackers of SDKs, Terraform's provider and External Secrets. Of replication, cross-account replicas, resource
policies and quotas few are quoted anywhere: those are worded after the documented condition.
"""

from __future__ import annotations

from fogbank.kernel.errors import AWSError
from fogbank.services.secretsmanager import limits


def validation(message: str) -> AWSError:
    return AWSError("ValidationException", message)


def invalid_parameter(message: str) -> AWSError:
    return AWSError("InvalidParameterException", message)


def invalid_request(message: str) -> AWSError:
    return AWSError("InvalidRequestException", message)


def not_found(message: str) -> AWSError:
    return AWSError("ResourceNotFoundException", message)


def invalid_next_token() -> AWSError:
    return AWSError("InvalidNextTokenException", "Invalid NextToken.")


# -- secrets


def secret_not_found() -> AWSError:
    return not_found("Secrets Manager can't find the specified secret.")


def invalid_name() -> AWSError:
    return validation(
        "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"
    )


def secret_exists(name: str) -> AWSError:
    return AWSError("ResourceExistsException", f"The operation failed because the secret {name} already exists.")


def name_scheduled_for_deletion() -> AWSError:
    return invalid_request(
        "You can't create this secret because a secret with this name is already scheduled for deletion."
    )


def marked_for_deletion() -> AWSError:
    return invalid_request("You can't perform this operation on the secret because it was marked for deletion.")


def already_scheduled_for_deletion() -> AWSError:
    return invalid_request(
        "You can't perform this operation on the secret because it was already scheduled for deletion."
    )


def managed_secret(owner: str) -> AWSError:
    return invalid_request(
        f"The secret is managed by another service, and you must use that service to update it: {owner}."
    )


def recovery_window() -> AWSError:
    low, high = limits.RECOVERY_DAYS
    return invalid_parameter(f"RecoveryWindowInDays value must be between {low} and {high} days (inclusive).")


def force_and_window() -> AWSError:
    return invalid_parameter("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.")


def has_replicas(name: str, regions: list[str]) -> AWSError:
    return invalid_parameter(f"You can't delete secret {name} that still has replica regions [{', '.join(regions)}]")


def has_cross_account_replicas(name: str) -> AWSError:
    return invalid_request(f"You can't delete secret {name} that still has cross-account replicas.")


# -- values and versions


def no_request_token() -> AWSError:
    return invalid_request("You must provide a ClientRequestToken value. We recommend a UUID-type value.")


def no_value() -> AWSError:
    return invalid_request("You must provide either SecretString or SecretBinary.")


def two_values() -> AWSError:
    return invalid_parameter(
        "You can't specify both a binary secret value and a string secret value in the same secret."
    )


def value_too_long(member: str) -> AWSError:
    return validation(
        f"1 validation error detected: Value at '{member}' failed to satisfy constraint: "
        f"Member must have length less than or equal to {limits.SECRET_BYTES}"
    )


def token_in_use(token: str, arn: str) -> AWSError:
    return AWSError(
        "ResourceExistsException",
        f"You can't use ClientRequestToken {token} because that value is already in use for a version of secret {arn}.",
    )


def stage_not_found(stage: str) -> AWSError:
    return not_found(f"Secrets Manager can't find the specified secret value for staging label: {stage}")


def version_not_found(version: str) -> AWSError:
    return not_found(f"Secrets Manager can't find the specified secret value for VersionId: {version}")


def stage_of_another_version() -> AWSError:
    return invalid_request("You provided a VersionStage that is not associated to the provided VersionId.")


def too_many_versions() -> AWSError:
    return AWSError("LimitExceededException", f"You can't have more than {limits.VERSIONS} versions of a secret.")


def too_many_stages() -> AWSError:
    return AWSError(
        "LimitExceededException", f"You can't attach more than {limits.STAGES_PER_SECRET} staging labels to a secret."
    )


def current_must_be_somewhere() -> AWSError:
    return invalid_parameter(
        "You can only move staging label AWSCURRENT to a different secret version. It can\u2019t be completely removed."
    )


def must_remove_from(stage: str, version: str) -> AWSError:
    return invalid_parameter(
        f"The parameter RemoveFromVersionId can't be empty. Staging label {stage} is currently attached to version "
        f"{version}, so you must explicitly reference that version in RemoveFromVersionId."
    )


def not_attached_to(stage: str, version: str) -> AWSError:
    return invalid_parameter(
        f"When you move staging label {stage}, if you specify RemoveFromVersionId, "
        f"it must be set to the version that currently has staging label {stage}. "
        f"Version {version} doesn't have the staging label."
    )


def nothing_to_move() -> AWSError:
    return invalid_parameter("You must specify MoveToVersionId, RemoveFromVersionId, or both.")


def encryption_failure() -> AWSError:
    return AWSError(
        "EncryptionFailure",
        "Secrets Manager can't encrypt the protected secret text using the provided KMS key. "
        "Check that the KMS key is available, enabled, and not in an invalid state.",
    )


def decryption_failure() -> AWSError:
    return AWSError(
        "DecryptionFailure", "Secrets Manager can't decrypt the protected secret text using the provided KMS key."
    )


def no_access_to_key() -> AWSError:
    return AWSError("AccessDeniedException", "Access to KMS is not allowed")


# -- batches


def ids_or_filters() -> AWSError:
    return invalid_parameter("You must include Filters or SecretIdList, but not both.")


def page_of_ids() -> AWSError:
    return invalid_parameter("To use MaxResults or NextToken, you must also use the Filters parameter.")


# -- tags


def too_many_tags() -> AWSError:
    return invalid_parameter(f"The secret can't have more than {limits.TAGS} tags.")


def duplicate_tag(key: str) -> AWSError:
    return invalid_parameter(f"Duplicate tag key found: {key}")


def reserved_tag() -> AWSError:
    return invalid_parameter("Tag keys can't start with aws:, which is reserved for AWS use.")


# -- passwords


def nothing_to_choose_from() -> AWSError:
    return invalid_parameter("The password can't be generated: all characters are excluded.")


def password_too_short(types: int) -> AWSError:
    return invalid_parameter(f"The password length must be at least {types} to contain each of the required types.")


# -- resource policies


def malformed_policy(message: str) -> AWSError:
    return AWSError("MalformedPolicyDocumentException", f"This resource policy contains a syntax error. {message}")


def public_policy() -> AWSError:
    return AWSError(
        "PublicPolicyException",
        "The BlockPublicPolicy parameter is set to true, "
        "and the resource policy did not prevent broad access to the secret.",
    )


def only_the_default_policy(name: str) -> AWSError:
    return invalid_parameter(f"You can only modify the policy named default, not {name}.")


def policy_not_found(name: str) -> AWSError:
    return not_found(f"Secrets Manager can't find the specified resource policy: {name}")


# -- replication


def not_on_a_replica() -> AWSError:
    return invalid_request("Operation not permitted on a replica secret. Call must be made in primary secret's region.")


def not_a_replica() -> AWSError:
    return invalid_request("Operation not permitted on a primary secret. Call must be made on a replica secret.")


def invalid_replica_region(region: str) -> AWSError:
    return invalid_parameter(f"Invalid replica region: {region}.")


def replica_exists(region: str) -> AWSError:
    return invalid_parameter(f"The secret is already replicated to region {region}.")


def no_such_replica(region: str) -> AWSError:
    return invalid_parameter(f"The secret is not replicated to region {region}.")


def cross_account_replica_holds_nothing(member: str) -> AWSError:
    return invalid_parameter(f"You can't include {member} when you create a cross-account replica secret.")


def cross_account_replica_needs_key() -> AWSError:
    return invalid_parameter("A cross-account replica secret must use a customer managed KMS key.")


def invalid_primary(arn: str) -> AWSError:
    return invalid_parameter(
        f"The primary secret must be in another account, in the same Region and partition as the replica: {arn}"
    )


def not_a_replica_of(replica: str, primary: str) -> AWSError:
    return invalid_request(f"The secret {replica} is not a cross-account replica of the secret {primary}.")


def not_associated(replica: str) -> AWSError:
    return invalid_request(f"The secret has no cross-account replica {replica}.")


def too_many_cross_account_replicas() -> AWSError:
    return AWSError("LimitExceededException", "A primary secret can have at most one cross-account replica.")


def another_organization() -> AWSError:
    return invalid_request("The replica account must belong to the same organization as the primary account.")


# -- rotation


def no_rotation_function() -> AWSError:
    return invalid_request("No Lambda rotation function ARN is associated with this secret.")


def function_not_found() -> AWSError:
    return not_found("Lambda does not exist or could not be accessed")


def function_not_invocable() -> AWSError:
    return AWSError(
        "AccessDeniedException",
        "Secrets Manager cannot invoke the specified Lambda function. "
        "Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.",
    )


def rotation_incomplete() -> AWSError:
    return invalid_request("A previous rotation isn't complete. That rotation will be reattempted.")


def no_rotation_rules() -> AWSError:
    return invalid_parameter("You must specify either AutomaticallyAfterDays or ScheduleExpression.")


def two_schedules() -> AWSError:
    return invalid_parameter("You can't specify both AutomaticallyAfterDays and ScheduleExpression.")


def invalid_schedule(reason: str) -> AWSError:
    return invalid_parameter(f"Invalid rotation schedule: {reason}")


def invalid_rotation_token() -> AWSError:
    return invalid_parameter("The RotationToken is not that of the rotation in progress.")
