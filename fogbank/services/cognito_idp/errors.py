"""The refusals of Cognito, in its words.

Sources: the Errors sections of the user pools API reference and the developer guide; sentences that these do not give are as users
quote them in the issue trackers of Amplify and the AWS SDKs.
"""

from __future__ import annotations

from fogbank.kernel.errors import AWSError


def invalid(message: str) -> AWSError:
    return AWSError("InvalidParameterException", message)


def not_authorized(message: str) -> AWSError:
    return AWSError("NotAuthorizedException", message)


def _missing(message: str) -> AWSError:
    return AWSError("ResourceNotFoundException", message)


# -- pools and clients


def no_such_pool(pool: str) -> AWSError:
    return _missing(f"User pool {pool} does not exist.")


def no_such_client(client: str) -> AWSError:
    return _missing(f"User pool client {client} does not exist.")


def bad_token(name: str) -> AWSError:
    return invalid(f"Invalid {name}.")


def protected() -> AWSError:
    return invalid(
        "The user pool cannot be deleted because deletion protection is activated. Deletion protection must be inactivated first."
    )


def alias_and_username() -> AWSError:
    return invalid("Only one of the aliasAttributes or usernameAttributes can be set in a user pool.")


def no_sms_configuration() -> AWSError:
    return invalid(
        "SMS configuration and Auto verification for phone_number are required when MFA is required/optional"
    )


def required_custom(name: str) -> AWSError:
    return invalid(f"{name}: Required custom attributes are not supported currently.")


def attribute_exists(name: str) -> AWSError:
    return invalid(f"{name}: Existing attribute already has name {name}.")


def mixed_auth_flows() -> AWSError:
    return invalid("ExplicitAuthFlows cannot mix legacy values (without the ALLOW_ prefix) with values that have it.")


def unknown_attributes(kind: str) -> AWSError:
    return invalid(f"Invalid {kind} attributes specified while creating a client")


def token_validity(name: str) -> AWSError:
    return invalid(f"Invalid range for token validity: {name}.")


def no_such_resource(arn: str) -> AWSError:
    return _missing(f"Resource {arn} not found.")


# -- attributes and passwords


def attribute_not_defined(name: str) -> AWSError:
    return invalid(f"Attributes did not conform to the schema: Type for attribute {{{name}}} could not be determined")


def attribute_of_schema(reason: str) -> AWSError:
    return invalid(f"Attributes did not conform to the schema: {reason}")


def cannot_write(name: str) -> AWSError:
    return not_authorized(f"A client attempted to write unauthorized attribute: {name}")


def immutable(name: str) -> AWSError:
    return invalid(f"user.{name}: Attribute cannot be updated.")


def weak_password(reason: str) -> AWSError:
    return AWSError("InvalidPasswordException", f"Password did not conform with policy: {reason}")


def password_used_before() -> AWSError:
    return AWSError("PasswordHistoryPolicyViolationException", "The new password has been used before.")


# -- users and groups


def no_such_user() -> AWSError:
    return AWSError("UserNotFoundException", "User does not exist.")


def user_exists() -> AWSError:
    return AWSError("UsernameExistsException", "User already exists")


def account_exists(attribute: str) -> AWSError:
    return AWSError("UsernameExistsException", f"An account with the given {attribute} already exists.")


def alias_exists(attribute: str) -> AWSError:
    return AWSError("AliasExistsException", f"An account with the {attribute} already exists.")


def username_of_kind(kinds: list[str]) -> AWSError:
    words = " or ".join("an email" if kind == "email" else "a phone number" for kind in kinds)
    return invalid(f"Username should be {words}.")


def username_like_alias(kind: str) -> AWSError:
    word = "email" if kind == "email" else "phone number"
    return invalid(f"Username cannot be of {word} format, since user pool is configured for {word} alias.")


def no_sign_up() -> AWSError:
    return not_authorized("SignUp is not permitted for this user pool")


def already_confirmed(status: str) -> AWSError:
    return not_authorized(f"User cannot be confirmed. Current status is {status}")


def confirmed_before() -> AWSError:
    return invalid("User is already confirmed.")


def resend_impossible() -> AWSError:
    return AWSError(
        "UnsupportedUserStateException", "User status must be FORCE_CHANGE_PASSWORD to resend the invitation."
    )


def group_exists() -> AWSError:
    return AWSError("GroupExistsException", "A group with the name already exists.")


def no_such_group() -> AWSError:
    return _missing("Group not found.")


def bad_filter() -> AWSError:
    return invalid("Error while parsing filter.")


# -- codes


def code_mismatch() -> AWSError:
    return AWSError("CodeMismatchException", "Invalid verification code provided, please try again.")


def code_expired() -> AWSError:
    return AWSError("ExpiredCodeException", "Invalid code provided, please request a code again.")


def nowhere_to_send() -> AWSError:
    return invalid("Cannot reset password for the user as there is no registered/verified email or phone_number")


def no_auto_verification() -> AWSError:
    return not_authorized("Auto verification not turned on.")


def no_value_to_verify(name: str) -> AWSError:
    return invalid(f"User does not have attribute {name} to verify.")


def wrong_mfa_code() -> AWSError:
    return AWSError("CodeMismatchException", "Invalid code received for user")


def wrong_first_code() -> AWSError:
    return AWSError("EnableSoftwareTokenMFAException", "Code mismatch")


def no_software_token() -> AWSError:
    return AWSError("SoftwareTokenMFANotFoundException", "Software Token MFA has not been enabled by the userPool.")


def user_without_software_token() -> AWSError:
    return invalid("User has not verified software token mfa")


# -- signing in


def wrong_password() -> AWSError:
    return not_authorized("Incorrect username or password.")


def disabled() -> AWSError:
    return not_authorized("User is disabled.")


def not_confirmed() -> AWSError:
    return AWSError("UserNotConfirmedException", "User is not confirmed.")


def reset_required() -> AWSError:
    return AWSError("PasswordResetRequiredException", "Password reset required for the user")


def temporary_password_expired() -> AWSError:
    return not_authorized("Temporary password has expired and must be reset by an administrator.")


def flow_not_enabled(flow: str) -> AWSError:
    if flow in ("ADMIN_NO_SRP_AUTH", "ADMIN_USER_PASSWORD_AUTH"):
        return invalid("Auth flow not enabled for this client")
    return invalid(f"{flow} flow not enabled for this client")


def flow_for_admins() -> AWSError:
    return invalid("Initiate Auth method not supported.")


def flow_not_for_admins() -> AWSError:
    return invalid("Initiate Auth method not supported.")


def missing_parameter(name: str) -> AWSError:
    return invalid(f"Missing required parameter {name}")


def no_secret_hash(client: str) -> AWSError:
    return not_authorized(f"Client {client} is configured with secret but SECRET_HASH was not received")


def secret_without_need(client: str) -> AWSError:
    return not_authorized(f"Unable to verify secret hash for client {client}")


def refresh_without_secret(client: str) -> AWSError:
    return not_authorized(f"Client {client} is configured for secret but secret was not received")


def bad_session() -> AWSError:
    return not_authorized("Invalid session for the user.")


def session_spent() -> AWSError:
    return not_authorized("Invalid session for the user, session can only be used once.")


def session_expired() -> AWSError:
    return not_authorized("Invalid session for the user, session is expired.")


def no_custom_challenge() -> AWSError:
    return invalid("Custom auth lambda trigger is not configured for the user pool.")


def bad_srp() -> AWSError:
    return invalid("Invalid SRP_A value")


def bad_timestamp() -> AWSError:
    return invalid("TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.")


# -- tokens


def bad_access_token() -> AWSError:
    return not_authorized("Invalid Access Token")


def access_token_expired() -> AWSError:
    return not_authorized("Access Token has expired")


def access_token_revoked() -> AWSError:
    return not_authorized("Access Token has been revoked")


def bad_refresh_token() -> AWSError:
    return not_authorized("Invalid Refresh Token")


def refresh_token_expired() -> AWSError:
    return not_authorized("Refresh Token has expired")


def refresh_token_revoked() -> AWSError:
    return not_authorized("Refresh Token has been revoked")


def revocation_disabled() -> AWSError:
    return AWSError("UnsupportedOperationException", "Revocation is not enabled for this client.")


def unsupported_token_type() -> AWSError:
    return AWSError("UnsupportedTokenTypeException", "Unsupported token type")


# -- functions


def trigger_failed(trigger: str, message: str) -> AWSError:
    return AWSError("UserLambdaValidationException", f"{trigger} failed with error {message}.")


def trigger_not_invoked(trigger: str, code: str) -> AWSError:
    return AWSError("UnexpectedLambdaException", f"{trigger} invocation failed due to error {code}.")


def unrecognizable() -> AWSError:
    return AWSError("InvalidLambdaResponseException", "Unrecognizable lambda output")


def too_many_tries() -> AWSError:
    return AWSError("LimitExceededException", "Attempt limit exceeded, please try after some time.")
