"""IAM's refusals in AWS's words. Status and code on the wire come from the model.

Sources: the Errors sections of the IAM API reference, and for sentences that it does not give, the answers of the service as quoted in
the issue trackers of the AWS SDKs, of Terraform's provider, Ansible's collection, aws-nuke and Cloud Custodian.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fogbank.kernel import AWSError

if TYPE_CHECKING:
    from fogbank.protocols import Violation

# -- requests as a whole

# IAM's own words for names and paths with wrong characters, which the model does not have
_NAMES = frozenset(
    {
        "groupName",
        "instanceProfileName",
        "newGroupName",
        "newServerCertificateName",
        "newUserName",
        "policyName",
        "roleName",
        "serverCertificateName",
        "userName",
    }
)
_PATHS = frozenset({"path", "newPath"})


def invalid_request(message: str, violations: list[Violation]) -> AWSError:
    """What the model finds wrong, as IAM says it."""
    for violation in violations:
        if violation.kind == "pattern" and violation.member in _NAMES | _PATHS:
            return invalid_characters(violation.member)
    return validation(message)


def invalid_characters(member: str) -> AWSError:
    if member in _PATHS:
        wanted = "It must begin and end with / and contain only alphanumeric characters and/or / characters."
    else:
        wanted = "It must contain only alphanumeric characters and/or the following: +=,.@_-"
    return validation(f"The specified value for {member} is invalid. {wanted}")


# -- what is not there


def no_such_entity(message: str) -> AWSError:
    return AWSError("NoSuchEntityException", message)


def not_found(noun: str, name: str) -> AWSError:
    """For users, groups, roles, and inline policies ("user policy")."""
    return no_such_entity(f"The {noun} with name {name} cannot be found.")


def no_such_policy(arn: str) -> AWSError:
    return no_such_entity(f"Policy {arn} was not found.")


def policy_not_attachable(arn: str) -> AWSError:
    return no_such_entity(f"Policy {arn} does not exist or is not attachable.")


def no_such_version(arn: str, version: str) -> AWSError:
    return no_such_entity(f"Policy {arn} version {version} does not exist or is not attachable.")


def no_such_boundary(arn: str) -> AWSError:
    return no_such_entity(f"Scope ARN: {arn} does not exist or is not attachable.")


def no_boundary(noun: str, name: str) -> AWSError:
    return no_such_entity(f"The {noun} with name {name} does not have a permissions boundary.")


def no_such_access_key(access_key: str) -> AWSError:
    return no_such_entity(f"The Access Key with id {access_key} cannot be found.")


def access_key_of_nobody(caller: str, access_key: str) -> AWSError:
    """GetAccessKeyLastUsed's words, for keys of other accounts too."""
    message = (
        f"User: {caller} is not authorized to perform: iam:GetAccessKeyLastUsed on resource: access key {access_key}"
    )
    return AWSError("AccessDenied", message, 403)


def no_such_instance_profile(name: str) -> AWSError:
    return no_such_entity(f"Instance Profile {name} cannot be found.")


def no_such_alias(alias: str) -> AWSError:
    return no_such_entity(f"The account alias {alias} cannot be found.")


# -- what is there already


def already_exists(message: str) -> AWSError:
    return AWSError("EntityAlreadyExistsException", message)


def name_taken(noun: str, name: str) -> AWSError:
    """For users, groups and roles."""
    return already_exists(f"{noun.capitalize()} with name {name} already exists.")


def instance_profile_taken(name: str) -> AWSError:
    return already_exists(f"Instance Profile {name} already exists.")


def alias_taken(alias: str) -> AWSError:
    return already_exists(f"The account alias {alias} already exists.")


def policy_name_taken(name: str) -> AWSError:
    return already_exists(f"A policy called {name} already exists. Duplicate names are not allowed.")


# -- what stands in the way


def delete_conflict(message: str) -> AWSError:
    return AWSError("DeleteConflictException", message)


def must_first(what: str) -> AWSError:
    return delete_conflict(f"Cannot delete entity, must {what} first.")


def policy_attached() -> AWSError:
    return delete_conflict("Cannot delete a policy attached to entities.")


def policy_has_versions() -> AWSError:
    return delete_conflict(
        "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. "
        "The default version is deleted with the policy."
    )


def default_version() -> AWSError:
    return delete_conflict("Cannot delete the default version of a policy.")


def quota_exceeded(quota: str, limit: int) -> AWSError:
    """`quota` is AWS's name of it: `PoliciesPerRole`."""
    return limit_exceeded(f"Cannot exceed quota for {quota}: {limit}")


def limit_exceeded(message: str) -> AWSError:
    return AWSError("LimitExceededException", message)


def inline_policies_too_large(noun: str, name: str, limit: int) -> AWSError:
    return limit_exceeded(f"Maximum policy size of {limit} bytes exceeded for {noun} {name}")


def too_many_versions(limit: int) -> AWSError:
    return limit_exceeded(
        f"A managed policy can have up to {limit} versions. Before you create a new version, you must delete an existing version."
    )


def protected_role(name: str) -> AWSError:
    """For service-linked roles."""
    message = f"Cannot perform the operation on the protected role '{name}' - this role is only modifiable by AWS"
    return AWSError("UnmodifiableEntityException", message)


def not_your_policy(arn: str) -> AWSError:
    """For changes of AWS's own policies."""
    return AWSError("AccessDenied", f"Policy {arn} is an AWS managed policy and cannot be modified.", 403)


def service_role_policy() -> AWSError:
    return AWSError("PolicyNotAttachableException", "Cannot attach a Service Role Policy to a Customer Role.")


# -- what makes no sense


def invalid_input(message: str) -> AWSError:
    return AWSError("InvalidInputException", message)


def malformed_policy(message: str) -> AWSError:
    return AWSError("MalformedPolicyDocumentException", message)


def invalid_principal(form: str, name: str) -> AWSError:
    return malformed_policy(f'Invalid principal in policy: "{form}":"{name}"')


def invalid_arn(arn: str) -> AWSError:
    return invalid_input(f"ARN {arn} is not valid.")


def validation(message: str) -> AWSError:
    return AWSError("ValidationError", message, 400)


def invalid_marker() -> AWSError:
    return validation("Invalid Marker.")


def reserved_path(path: str) -> AWSError:
    return validation(f"The specified value for path is invalid. It must not begin with {path.split('/')[1]}.")


def user_name_required() -> AWSError:
    return validation("Must specify userName when calling with non-User credentials")


def duplicate_tag_keys() -> AWSError:
    return invalid_input("Duplicate tag keys found. Please note that Tag keys are case insensitive.")


def too_many_tags(noun: str) -> AWSError:
    return limit_exceeded(f"The number of tags has reached the maximum limit for this {noun}.")


def reserved_tag_key() -> AWSError:
    return invalid_input("Tag keys beginning with 'aws:' are reserved for system use.")


def invalid_property(key: str) -> AWSError:
    return invalid_input(f"Property key {key} must be in the format Namespace/PropertyName.")


def several_namespaces() -> AWSError:
    return invalid_input("All properties in a request must belong to the same namespace.")


# -- the account's federation, and its organization; the sentences are those of the API reference


def federation_enabled() -> AWSError:
    message = "Outbound identity federation is already enabled for your Amazon Web Services account."
    return AWSError("FeatureEnabledException", message)


def federation_disabled() -> AWSError:
    message = "Outbound identity federation is disabled for your Amazon Web Services account."
    return AWSError("FeatureDisabledException", message)


def organization_not_found() -> AWSError:
    message = "The request was rejected because no organization is associated with your account."
    return AWSError("OrganizationNotFoundException", message)


def service_access_not_enabled() -> AWSError:
    message = "The request was rejected because trusted access is not enabled for IAM in Organizations."
    return AWSError("ServiceAccessNotEnabledException", message)


def not_the_management_account() -> AWSError:
    message = (
        "The request was rejected because the account making the request is not the management account for the "
        "organization."
    )
    return AWSError("CallerIsNotManagementAccountException", message)


def not_an_administrator() -> AWSError:
    message = (
        "The request was rejected because the account making the request is not the management account or delegated "
        "administrator account for centralized root access."
    )
    return AWSError("AccountNotManagementOrDelegatedAdministratorException", message)
