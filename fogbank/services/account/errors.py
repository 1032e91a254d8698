"""Account Management's refusals. Codes and statuses come from the model.

Sources: https://docs.aws.amazon.com/accounts/latest/reference/API_Operations.html, the reasons of AccessDeniedException as users of the
AWS SDKs and of Terraform's provider quote them. The sentences about one-time passcodes are worded after the nearest documented error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fogbank.kernel import AWSError

if TYPE_CHECKING:
    from fogbank.protocols import Violation

STANDALONE_ONLY = "The management account can only be managed using the standalone context from the management account."
NO_TRUSTED_ACCESS = "Your organization must first enable trusted access with AWS Account Management."
NOT_ADMINISTRATOR = (
    "This operation can only be called from the management account or a delegated administrator account."
)
NOT_A_MEMBER = "The specified account is not a member of your organization."


def invalid_request(message: str, violations: list[Violation]) -> AWSError:
    """What the model finds wrong, with the fields that are."""
    fields = [{"name": violation.member, "message": violation.constraint} for violation in violations]
    return AWSError("ValidationException", message, reason="fieldValidationFailed", fieldList=fields)


def access_denied(arn: str, operation: str, reason: str) -> AWSError:
    sentence = f"User: {arn} is not authorized to perform: account:{operation} ({reason})"
    return AWSError("AccessDeniedException", sentence)


def invalid_field(name: str, sentence: str) -> AWSError:
    fields = [{"name": name, "message": sentence}]
    return AWSError("ValidationException", sentence, reason="fieldValidationFailed", fieldList=fields)


def no_contact_information() -> AWSError:
    return AWSError("ResourceNotFoundException", "No contact information found for the specified account.")


def no_alternate_contact() -> AWSError:
    return AWSError("ResourceNotFoundException", "No contact of the inputted alternate contact type found.")


def no_govcloud_account() -> AWSError:
    return AWSError("ResourceNotFoundException", "No GovCloud account is linked to the specified account.")


def no_update_request() -> AWSError:
    return AWSError("ResourceNotFoundException", "No primary email update request found for the specified account.")


def email_in_use() -> AWSError:
    return AWSError("ConflictException", "The specified email address is already associated with an AWS account.")


def wrong_passcode() -> AWSError:
    return invalid_field("otp", "The one-time passcode that you specified is invalid or has expired.")


def no_verification_pending() -> AWSError:
    return AWSError("ConflictException", "No phone number verification is in progress for the specified account.")


def already_verified() -> AWSError:
    return AWSError("ConflictException", "The phone number of the specified account is already verified.")


def unknown_region(name: str) -> AWSError:
    return AWSError("ValidationException", f"The Region {name} is not valid.", reason="invalidRegionOptTarget")


def region_not_optional(name: str) -> AWSError:
    sentence = f"The Region {name} is enabled by default and cannot be enabled or disabled."
    return AWSError("ValidationException", sentence, reason="invalidRegionOptTarget")


def region_in_transition(name: str, status: str) -> AWSError:
    return AWSError("ConflictException", f"The Region {name} is currently in the status {status}.")


def invalid_next_token() -> AWSError:
    return invalid_field("nextToken", "The next token is not valid.")
