"""IAM's refusals about credentials, devices, providers and certificates, in AWS's words. Those about entities are in `errors`.

Sources as in `errors`. For some no source was found: changing a wrong password, devices and provider names that are taken, keys that
do not fit, and expired signing certificates are worded after the nearest documented error.
"""

from __future__ import annotations

from fogbank.kernel import AWSError
from fogbank.services.iam.errors import already_exists, delete_conflict, invalid_input, no_such_entity, validation

# -- passwords


def no_password_policy(account: str) -> AWSError:
    return no_such_entity(f"The Password Policy with domain name {account} cannot be found.")


def password_violates(findings: list[str]) -> AWSError:
    return AWSError("PasswordPolicyViolationException", ", ".join(findings))


def password_too_uniform(missing: int, findings: list[str]) -> AWSError:
    """For the policy of accounts that have set none, which wants three kinds of characters of four."""
    return password_violates(
        [f"Password should meet {missing} more of the following requirements: {', '.join(findings)}"]
    )


def password_reused() -> AWSError:
    return password_violates(["Password does not conform to the account password policy."])


def no_login_profile(user: str) -> AWSError:
    return no_such_entity(f"Login Profile for User {user} cannot be found.")


def login_profile_exists(user: str) -> AWSError:
    return already_exists(f"Login Profile for user {user} already exists.")


def password_required() -> AWSError:
    return validation(
        "1 validation error detected: Value null at 'password' failed to satisfy constraint: Member must not be null"
    )


def wrong_old_password() -> AWSError:
    return AWSError("AccessDenied", "The old password was incorrect.", 403)


def only_users_change_passwords() -> AWSError:
    return AWSError("InvalidUserTypeException", "Only IAM Users can change their own password")


# -- MFA devices


def mfa_device_taken() -> AWSError:
    return already_exists("MFADevice entity at the same path and name already exists.")


def mfa_device_in_use() -> AWSError:
    return already_exists("MFA Device is already in use.")


def no_virtual_device(serial: str) -> AWSError:
    return no_such_entity(f"VirtualMFADevice with serial number {serial} doesn't exist.")


def device_of_nobody() -> AWSError:
    return no_such_entity("MFA Device invalid for user.")


def device_must_be_deactivated() -> AWSError:
    return delete_conflict("MFA VirtualDevice in use. Must deactivate first.")


def wrong_codes() -> AWSError:
    return AWSError("InvalidAuthenticationCodeException", "Authentication code for device is not valid.")


# -- identity providers


def no_oidc_provider(arn: str) -> AWSError:
    return no_such_entity(f"OpenIDConnect Provider not found for arn {arn}")


def oidc_provider_exists(url: str) -> AWSError:
    return already_exists(f"Provider with url {url} already exists.")


def invalid_provider_url() -> AWSError:
    return validation("Invalid Open ID Connect Provider URL")


def too_many_thumbprints(limit: int) -> AWSError:
    return invalid_input(f"Thumbprint list must contain fewer than {limit} entries.")


def invalid_thumbprint() -> AWSError:
    return invalid_input("Thumbprint must be 40 hexadecimal characters.")


def no_saml_provider(arn: str) -> AWSError:
    return no_such_entity(f"Manifest not found for arn {arn}")


def saml_provider_exists(name: str) -> AWSError:
    return already_exists(f"SAMLProvider with name {name} already exists.")


def unparsable_metadata() -> AWSError:
    return invalid_input("Could not parse metadata")


def unparsable_saml_key() -> AWSError:
    return invalid_input("Could not parse private key")


def no_saml_key(key: str) -> AWSError:
    return no_such_entity(f"The private key with id {key} cannot be found.")


def encryption_without_key() -> AWSError:
    return invalid_input("A private key is required when the assertion encryption mode is Required.")


def nothing_to_update() -> AWSError:
    return invalid_input("At least one of the parameters to update must be specified.")


# -- certificates


def no_server_certificate(name: str) -> AWSError:
    return no_such_entity(f"The Server Certificate with name {name} cannot be found.")


def server_certificate_exists(name: str) -> AWSError:
    return already_exists(f"The Server Certificate with name {name} already exists.")


def malformed_certificate(message: str) -> AWSError:
    return AWSError("MalformedCertificateException", message)


def unparsable_certificate() -> AWSError:
    return malformed_certificate("Unable to parse certificate. Please ensure the certificate is in PEM format.")


def unparsable_key() -> AWSError:
    return malformed_certificate("Unable to parse private key. Please ensure the key is in PEM format.")


def encrypted_key() -> AWSError:
    return malformed_certificate("Unable to parse key; the body is encrypted.")


def broken_chain(index: int) -> AWSError:
    return malformed_certificate(
        "Unable to validate certificate chain. The certificate chain must start with the immediate signing certificate, "
        "followed by any intermediaries in order. "
        f"The index within the chain of the invalid certificate is: {index}"
    )


def key_mismatch() -> AWSError:
    return AWSError("KeyPairMismatchException", "The private key does not match the certificate.")


def invalid_certificate(message: str) -> AWSError:
    return AWSError("InvalidCertificateException", message)


def duplicate_certificate(user: str) -> AWSError:
    return AWSError("DuplicateCertificateException", f"The certificate is already associated with user {user}.")


def no_signing_certificate(certificate: str) -> AWSError:
    return no_such_entity(f"The Certificate with id {certificate} cannot be found.")


# -- SSH keys


def no_ssh_key(key: str) -> AWSError:
    return no_such_entity(f"The Public Key with id {key} cannot be found.")


def unparsable_ssh_key() -> AWSError:
    return AWSError("UnrecognizedPublicKeyEncodingException", "The public key encoding is not recognized.")


def invalid_ssh_key(message: str) -> AWSError:
    return AWSError("InvalidPublicKeyException", message)


def duplicate_ssh_key() -> AWSError:
    return AWSError("DuplicateSSHPublicKeyException", "The SSH public key is already associated with the user.")


# -- service-specific credentials


def no_service_credential(credential: str) -> AWSError:
    return no_such_entity(f"The Service Specific Credential with id {credential} cannot be found.")


def service_not_supported(service: str) -> AWSError:
    return AWSError("ServiceNotSupportedException", f"Service {service} does not support service-specific credentials.")


# -- service-linked roles


def service_role_taken(name: str) -> AWSError:
    return invalid_input(f"Service role name {name} has been taken in this account, please try a different suffix.")


def suffix_not_allowed(service: str) -> AWSError:
    return invalid_input(f"Custom suffix is not allowed for {service}")


def no_linked_role_of(service: str) -> AWSError:
    return invalid_input(f"{service} is not a valid AWS service name.")


def not_service_linked(role: str) -> AWSError:
    return no_such_entity(f"The role with name {role} cannot be found.")


def no_deletion_task(task: str) -> AWSError:
    return no_such_entity(f"The deletion task with id {task} cannot be found.")


def invalid_deletion_task() -> AWSError:
    return invalid_input("The provided deletion task ID is not valid.")
