"""Access Analyzer's refusals. Status comes from the model.

Sources: the Errors sections of the API reference. It gives no sentences, so they are worded after those that the service is quoted with
in the issue trackers of Terraform's provider and of the AWS SDKs.
"""

from __future__ import annotations

from fogbank.kernel import AWSError


def validation(message: str) -> AWSError:
    return AWSError("ValidationException", message, reason="fieldValidationFailed")


def invalid_token() -> AWSError:
    return validation("Invalid nextToken")


def invalid_policy(message: str) -> AWSError:
    return AWSError("InvalidParameterException", f"Invalid policy document. {message}")


def invalid_parameter(message: str) -> AWSError:
    return AWSError("InvalidParameterException", message)


def not_found(kind: str, id: str) -> AWSError:
    """`kind` is Analyzer, ArchiveRule, Finding ..."""
    return AWSError("ResourceNotFoundException", f"{kind} {id} not found", resourceId=id, resourceType=kind)


def conflict(kind: str, id: str) -> AWSError:
    return AWSError("ConflictException", f"{kind} {id} already exists", resourceId=id, resourceType=kind)


def quota_exceeded(message: str, kind: str, id: str) -> AWSError:
    return AWSError("ServiceQuotaExceededException", message, resourceId=id, resourceType=kind)


def not_an_organization() -> AWSError:
    return validation("You must be the management account or a delegated administrator of an organization.")


def access_denied(message: str) -> AWSError:
    return AWSError("AccessDeniedException", message, 403)


def preview_in_progress(preview: str) -> AWSError:
    message = "The access preview is still being created."
    return AWSError("ConflictException", message, resourceId=preview, resourceType="AccessPreview")
