"""Organizations' refusals. Codes and statuses come from the model.

Sources: the Errors sections of https://docs.aws.amazon.com/organizations/latest/APIReference/API_Operations.html, and for the sentences
that users of Terraform's provider, org-formation and the SDKs quote in their trackers, those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fogbank.kernel import AWSError

if TYPE_CHECKING:
    from fogbank.protocols import Violation


# -- invalid input


def invalid_input(reason: str, sentence: str) -> AWSError:
    return AWSError("InvalidInputException", sentence, Reason=reason)


_REASONS = {
    "required": ("INPUT_REQUIRED", "You must include a value for all required parameters."),
    "enum": ("INVALID_ENUM", "You specified an invalid value."),
    "pattern": ("INVALID_PATTERN", "You provided a value that does not match the required pattern."),
    "range": ("MAX_VALUE_EXCEEDED", "You provided a numeric parameter that has a value outside of the allowed range."),
    "length": ("MAX_LENGTH_EXCEEDED", "You provided a string parameter that is longer than allowed."),
}
_TOO_SHORT = ("MIN_LENGTH_EXCEEDED", "You provided a string parameter that is shorter than allowed.")
_TOO_SMALL = ("MIN_VALUE_EXCEEDED", "You provided a numeric parameter that has a smaller value than allowed.")
_NO_TARGET_ID = (
    "INVALID_PATTERN_TARGET_ID",
    "You specified a policy target ID that doesn't match the required pattern.",
)
_NO_POLICY_TYPE = ("INVALID_ENUM_POLICY_TYPE", "You specified an invalid policy type string.")


def invalid_request(message: str, violations: list[Violation]) -> AWSError:
    """What the model finds wrong, as Organizations says it: one reason, for the first violation."""
    return invalid_input(*_reason(violations[0]))


def _reason(violation: Violation) -> tuple[str, str]:
    kind, member = violation.kind, violation.member.lower()
    if kind == "pattern" and member.endswith("targetid"):
        return _NO_TARGET_ID
    if kind == "enum" and member in ("policytype", "type", "filter"):
        return _NO_POLICY_TYPE
    if "greater than or equal" in violation.constraint:
        return _TOO_SHORT if kind == "length" else _TOO_SMALL
    return _REASONS.get(kind, _REASONS["pattern"])


def invalid_next_token() -> AWSError:
    return invalid_input("INVALID_NEXT_TOKEN", "You specified an invalid NextToken value.")


def duplicate_tag_key() -> AWSError:
    sentence = "Tag keys must be unique among the tags attached to the same entity."
    return invalid_input("DUPLICATE_TAG_KEY", sentence)


def system_tag() -> AWSError:
    return invalid_input("INVALID_SYSTEM_TAGS_PARAMETER", "You specified a tag key that is a system tag.")


def invalid_role_name() -> AWSError:
    return invalid_input("INVALID_ROLE_NAME", "You provided a role name that isn't valid.")


def immutable_policy() -> AWSError:
    sentence = "You specified a policy that is managed by AWS and can't be modified."
    return invalid_input("IMMUTABLE_POLICY", sentence)


def non_detachable_policy() -> AWSError:
    return invalid_input("NON_DETACHABLE_POLICY", "You can't detach this AWS Managed Policy.")


def target_not_supported() -> AWSError:
    return invalid_input("TARGET_NOT_SUPPORTED", "You can't perform the specified operation on that target entity.")


def wrong_party_type() -> AWSError:
    sentence = "You specified the wrong type of entity (account, organization, or email) as a party."
    return invalid_input("INVALID_PARTY_TYPE_TARGET", sentence)


def invalid_party() -> AWSError:
    return invalid_input("INVALID_PATTERN", _REASONS["pattern"][1])


def invalid_email() -> AWSError:
    sentence = "You specified an invalid email address for the invited account owner."
    return invalid_input("INVALID_EMAIL_ADDRESS_TARGET", sentence)


def unknown_service_principal() -> AWSError:
    return invalid_input("UNRECOGNIZED_SERVICE_PRINCIPAL", "You specified an unrecognized service principal.")


# -- constraints


def constraint(reason: str, sentence: str) -> AWSError:
    return AWSError("ConstraintViolationException", sentence, Reason=reason)


def too_many_accounts() -> AWSError:
    sentence = "You have exceeded the allowed number of AWS accounts."
    return constraint("ACCOUNT_NUMBER_LIMIT_EXCEEDED", sentence)


def too_many_being_created() -> AWSError:
    sentence = "You have exceeded the number of accounts that can be in progress at a time."
    return constraint("ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED", sentence)


def no_govcloud() -> AWSError:
    sentence = "The management account must have an associated account in the AWS GovCloud (US-West) Region."
    return constraint("MASTER_ACCOUNT_NOT_GOVCLOUD_ENABLED", sentence)


def units_too_deep() -> AWSError:
    sentence = (
        "You cannot add an organizational unit to the specified parent because it would exceed the max depth allowed."
    )
    return constraint("OU_DEPTH_LIMIT_EXCEEDED", sentence)


def too_many_units() -> AWSError:
    sentence = "You have exceeded the number of OUs that you can have in an organization."
    return constraint("OU_NUMBER_LIMIT_EXCEEDED", sentence)


def too_many_policies() -> AWSError:
    sentence = "You have exceeded the number of policies that you can have in an organization."
    return constraint("POLICY_NUMBER_LIMIT_EXCEEDED", sentence)


def policy_too_large() -> AWSError:
    return constraint("POLICY_CONTENT_LIMIT_EXCEEDED", "You have exceeded the maximum policy size.")


def too_many_attachments() -> AWSError:
    sentence = "You have attached the maximum number of policies to the specified target."
    return constraint("MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED", sentence)


def last_attachment() -> AWSError:
    sentence = "You cannot remove the last policy attached to the specified target. You must have at least one attached at all times."
    return constraint("MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED", sentence)


def too_many_tags() -> AWSError:
    return constraint("MAX_TAG_LIMIT_EXCEEDED", "You have exceeded the number of tags allowed on this resource.")


def too_young_to_leave() -> AWSError:
    sentence = (
        "After you create an AWS account, you must wait until at least four days after the account was created. "
        "Invited accounts aren't subject to this waiting period."
    )
    return constraint("WAIT_PERIOD_ACTIVE", sentence)


def delegated_administrators_stay() -> AWSError:
    sentence = (
        "You attempted to remove an account that is registered as a delegated administrator for a service integrated with "
        "your organization. To complete this operation, you must first deregister this account as a delegated administrator."
    )
    return constraint("CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG", sentence)


def management_account_stays_open() -> AWSError:
    sentence = (
        "You attempted to close the management account. To close the management account for the organization, you must first "
        "either remove or close all member accounts in the organization."
    )
    return constraint("CANNOT_CLOSE_MANAGEMENT_ACCOUNT", sentence)


def too_many_closed() -> AWSError:
    return constraint("CLOSE_ACCOUNT_QUOTA_EXCEEDED", "You have exceeded close account quota for the past 30 days.")


def needs_all_features() -> AWSError:
    sentence = (
        "You attempted to perform an operation that requires the organization to be configured to support all features. "
        "An organization that supports only consolidated billing features can't perform this operation."
    )
    return constraint("ORGANIZATION_NOT_IN_ALL_FEATURES_MODE", sentence)


def service_access_not_enabled() -> AWSError:
    sentence = (
        "You must enable service access for the service principal first. Call the EnableAWSServiceAccess API first."
    )
    return constraint("SERVICE_ACCESS_NOT_ENABLED", sentence)


def management_account_is_no_delegate() -> AWSError:
    sentence = "You cannot register master account/management account as delegated administrator for your organization."
    return constraint("CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR", sentence)


def suspended_account_is_no_delegate() -> AWSError:
    sentence = "You cannot register a suspended account as a delegated administrator."
    return constraint("CANNOT_REGISTER_SUSPENDED_ACCOUNT_AS_DELEGATED_ADMINISTRATOR", sentence)


def too_many_delegates() -> AWSError:
    sentence = "You attempted to register more delegated administrators than allowed for the service principal."
    return constraint("MAX_DELEGATED_ADMINISTRATORS_FOR_SERVICE_LIMIT_EXCEEDED", sentence)


def transfer_under_way() -> AWSError:
    sentence = "You cannot delete organization due to an ongoing responsibility transfer process."
    return constraint("ACTIVE_RESPONSIBILITY_TRANSFER_PROCESS", sentence)


def transfer_not_active() -> AWSError:
    sentence = "You cannot update this transfer because it is no longer active."
    return constraint("TRANSFER_RESPONSIBILITY_UPDATE_NOT_ALLOWED", sentence)


def too_many_outbound_transfers() -> AWSError:
    sentence = "You have exceeded your outbound transfers limit."
    return constraint("RESPONSIBILITY_TRANSFER_MAX_OUTBOUND_QUOTA_VIOLATION", sentence)


# -- who may ask


def not_in_use() -> AWSError:
    return AWSError("AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")


def access_denied() -> AWSError:
    return AWSError("AccessDeniedException", "You don't have permissions to access this resource.")


def already_in_organization() -> AWSError:
    return AWSError("AlreadyInOrganizationException", "The provided account is already a member of an organization.")


def organization_not_empty() -> AWSError:
    sentence = "To delete an organization, you must first remove all accounts except the management account."
    return AWSError("OrganizationNotEmptyException", sentence)


# -- the tree


def account_not_found() -> AWSError:
    return AWSError("AccountNotFoundException", "You specified an account that doesn't exist.")


def parent_not_found() -> AWSError:
    return AWSError("ParentNotFoundException", "You specified parent that doesn't exist.")


def source_parent_not_found() -> AWSError:
    sentence = "You specified a source parent that doesn't exist or that isn't the parent of the account."
    return AWSError("SourceParentNotFoundException", sentence)


def destination_parent_not_found() -> AWSError:
    return AWSError("DestinationParentNotFoundException", "You specified a destination parent that doesn't exist.")


def duplicate_account() -> AWSError:
    return AWSError("DuplicateAccountException", "That account is already present in the specified destination.")


def child_not_found() -> AWSError:
    sentence = "You specified a child that doesn't exist."
    return AWSError("ChildNotFoundException", sentence)


def unit_not_found() -> AWSError:
    return AWSError("OrganizationalUnitNotFoundException", "You specified an organizational unit that doesn't exist.")


def duplicate_unit() -> AWSError:
    return AWSError("DuplicateOrganizationalUnitException", "An OU with the same name already exists.")


def unit_not_empty() -> AWSError:
    sentence = "You cannot delete this OU because it is not empty. Move or remove all accounts and child OUs first."
    return AWSError("OrganizationalUnitNotEmptyException", sentence)


def root_not_found() -> AWSError:
    return AWSError("RootNotFoundException", "You specified a root that doesn't exist.")


def target_not_found() -> AWSError:
    return AWSError("TargetNotFoundException", "You specified a target that doesn't exist.")


# -- accounts


def no_creation_request() -> AWSError:
    return AWSError(
        "CreateAccountStatusNotFoundException",
        "We can't find an create account request with the CreateAccountRequestId that you specified.",
    )


def already_closed() -> AWSError:
    return AWSError("AccountAlreadyClosedException", "You attempted to close an account that is already closed.")


def closing_already() -> AWSError:
    return AWSError("ConflictException", "The account is being closed already.")


def management_account_stays() -> AWSError:
    sentence = (
        "You can't remove a management account from an organization. If you want the management account to become a member "
        "account in another organization, you must first delete the current organization of the management account."
    )
    return AWSError("MasterCannotLeaveOrganizationException", sentence)


# -- policies


def policy_not_found() -> AWSError:
    return AWSError("PolicyNotFoundException", "You specified a policy that doesn't exist.")


def duplicate_policy() -> AWSError:
    return AWSError("DuplicatePolicyException", "A policy with the same name already exists.")


def malformed_policy() -> AWSError:
    sentence = "The provided policy document does not meet the requirements of the specified policy type."
    return AWSError("MalformedPolicyDocumentException", sentence)


def policy_in_use() -> AWSError:
    sentence = (
        "The policy is attached to one or more entities. You must detach it from all roots, OUs, and accounts before "
        "performing this operation."
    )
    return AWSError("PolicyInUseException", sentence)


def policy_type_not_available() -> AWSError:
    sentence = "You can't use the specified policy type with the feature set currently enabled for this organization."
    return AWSError("PolicyTypeNotAvailableForOrganizationException", sentence)


def policy_type_not_enabled() -> AWSError:
    return AWSError("PolicyTypeNotEnabledException", "This operation can be performed only for enabled policy types.")


def policy_type_already_enabled() -> AWSError:
    return AWSError("PolicyTypeAlreadyEnabledException", "The specified policy type is already enabled.")


def duplicate_attachment() -> AWSError:
    sentence = "The selected policy is already attached to the specified target."
    return AWSError("DuplicatePolicyAttachmentException", sentence)


def policy_not_attached() -> AWSError:
    sentence = "The policy isn't attached to the specified target in the specified root."
    return AWSError("PolicyNotAttachedException", sentence)


def effective_policy_not_found() -> AWSError:
    sentence = "There is no effective policy of the specified type for the specified account."
    return AWSError("EffectivePolicyNotFoundException", sentence)


def resource_policy_not_found() -> AWSError:
    sentence = "We can't find a resource policy request with the parameter that you specified."
    return AWSError("ResourcePolicyNotFoundException", sentence)


# -- handshakes


def handshake_not_found() -> AWSError:
    sentence = "We can't find a handshake with the HandshakeId that you specified."
    return AWSError("HandshakeNotFoundException", sentence)


def handshake_already_in_state() -> AWSError:
    sentence = "The specified handshake is already in the requested state."
    return AWSError("HandshakeAlreadyInStateException", sentence)


def invalid_transition() -> AWSError:
    sentence = "You can't perform the operation on the handshake in its current state."
    return AWSError("InvalidHandshakeTransitionException", sentence)


def duplicate_handshake() -> AWSError:
    return AWSError("DuplicateHandshakeException", "A handshake with the same action and target already exists.")


def handshake_constraint(reason: str, sentence: str) -> AWSError:
    return AWSError("HandshakeConstraintViolationException", sentence, Reason=reason)


def invited_is_member() -> AWSError:
    sentence = "The invited account is already a member of an organization."
    return handshake_constraint("ALREADY_IN_AN_ORGANIZATION", sentence)


def too_many_handshakes() -> AWSError:
    sentence = "You have exceeded the number of handshakes that you can send in one day."
    return handshake_constraint("HANDSHAKE_RATE_LIMIT_EXCEEDED", sentence)


def no_invitations_now() -> AWSError:
    sentence = (
        "You can't issue new invitations to join an organization while it's in the process of enabling all features."
    )
    return handshake_constraint("INVITE_DISABLED_DURING_ENABLE_ALL_FEATURES", sentence)


def has_all_features() -> AWSError:
    sentence = "The organization has already enabled all features."
    return handshake_constraint("ORGANIZATION_ALREADY_HAS_ALL_FEATURES", sentence)


def enabling_all_features() -> AWSError:
    sentence = "The organization has already started the process to enable all features."
    return handshake_constraint("ORGANIZATION_IS_ALREADY_PENDING_ALL_FEATURES_MIGRATION", sentence)


def own_transfer() -> AWSError:
    sentence = "An account can't accept a transfer invitation if it is both the sender and recipient of the invitation."
    return handshake_constraint("SOURCE_AND_TARGET_CANNOT_MATCH", sentence)


def transfer_exists() -> AWSError:
    return handshake_constraint(
        "RESPONSIBILITY_TRANSFER_ALREADY_EXISTS", "A transfer between the accounts exists already."
    )


# -- service access, delegated administrators, transfers


def already_registered() -> AWSError:
    sentence = "The provided account is already a delegated administrator for your organization."
    return AWSError("AccountAlreadyRegisteredException", sentence)


def not_registered() -> AWSError:
    sentence = "The provided account is not a registered delegated administrator for your organization."
    return AWSError("AccountNotRegisteredException", sentence)


def transfer_not_found() -> AWSError:
    return AWSError("ResponsibilityTransferNotFoundException", "We can't find a transfer that you specified.")


def transfer_already_in_status() -> AWSError:
    sentence = "The responsibility transfer is already in the status that you specified."
    return AWSError("ResponsibilityTransferAlreadyInStatusException", sentence)


def invalid_transfer_transition() -> AWSError:
    sentence = (
        "The responsibility transfer can't transition to the requested state because it's not in a valid state for this "
        "operation."
    )
    return AWSError("InvalidResponsibilityTransferTransitionException", sentence)
