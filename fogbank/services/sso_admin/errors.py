"""The refusals of IAM Identity Center's administration.

https://docs.aws.amazon.com/singlesignon/latest/APIReference/. Few of the sentences are documented; the others are worded after the
documented condition.
"""

from __future__ import annotations

from fogbank.kernel import AWSError


def invalid(message: str) -> AWSError:
    return AWSError("ValidationException", message)


def conflict(message: str) -> AWSError:
    return AWSError("ConflictException", message)


def not_found(message: str) -> AWSError:
    return AWSError("ResourceNotFoundException", message)


def invalid_token() -> AWSError:
    return invalid("Invalid NextToken")


# -- instances


def instance_not_found(arn: str) -> AWSError:
    return not_found(f"Instance {arn} not found")


def instance_exists() -> AWSError:
    return conflict("An instance of IAM Identity Center already exists in this account.")


def outside_network() -> AWSError:
    return AWSError("AccessDeniedException", "The network configuration of the instance does not let this request in.")


def one_update_at_a_time() -> AWSError:
    return invalid(
        "Only one of EncryptionConfiguration, PermissionSetsEnabled and NetworkConfiguration can be updated."
    )


def permission_sets_stay() -> AWSError:
    return invalid("Permission sets can't be disabled.")


def key_and_its_type() -> AWSError:
    return invalid("KmsKeyArn is required when KeyType is CUSTOMER_MANAGED_KEY, and only then.")


def too_many(what: str, limit: int) -> AWSError:
    return AWSError("ServiceQuotaExceededException", f"An instance can have up to {limit} {what}.")


# -- tags


def too_many_tags(limit: int) -> AWSError:
    return AWSError("ServiceQuotaExceededException", f"A resource can have up to {limit} tags.")


def reserved_tag(key: str) -> AWSError:
    return invalid(f"Tag key {key} is reserved: keys that begin with aws: are for AWS.")


# -- permission sets


def permission_set_not_found(arn: str) -> AWSError:
    return not_found(f"Could not find PermissionSet with id {arn.rpartition('/')[2]}")


def permission_set_exists(name: str) -> AWSError:
    return conflict(f"PermissionSet with name {name} already exists.")


def permission_set_in_use() -> AWSError:
    return conflict("Could not delete because PermissionSet has ApplicationProfile associated with it")


def already_attached(policy: str) -> AWSError:
    return conflict(f"The policy {policy} is already attached to the permission set.")


def not_attached(policy: str) -> AWSError:
    return not_found(f"The policy {policy} is not attached to the permission set.")


def no_boundary(arn: str) -> AWSError:
    return not_found(f"The permission set {arn} has no permissions boundary.")


# -- assignments


def account_not_found(account: str) -> AWSError:
    return not_found(f"Account {account} is not an account of this instance's organization.")


def principal_not_found(kind: str, principal: str) -> AWSError:
    return not_found(f"{kind} {principal} not found")


def assignment_not_found() -> AWSError:
    return not_found("The account assignment does not exist.")


def request_not_found(request: str) -> AWSError:
    return not_found(f"Request {request} not found")
