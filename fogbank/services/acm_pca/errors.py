"""AWS Private CA's refusals.

Codes and conditions are those of the Private CA API reference; few of its sentences are quoted anywhere, so most are worded after the
documented condition.
"""

from __future__ import annotations

from fogbank.kernel.errors import AWSError
from fogbank.services.acm_pca import limits


def invalid_args(message: str) -> AWSError:
    return AWSError("InvalidArgsException", message)


def invalid_arn(arn: str) -> AWSError:
    return AWSError("InvalidArnException", f"{arn} is not a valid certificate authority ARN")


def not_found(arn: str) -> AWSError:
    return AWSError("ResourceNotFoundException", f"Could not find Certificate Authority with ID: {arn}")


def invalid_state(status: str) -> AWSError:
    return AWSError(
        "InvalidStateException",
        f"The certificate authority is not in a valid state for this operation. Status: {status}",
    )


def invalid_next_token() -> AWSError:
    return AWSError("InvalidNextTokenException", "The token specified in the NextToken argument is not valid.")


def too_many_authorities() -> AWSError:
    return AWSError("LimitExceededException", f"You can't have more than {limits.AUTHORITIES} certificate authorities.")


# -- creating and updating


def algorithms_differ(signing: str, key: str) -> AWSError:
    return invalid_args(f"The signing algorithm {signing} does not fit the key algorithm {key}.")


def unsupported_algorithm(key: str) -> AWSError:
    return invalid_args(f"The key algorithm {key} is not supported in this Region.")


def invalid_subject(reason: str) -> AWSError:
    return invalid_args(f"The subject is not valid: {reason}")


def crl_needs_bucket() -> AWSError:
    return invalid_args("An enabled CRL configuration must have S3BucketName and ExpirationInDays.")


def bucket_refuses(bucket: str, reason: str) -> AWSError:
    return invalid_args(f"Permission denied while trying to access the S3 bucket {bucket}: {reason}")


def status_not_settable(status: str) -> AWSError:
    return invalid_args(f"The status of a certificate authority can be set to ACTIVE or DISABLED, not to {status}.")


def csr_in_progress() -> AWSError:
    return AWSError("RequestInProgressException", "The certificate authority is being created.")


# -- installing


def malformed_certificate(reason: str) -> AWSError:
    return AWSError("MalformedCertificateException", reason)


def certificate_mismatch(reason: str) -> AWSError:
    return AWSError("CertificateMismatchException", reason)


def invalid_request(reason: str) -> AWSError:
    return AWSError("InvalidRequestException", reason)


# -- issuing and revoking


def malformed_csr(reason: str) -> AWSError:
    return AWSError("MalformedCSRException", reason)


def unknown_template(arn: str) -> AWSError:
    return invalid_args(f"The template {arn} is not a valid template.")


def passthrough_not_allowed(arn: str) -> AWSError:
    return invalid_args(f"The template {arn} takes no ApiPassthrough.")


def invalid_passthrough(reason: str) -> AWSError:
    return invalid_args(f"ApiPassthrough is not valid: {reason}")


def invalid_validity(reason: str) -> AWSError:
    return invalid_args(f"The validity is not valid: {reason}")


def outlives_authority() -> AWSError:
    return AWSError(
        "ValidationException", "The certificate validity specified exceeds the certificate authority validity"
    )


def certificate_not_found(arn: str) -> AWSError:
    return AWSError("ResourceNotFoundException", f"Could not find certificate {arn}")


def already_revoked(serial: str) -> AWSError:
    return AWSError("RequestAlreadyProcessedException", f"The certificate {serial} has already been revoked.")


def own_certificate() -> AWSError:
    # Terraform's provider knows it by these words
    return invalid_request("Self-signed certificate can not be revoked")


# -- audit reports


def report_too_soon() -> AWSError:
    return AWSError("RequestInProgressException", "You can generate a maximum of one report every 30 minutes.")


def report_not_found(report: str) -> AWSError:
    return AWSError("ResourceNotFoundException", f"Could not find audit report {report}")


# -- permissions and policies


def unknown_principal(principal: str) -> AWSError:
    return invalid_args(f"At this time, the only valid principal is acm.amazonaws.com, not {principal}.")


def permission_exists(principal: str) -> AWSError:
    return AWSError("PermissionAlreadyExistsException", f"The permission has already been given to {principal}.")


def permission_not_found(principal: str) -> AWSError:
    return AWSError("ResourceNotFoundException", f"Could not find a permission of {principal}.")


def policy_not_found(arn: str) -> AWSError:
    return AWSError("ResourceNotFoundException", f"Could not find a policy of {arn}")


def invalid_policy(reason: str) -> AWSError:
    return AWSError("InvalidPolicyException", f"The resource policy is invalid: {reason}")


def lockout() -> AWSError:
    return AWSError(
        "LockoutPreventedException", "The policy would lock the caller out from performing subsequent actions."
    )


# -- tags


def too_many_tags() -> AWSError:
    return AWSError("TooManyTagsException", f"You can associate up to {limits.TAGS} tags with a private CA.")
