"""STS's errors.

Sources: https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html, the Errors sections of its operations, and
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_saml.html.
"""

from __future__ import annotations

from fogbank.kernel import AWSError

_MFA_FAILED = "MultiFactorAuthentication failed"


def unknown_access_key(access_key: str) -> AWSError:
    return _invalid(f"Invalid Access Key Id: {access_key}")


# -- roles


def invalid_arn(arn: str) -> AWSError:
    return _invalid(f"{arn} is invalid")


def not_authorized(who: str, action: str, arn: str) -> AWSError:
    return _denied(f"User: {who} is not authorized to perform: {action} on resource: {arn}")


def longer_than_role_allows() -> AWSError:
    return _invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")


def longer_than_chains_allow() -> AWSError:
    return _invalid(
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
    )


# -- multi-factor authentication


def mfa_incomplete() -> AWSError:
    return _denied(f"{_MFA_FAILED}, must provide both MFA serial number and one time pass code.")


def mfa_unknown_device() -> AWSError:
    return _denied(
        f"{_MFA_FAILED}, unable to validate MFA code.  "
        "Please verify your MFA serial number is valid and associated with this user."
    )


def mfa_wrong_code() -> AWSError:
    return _denied(f"{_MFA_FAILED} with invalid MFA one time pass code. ")


# -- session policies and tags


def malformed_policy(problem: str) -> AWSError:
    return AWSError("MalformedPolicyDocumentException", problem)


def policy_too_long(policy: str) -> AWSError:
    return _invalid(
        f"1 validation error detected: Value '{policy}' at 'policy' failed to satisfy constraint: "
        "Member must have length less than or equal to 2048"
    )


def too_many_policies(count: int) -> AWSError:
    return _invalid(f"Cannot provide more than 10 managed policies; got {count}.")


def no_such_policy(arn: str) -> AWSError:
    return _invalid(f"Could not find policy {arn}")


def packed_policy_too_large(percent: int) -> AWSError:
    return _packed_too_large(f"Packed policy consumes {percent}% of allotted space, please use smaller policy.")


def packed_tags_too_large(percent: int) -> AWSError:
    return _packed_too_large(f"Packed size of session tags consumes {percent}% of allotted space.")


def duplicate_tag_keys() -> AWSError:
    return _invalid_value("Duplicate tag keys found. Please note that Tag keys are case insensitive.")


def reserved_tag_key() -> AWSError:
    return _invalid_value("aws: prefixed tag key names are not allowed for external use.")


def transitive_tag_not_given(key: str) -> AWSError:
    return _invalid_value(f"The specified transitive tag key {key} must be included in the requested tags.")


def transitive_tag_conflict() -> AWSError:
    return _invalid_value(
        "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the "
        "calling session."
    )


def source_identity_is_set() -> AWSError:
    return _denied("The source identity of the calling session cannot be changed.")


# -- identity providers


def no_such_provider(issuer: str) -> AWSError:
    return _bad_token(f"No OpenIDConnect provider found in your account for {issuer}")


def not_a_token() -> AWSError:
    return _bad_token("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")


def missing_claim(name: str) -> AWSError:
    return _bad_token(f"Missing a required claim: {name}")


def wrong_audience() -> AWSError:
    return _bad_token("Incorrect token audience")


def expired_token(now: int, expiry: int) -> AWSError:
    return AWSError(
        "ExpiredTokenException",
        f"Token expired: current date/time {now} must be before the expiration date/time {expiry}",
    )


def token_not_yet_valid() -> AWSError:
    return _bad_token("Token must not be used before its nbf and iat claims")


def no_verification_key() -> AWSError:
    return _bad_token(
        "Couldn't retrieve verification key from your identity provider,  please reference "
        "AssumeRoleWithWebIdentity documentation for requirements"
    )


def wrong_thumbprint() -> AWSError:
    return _bad_token("OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint")


def bad_signature() -> AWSError:
    return _bad_token(
        "The web identity token that was passed could not be validated by Amazon Web Services. "
        "Get a new identity token from the identity provider and then retry the request."
    )


def provider_unreachable() -> AWSError:
    return AWSError(
        "IDPCommunicationErrorException",
        "The identity provider that was asked to verify the incoming identity token could not be reached.",
    )


def access_tokens_unsupported(provider: str) -> AWSError:
    return AWSError(
        "IDPCommunicationErrorException",
        f"Access tokens of {provider} are verified by its own service, which Fogbank does not call.",
    )


# -- SAML


def bad_saml(problem: str) -> AWSError:
    return _bad_token(problem)


def expired_saml() -> AWSError:
    return AWSError("ExpiredTokenException", "Token must be redeemed within 5 minutes of issuance")


# -- tokens for others


def unknown_algorithm(algorithm: str) -> AWSError:
    return _invalid(
        f"1 validation error detected: Value '{algorithm}' at 'signingAlgorithm' failed to satisfy constraint: "
        "Member must satisfy enum value set: [RS256, ES384]"
    )


def outbound_federation_disabled() -> AWSError:
    return AWSError(
        "OutboundWebIdentityFederationDisabledException",
        "The outbound web identity federation feature is not enabled for this account.",
    )


def session_escalation() -> AWSError:
    return AWSError(
        "SessionDurationEscalationException",
        "The requested token duration would extend the session beyond its original expiration time.",
    )


def payload_too_large() -> AWSError:
    return AWSError(
        "JWTPayloadSizeExceededException", "The requested token payload size exceeds the maximum allowed size."
    )


def no_root_task(arn: str) -> AWSError:
    return _invalid(f"{arn} is not a task policy for root sessions.")


# -- others


def invalid_message() -> AWSError:
    return AWSError("InvalidAuthorizationMessageException", "Message is not valid")


def not_for_session_credentials(operation: str) -> AWSError:
    return _denied(f"Cannot call {operation} with session credentials")


def _invalid(message: str) -> AWSError:
    return AWSError("ValidationError", message, 400)


def _invalid_value(message: str) -> AWSError:
    return AWSError("InvalidParameterValue", message, 400)


def _packed_too_large(message: str) -> AWSError:
    return AWSError("PackedPolicyTooLargeException", message)


def _denied(message: str) -> AWSError:
    return AWSError("AccessDenied", message, 403)


def _bad_token(message: str) -> AWSError:
    return AWSError("InvalidIdentityTokenException", message)
