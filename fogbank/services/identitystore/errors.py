"""Identity Store's refusals.

https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/CommonErrors.html and the pages of the operations. Few of the
sentences are documented; the others are worded after the documented condition.
"""

from __future__ import annotations

from typing import Literal

from fogbank.kernel import AWSError, Context

Resource = Literal["GROUP", "USER", "IDENTITY_STORE", "GROUP_MEMBERSHIP"]


def store_not_found(ctx: Context, store: str) -> AWSError:
    message = f"IdentityStore not present for IdentityStoreId: {store}"
    return _not_found(ctx, message, "IDENTITY_STORE", store)


def not_found(ctx: Context, kind: Resource, identifier: str | None = None) -> AWSError:
    """`identifier` is None where the resource was asked for by something else than its id."""
    return _not_found(ctx, f"{kind} not found.", kind, identifier)


def _not_found(ctx: Context, message: str, kind: Resource, identifier: str | None) -> AWSError:
    return AWSError(
        "ResourceNotFoundException", message, ResourceType=kind, ResourceId=identifier, RequestId=ctx.request_id
    )


def duplicate(ctx: Context, attribute: str) -> AWSError:
    return _conflict(ctx, f"Duplicate {attribute}", "UNIQUENESS_CONSTRAINT_VIOLATION")


def membership_exists(ctx: Context) -> AWSError:
    return _conflict(ctx, "Member and Group relationship already exists.", "UNIQUENESS_CONSTRAINT_VIOLATION")


def revision_changed(ctx: Context) -> AWSError:
    message = "The resource was modified: the given revision is not its current one."
    return _conflict(ctx, message, "CONCURRENT_MODIFICATION")


def _conflict(ctx: Context, message: str, reason: str) -> AWSError:
    return AWSError("ConflictException", message, Reason=reason, RequestId=ctx.request_id)


def outside_network(ctx: Context) -> AWSError:
    message = "The request is denied by the network configuration of the identity store."
    return AWSError("AccessDeniedException", message, RequestId=ctx.request_id)


# -- validation


def invalid(ctx: Context, message: str) -> AWSError:
    return AWSError("ValidationException", message, RequestId=ctx.request_id)


def required(ctx: Context, attribute: str) -> AWSError:
    return invalid(ctx, f"{attribute} is a required attribute")


def reserved_name(ctx: Context, name: str) -> AWSError:
    return invalid(ctx, f"{name} is a reserved name and can't be used for users or groups.")


def unknown_path(ctx: Context, path: str) -> AWSError:
    return invalid(ctx, f"The attribute path {path} is not valid.")


def unknown_extension(ctx: Context, name: str) -> AWSError:
    return invalid(ctx, f"The extension {name} is not supported.")


def invalid_token(ctx: Context) -> AWSError:
    return invalid(ctx, "Invalid NextToken")


def one_alternative(ctx: Context) -> AWSError:
    return invalid(ctx, "AlternateIdentifier must have exactly one of ExternalId and UniqueAttribute.")
