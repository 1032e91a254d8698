"""Parameter Store's refusals in AWS's words.

Sources: the Errors sections of the Systems Manager API reference, its pages on naming, tiers, labels and policies, and the answers of the
service as quoted in the issue trackers of SDKs and of Terraform's provider. For some no source was found: data types and parameter
policies are worded after their documentation. A parameter that is not there is refused without a sentence, as on AWS.
"""

from __future__ import annotations

from fogbank.kernel.errors import AWSError
from fogbank.services.ssm import limits

_GUIDE = "https://docs.aws.amazon.com/systems-manager/latest/userguide"


def validation(message: str) -> AWSError:
    return AWSError("ValidationException", message)


def invalid_next_token() -> AWSError:
    return AWSError("InvalidNextToken", "The specified token is not valid.")


# -- names


def reserved_name() -> AWSError:
    return validation('Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive).')


def reserved_path() -> AWSError:
    return validation(
        'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist of '
        "sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following "
        "3 symbols .-_"
    )


def no_access_to_name(name: str) -> AWSError:
    return AWSError("AccessDeniedException", f"No access to reserved parameter name: {name}.")


def not_fully_qualified() -> AWSError:
    return validation("Parameter name must be a fully qualified name.")


def invalid_reference() -> AWSError:
    return validation(
        "Invalid parameter name. Please use correct syntax for referencing a version/label  <name>:<version/label>"
    )


def name_too_long() -> AWSError:
    return validation(
        f"The maximum length of a parameter name, with its ARN, is {limits.NAME_WITH_ARN} characters. "
        f"For more information, see {_GUIDE}/sysman-paramstore-su-create.html"
    )


def too_many_levels() -> AWSError:
    return AWSError(
        "HierarchyLevelLimitExceededException",
        f"A hierarchy can have a maximum of {limits.LEVELS} levels. For more information, see Requirements and constraints "
        "for parameter names in the AWS Systems Manager User Guide.",
    )


def invalid_path() -> AWSError:
    return validation(
        "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward slash "
        '"/". It can\'t be prefixed with "aws" or "ssm" (case-insensitive). It must use only letters, numbers, or the '
        "following symbols: . (period), - (hyphen), _ (underscore). Special characters are not allowed. All sub-paths, "
        'if specified, must use the forward slash symbol "/". Valid example: /get/parameters2-/by1./path0_.'
    )


# -- finding


def parameter_not_found(message: str = "") -> AWSError:
    return AWSError("ParameterNotFound", message)


def version_not_found(name: str, version: int) -> AWSError:
    return AWSError(
        "ParameterVersionNotFound",
        f"Systems Manager could not find version {version} of {name}. Verify the version and try again.",
    )


def label_not_found(name: str, label: str) -> AWSError:
    return AWSError(
        "ParameterVersionNotFound",
        f"Systems Manager could not find label {label} of {name}. Verify the label and try again.",
    )


def decryption_needed() -> AWSError:
    return validation("WithDecryption flag must be True for retrieving a Secret Manager secret.")


def secret_not_found(name: str) -> AWSError:
    return parameter_not_found(f"Secret {name} not found.")


# -- writing


def parameter_exists() -> AWSError:
    return AWSError(
        "ParameterAlreadyExists",
        "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
    )


def no_type() -> AWSError:
    return validation("A parameter type is required when you create a parameter.")


def type_changed() -> AWSError:
    return AWSError(
        "HierarchyTypeMismatchException",
        "Parameter Store doesn't support changing a parameter type in a hierarchy. For example, you can't change a "
        "parameter from a String type to a SecureString type. You must create a new, unique parameter.",
    )


def tags_and_overwrite() -> AWSError:
    return validation(
        "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove "
        "overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or "
        "RemoveTagsFromResource."
    )


def key_without_encryption() -> AWSError:
    return validation("KeyId is supported for parameters of type SecureString only.")


def invalid_key(message: str) -> AWSError:
    return AWSError("InvalidKeyId", message)


def empty_value() -> AWSError:
    return validation(
        "1 validation error detected: Value '' at 'value' failed to satisfy constraint: "
        "Member must have length greater than or equal to 1"
    )


def nested_parameter() -> AWSError:
    return validation('Parameter value can\'t nest another parameter. Do not use "{{}}" in the value.')


def value_too_long(tier: str) -> AWSError:
    size = limits.VALUE_BYTES[tier]
    sentence = f"{tier} tier parameters support a maximum parameter value of {size} characters."
    if tier == "Advanced":
        return validation(sentence)
    return validation(
        f"{sentence} To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier. "
        f"For more information, see {_GUIDE}/parameter-store-advanced-parameters.html"
    )


def downgrade() -> AWSError:
    return validation(
        "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the advanced-parameter "
        "tier to the standard-parameter tier. If necessary, you can delete the advanced parameter and recreate it as a "
        "standard parameter. Be aware that standard parameters have a value limit of 4096 characters."
    )


def needs_advanced(what: str) -> AWSError:
    return validation(f"{what} are supported for parameters of the advanced-parameter tier only.")


def too_many_parameters() -> AWSError:
    return AWSError(
        "ParameterLimitExceeded",
        "You have exceeded the number of parameters for this AWS account. Delete one or more parameters and try again.",
    )


def invalid_pattern() -> AWSError:
    return AWSError("InvalidAllowedPatternException", "The request does not meet the regular expression requirement.")


def pattern_mismatch(pattern: str) -> AWSError:
    return AWSError(
        "ParameterPatternMismatchException", f"Parameter value, cannot be validated against allowedPattern: {pattern}"
    )


def unknown_data_type(name: str) -> AWSError:
    return validation(f"The following data type is not supported: {name} (Data type names are all lowercase.)")


def data_type_of_string_only(name: str) -> AWSError:
    return validation(f"The data type {name} is supported for parameters of type String only.")


def value_of_other_type(name: str) -> AWSError:
    return validation(f"The parameter value is not valid for the data type {name}.")


def oldest_version_is_labelled(name: str, version: int) -> AWSError:
    return AWSError(
        "ParameterMaxVersionLimitExceeded",
        f"You attempted to create a new version of {name} by calling the PutParameter API with the overwrite flag. "
        f"Version {version}, the oldest version, can't be deleted because it has a label associated with it. "
        "Move the label to another version of the parameter, and try again.",
    )


# -- parameter policies


def invalid_policies(reason: str) -> AWSError:
    return validation(f"Invalid policies input: {reason}")


def unknown_policy(kind: object) -> AWSError:
    return AWSError("InvalidPolicyTypeException", f"The policy type {kind} is not supported.")


def invalid_policy_attribute(reason: str) -> AWSError:
    return AWSError("InvalidPolicyAttributeException", reason)


def incompatible_policies(reason: str) -> AWSError:
    return AWSError("IncompatiblePolicyException", reason)


def too_many_policies() -> AWSError:
    return AWSError(
        "PoliciesLimitExceededException",
        f"You specified more than the maximum number of allowed policies for the parameter. The maximum is {limits.POLICIES}.",
    )


# -- labels


def too_many_labels() -> AWSError:
    return AWSError(
        "ParameterVersionLabelLimitExceeded",
        "A parameter version can have maximum 10 labels.Move one or more labels to another version and try again.",
    )


# -- filters


def two_kinds_of_filters() -> AWSError:
    return validation("You can use either Filters or ParameterFilters in a single request.")


def repeated_filter(key: str) -> AWSError:
    return validation(
        f"The following filter is duplicated in the request: {key}. "
        "A request can contain only one occurrence of a specific filter."
    )


def invalid_filter_key(key: str, valid: list[str]) -> AWSError:
    return AWSError(
        "InvalidFilterKey",
        f"The following filter key is not valid: {key}. Valid filter keys include: [{', '.join(valid)}]",
    )


def invalid_filter_option(option: str, valid: tuple[str, ...]) -> AWSError:
    return AWSError(
        "InvalidFilterOption",
        f"The following filter option is not valid: {option}. Valid options include: [{', '.join(valid)}].",
    )


def invalid_filter_value(value: str, valid: tuple[str, ...]) -> AWSError:
    return AWSError(
        "InvalidFilterValue",
        f"The following filter value is not valid: {value}. Valid values include: [{', '.join(valid)}].",
    )


def missing_filter_value(key: str) -> AWSError:
    return AWSError("InvalidFilterValue", f"The following filter values are missing : null for filter key {key}")


# -- tags


def invalid_resource_id() -> AWSError:
    return AWSError("InvalidResourceId")


def too_many_tags() -> AWSError:
    return AWSError("TooManyTagsError")


def reserved_tag() -> AWSError:
    return validation('Tag keys can\'t be prefixed with "aws:" (case-insensitive).')


# -- service settings


def setting_not_found(setting: str) -> AWSError:
    return AWSError("ServiceSettingNotFound", f"Setting {setting} not found.")


def invalid_setting_value(setting: str, valid: tuple[str, ...]) -> AWSError:
    return validation(f"Invalid value for setting {setting}. Valid values are: {', '.join(valid)}.")
