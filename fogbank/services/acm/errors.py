"""ACM's refusals in AWS's words.

Sources: the Errors sections of the ACM API reference, the user guide's pages on troubleshooting and importing, and answers of the service
as quoted in the issue trackers of Terraform's provider, AWS's SDKs and cert-manager integrations. For some no source was found: search,
options and ACME are worded after the documented condition.
"""

from __future__ import annotations

from fogbank.kernel.errors import AWSError
from fogbank.services.acm import limits


def validation(message: str) -> AWSError:
    return AWSError("ValidationException", message)


def not_found(arn: str) -> AWSError:
    return AWSError("ResourceNotFoundException", f"Could not find certificate {arn}.")


def invalid_arn(arn: str) -> AWSError:
    return AWSError("InvalidArnException", f"Certificate ARN {arn} is not valid.")


def invalid_state(message: str) -> AWSError:
    return AWSError("InvalidStateException", message)


def in_use(arn: str) -> AWSError:
    return AWSError("ResourceInUseException", f"Certificate {arn} in use.")


def not_issued(arn: str, status: str) -> AWSError:
    if status == "PENDING_VALIDATION":
        return AWSError("RequestInProgressException", f"Certificate {arn} is pending validation and is not issued yet.")
    return validation(f"Certificate {arn} has no content: its status is {status}.")


def kept_for_acme(arn: str) -> AWSError:
    return validation(f"Certificate {arn} was issued for an ACME client and cannot be deleted.")


def too_many_certificates() -> AWSError:
    return AWSError("LimitExceededException", f"Cannot request more certificates than {limits.CERTIFICATES}.")


def invalid_next_token() -> AWSError:
    return AWSError("ValidationException", "The value of NextToken is not valid.")


def invalid_list_token() -> AWSError:
    return AWSError("InvalidArgsException", "The value of NextToken is not valid.")


# -- requests


def common_name_too_long(name: str) -> AWSError:
    return AWSError(
        "InvalidParameterException",
        f"The first domain name of a certificate can have {limits.COMMON_NAME_LENGTH} characters: {name}.",
    )


def invalid_domain(name: str) -> AWSError:
    return AWSError("InvalidParameterException", f"The domain name {name} is not valid.")


def unsupported_key(algorithm: str) -> AWSError:
    return validation(f"The key algorithm {algorithm} is not supported for requested certificates.")


def invalid_validation_domain(domain: str, validation_domain: str) -> AWSError:
    return AWSError(
        "InvalidDomainValidationOptionsException",
        f"The validation domain {validation_domain} must be the domain {domain} or a superdomain of it.",
    )


def unknown_validated_domain(domain: str) -> AWSError:
    return AWSError(
        "InvalidDomainValidationOptionsException", f"The domain {domain} is not one of the certificate's domain names."
    )


def http_only_for_cloudfront() -> AWSError:
    return AWSError(
        "InvalidParameterException", "HTTP validation is available for certificates managed by CloudFront only."
    )


def email_only(arn: str) -> AWSError:
    return invalid_state(f"Certificate {arn} is not validated by email, or not pending validation.")


# -- importing


def invalid_certificate() -> AWSError:
    return validation("The certificate field contains no valid PEM-encoded certificate.")


def several_certificates() -> AWSError:
    return validation(
        "The certificate field contains more than one certificate. You can specify only one certificate in this field."
    )


def invalid_private_key() -> AWSError:
    return validation("The private key is not valid: it must be PEM-encoded and not protected by a passphrase.")


def unsupported_private_key() -> AWSError:
    return validation("The private key is not supported.")


def private_key_too_long() -> AWSError:
    return validation(f"The private key must be no larger than {limits.PRIVATE_KEY_BYTES} bytes.")


def key_mismatch() -> AWSError:
    return validation("The private key does not match the certificate.")


def expired() -> AWSError:
    return validation("The certificate has expired.")


def not_yet_valid() -> AWSError:
    return validation("The certificate is not valid yet.")


def no_issuer() -> AWSError:
    return validation("The issuer field of the certificate must not be empty.")


def invalid_chain() -> AWSError:
    return validation("The certificate chain field contains no valid PEM-encoded certificates.")


def broken_chain(index: int) -> AWSError:
    return validation(
        "Unable to validate certificate chain. The certificate chain must start with the immediate signing certificate, "
        "followed by any intermediaries in order. The index within the chain of the invalid certificate is: "
        f"{index}"
    )


def not_self_signed() -> AWSError:
    return validation(
        "Provided certificate is not a valid self signed. Please provide either a valid self-signed certificate or "
        "certificate chain."
    )


def other_algorithm() -> AWSError:
    return validation("The key algorithm of the certificate must match that of the signing certificate authority.")


def tags_on_reimport() -> AWSError:
    return validation("Tagging is not permitted on re-import.")


def not_imported(arn: str) -> AWSError:
    return validation(f"Certificate {arn} was not imported, so that it cannot be replaced.")


# -- exporting, renewing, revoking


def not_exportable(arn: str) -> AWSError:
    return validation(f"Certificate ARN: {arn} is not exportable.")


def invalid_passphrase() -> AWSError:
    return validation("The passphrase must have 4 to 128 ASCII characters without #, $ and %.")


def not_renewable(arn: str) -> AWSError:
    return validation(f"Certificate {arn} is not eligible for renewal.")


def not_revocable(arn: str) -> AWSError:
    return validation(f"Certificate {arn} cannot be revoked: only certificates that were exported can.")


def already_revoked(arn: str) -> AWSError:
    return AWSError("ConflictException", f"Certificate {arn} is revoked.")


# -- options


def export_is_settled() -> AWSError:
    return validation("You cannot update the value of Export after the certificate is created.")


def not_migratable(arn: str) -> AWSError:
    return invalid_state(f"Only certificates that are validated by email can be changed, to DNS validation: {arn}.")


def sort_needs_order() -> AWSError:
    return validation("If you specify SortBy, you must also specify SortOrder, and the other way round.")


def invalid_filter(message: str) -> AWSError:
    return validation(message)


# -- tags


def too_many_tags() -> AWSError:
    return AWSError("TooManyTagsException", f"A certificate can have {limits.TAGS} tags.")


def tags_of_certificates_elsewhere() -> AWSError:
    return validation(
        "Use AddTagsToCertificate, RemoveTagsFromCertificate and ListTagsForCertificate for certificates."
    )
