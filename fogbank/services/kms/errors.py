"""KMS's refusals in AWS's words. Status codes come from the model.

Sources: the API reference and the table of key states in the developer guide
(https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html), and for sentences that these do not give, the answers of the
service as quoted in the issue trackers of the AWS SDKs, Terraform's provider and others. Where none was found, the sentence is the API
reference's own description of the error.
"""

from __future__ import annotations

from fogbank.kernel.errors import AWSError

# -- requests as a whole


def validation(message: str) -> AWSError:
    return AWSError("ValidationException", message)


def out_of_range(value: int, member: str, low: int, high: int) -> AWSError:
    side, bound = ("greater", low) if value < low else ("less", high)
    return validation(
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: "
        f"Member must have value {side} than or equal to {bound}"
    )


def unsupported(message: str = "") -> AWSError:
    return AWSError("UnsupportedOperationException", message)


def limit_exceeded(message: str) -> AWSError:
    return AWSError("LimitExceededException", message)


def invalid_marker() -> AWSError:
    return AWSError(
        "InvalidMarkerException", "The marker that specifies where pagination should next begin is not valid."
    )


def dry_run() -> AWSError:
    return AWSError("DryRunOperationException", "The request would have succeeded, but the DryRun option is set.")


def no_recipients() -> AWSError:
    """Attestation documents are signed by hardware that is not here."""
    return unsupported("Fogbank does not support the Recipient parameter: it cannot verify attestation documents.")


def root_key_missing(error: LookupError) -> AWSError:
    return AWSError("KMSInternalException", str(error))


# -- finding keys


def invalid_key_id(text: str) -> AWSError:
    return AWSError("NotFoundException", f"Invalid keyId '{text}'")


def invalid_arn(text: str) -> AWSError:
    return AWSError("InvalidArnException", f"Invalid arn {text}")


def arn_of_another_region(region: str) -> AWSError:
    return AWSError("NotFoundException", f"Invalid arn {region}")


def key_not_found(arn: str) -> AWSError:
    return AWSError("NotFoundException", f"Key '{arn}' does not exist")


def alias_not_found(arn: str) -> AWSError:
    return AWSError("NotFoundException", f"Alias {arn} is not found.")


def key_of_another(caller: str, action: str, arn: str) -> AWSError:
    """Strangers are not told whether the key is there."""
    return AWSError(
        "AccessDeniedException",
        f"User: {caller} is not authorized to perform: {action} on resource: {arn} because the resource does not exist in "
        "this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access",
    )


def managed_by_aws(caller: str, action: str, arn: str) -> AWSError:
    return AWSError(
        "AccessDeniedException",
        f"User: {caller} is not authorized to perform: {action} on resource: {arn} "
        f"because no resource-based policy allows the {action} action",
    )


# -- states and uses of keys


def disabled(arn: str) -> AWSError:
    return AWSError("DisabledException", f"{arn} is disabled.")


def invalid_state(arn: str, state: str) -> AWSError:
    """`state` in words: `pending deletion`."""
    return AWSError("KMSInvalidStateException", f"{arn} is {state}.")


def invalid_key_usage(arn: str, usage: str, operation: str) -> AWSError:
    return AWSError("InvalidKeyUsageException", f"{arn} key usage is {usage} which is not valid for {operation}.")


def incompatible_algorithm(algorithm: str, spec: str) -> AWSError:
    return AWSError("InvalidKeyUsageException", f"Algorithm {algorithm} is incompatible with key spec {spec}.")


def invalid_origin(arn: str, origin: str) -> AWSError:
    return unsupported(f"{arn} origin is {origin} which is not valid for this operation.")


# -- creating keys


def two_key_specs() -> AWSError:
    return validation(
        "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated."
    )


def no_key_usage() -> AWSError:
    return validation("You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.")


def usage_of_spec(usage: str, spec: str) -> AWSError:
    return validation(f"KeyUsage {usage} is not compatible with KeySpec {spec}")


def spec_not_here(spec: str, region: str) -> AWSError:
    """SM2 is for the regions of China."""
    return unsupported(f"{spec} is not supported in region {region}.")


def spec_not_in_library(spec: str) -> AWSError:
    return unsupported(f"Fogbank does not support {spec}: its cryptographic library does not have it.")


# -- policies


def malformed_policy(reason: str) -> AWSError:
    return AWSError("MalformedPolicyDocumentException", reason)


def policy_without_principal() -> AWSError:
    return malformed_policy("Policy contains a statement with no principal.")


def invalid_principals() -> AWSError:
    return malformed_policy("Policy contains a statement with one or more invalid principals.")


def lockout() -> AWSError:
    return malformed_policy("The new key policy will not allow you to update the key policy in the future.")


def no_such_policy() -> AWSError:
    return AWSError("NotFoundException", "No such policy exists")


def policy_of_ram() -> AWSError:
    return validation("The AWS_RAM policy can only be managed by the RAM service.")


# -- encrypting


def invalid_ciphertext() -> AWSError:
    return AWSError("InvalidCiphertextException")


def incorrect_key() -> AWSError:
    return AWSError(
        "IncorrectKeyException", "The key ID in the request does not identify a CMK that can perform this operation."
    )


def ciphertext_of_no_key() -> AWSError:
    return AWSError(
        "AccessDeniedException",
        "The ciphertext refers to a customer master key that does not exist, does not exist in this region, "
        "or you are not allowed to access.",
    )


def too_large(algorithm: str, spec: str, limit: int) -> AWSError:
    return validation(f"Algorithm {algorithm} and key spec {spec} cannot encrypt data larger than {limit} bytes.")


def no_encryption_context(spec: str) -> AWSError:
    return validation(f"The encryption context is not supported for key spec {spec}.")


def missing_parameter(member: str) -> AWSError:
    return validation(
        f"1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
    )


def data_key_size() -> AWSError:
    return validation("Please specify either number of bytes or key spec.")


# -- signing and agreeing


def digest_length(algorithm: str) -> AWSError:
    return validation(f"Digest is invalid length for algorithm {algorithm}.")


def message_type(message_type: str, algorithm: str) -> AWSError:
    return validation(f"MessageType {message_type} is not valid for algorithm {algorithm}.")


def invalid_signature() -> AWSError:
    return AWSError("KMSInvalidSignatureException")


def invalid_mac() -> AWSError:
    return AWSError("KMSInvalidMacException")


def invalid_public_key() -> AWSError:
    return validation("The public key is not a valid key of the curve of the KMS key.")


# -- aliases


def alias_prefix() -> AWSError:
    return validation(
        'Alias must start with the prefix "alias/". '
        "Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html"
    )


def invalid_alias_name() -> AWSError:
    return AWSError("InvalidAliasNameException", "The specified alias name is not valid.")


def alias_is_reserved() -> AWSError:
    return AWSError("NotAuthorizedException", "The alias/aws/ prefix is reserved for AWS managed keys.", 400)


def alias_exists(arn: str) -> AWSError:
    return AWSError("AlreadyExistsException", f"An alias with the name {arn} already exists")


def alias_of_another_kind() -> AWSError:
    return validation(
        "The current and new KMS key must be the same type (both symmetric or both asymmetric or both HMAC), "
        "and they must have the same key usage."
    )


# -- grants


def grant_not_found(grant_id: str) -> AWSError:
    return AWSError("NotFoundException", f"Grant ID {grant_id} not found")


def invalid_grant_id() -> AWSError:
    return AWSError("InvalidGrantIdException", "The specified grant ID is not valid.")


def invalid_grant_token() -> AWSError:
    return AWSError("InvalidGrantTokenException", "The specified grant token is not valid.")


def no_such_principal(arn: str) -> AWSError:
    return AWSError("InvalidArnException", f"ARN does not refer to a valid principal: {arn}")


def grant_operations(operations: list[str]) -> AWSError:
    return validation(f"Grant operations are not valid for the KMS key: {', '.join(operations)}.")


def grant_too_wide() -> AWSError:
    return AWSError(
        "AccessDeniedException",
        "A grant that is created by permission of a grant must be equally restrictive or more restrictive.",
    )


# -- tags


def invalid_tag(message: str) -> AWSError:
    return AWSError("TagException", message)


# -- deletion and rotation


def deletion_window(days: int) -> AWSError:
    return validation(f"PendingWindowInDays must be between 7 and 30, but was {days}.")


def rotation_in_progress() -> AWSError:
    return AWSError(
        "ConflictException",
        "An automatic rotation of this key is currently in progress or scheduled to begin within the next 20 minutes.",
    )


def too_many_rotations() -> AWSError:
    return limit_exceeded("The maximum number of on-demand rotations of this KMS key is reached.")


# -- importing


def incorrect_material(reason: str) -> AWSError:
    return AWSError("IncorrectKeyMaterialException", reason)


def invalid_import_token() -> AWSError:
    return AWSError(
        "InvalidImportTokenException", "The import token is invalid or is associated with a different KMS key."
    )


def expired_import_token() -> AWSError:
    return AWSError("ExpiredImportTokenException", "The import token is expired.")


# -- multi-Region keys


def replica_exists(arn: str) -> AWSError:
    return AWSError("AlreadyExistsException", f"Key '{arn}' already exists")


def not_a_primary(arn: str) -> AWSError:
    return unsupported(f"{arn} is not a multi-Region primary key.")


def no_replica_there(region: str) -> AWSError:
    return AWSError("NotFoundException", f"There is no replica key in region {region}.")
