"""Refusals. https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import AWSError

USER = "User"


def _user(code: str, message: str, status: int | None = None, **members: Any) -> AWSError:
    return AWSError(code, message, status, Type=USER, **members)


def invalid_parameter(message: str) -> AWSError:
    return _user("InvalidParameterValueException", message)


def validation(message: str) -> AWSError:
    return AWSError("ValidationException", message, 400)


def function_not_found(arn: str) -> AWSError:
    return _user("ResourceNotFoundException", f"Function not found: {arn}")


def not_found(message: str) -> AWSError:
    return _user("ResourceNotFoundException", message)


def conflict(message: str) -> AWSError:
    return _user("ResourceConflictException", message)


def function_exists(name: str) -> AWSError:
    return conflict(f"Function already exist: {name}")


def alias_exists(arn: str) -> AWSError:
    return conflict(f"Alias already exists: {arn}")


def alias_not_found(arn: str) -> AWSError:
    return not_found(f"Cannot find alias arn: {arn}")


def update_in_progress(arn: str) -> AWSError:
    return conflict(f"The operation cannot be performed at this time. An update is in progress for resource: {arn}")


def not_reachable(region: str, here: str) -> AWSError:
    return not_found(f"Functions from '{region}' are not reachable in this region ('{here}')")


def functions_only() -> AWSError:
    return invalid_parameter(
        "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. "
        "Please specify either a function name or an unqualified function ARN."
    )


def principal_not_valid() -> AWSError:
    return invalid_parameter("The provided principal was invalid. Please check the principal and try again.")


def no_directory(path: str) -> AWSError:
    """Of code under development, which is Fogbank's own."""
    return invalid_parameter(f"{path} is not an absolute path of a directory on the server's machine.")


def qualifiers_differ() -> AWSError:
    return invalid_parameter("The derived qualifier from the function name does not match the specified qualifier.")


def role_not_assumable() -> AWSError:
    return invalid_parameter("The role defined for the function cannot be assumed by Lambda.")


def role_may_not(operation: str, service: str) -> AWSError:
    return invalid_parameter(f"The provided execution role does not have permissions to call {operation} on {service}")


def role_may_not_reach(operation: str, target: str) -> AWSError:
    return invalid_parameter(f"The function's execution role does not have permissions to call {operation} on {target}")


def revision_differs() -> AWSError:
    return _user(
        "PreconditionFailedException",
        "The Revision Id provided does not match the latest Revision Id. "
        "Call the GetFunction/GetAlias API to retrieve the latest Revision Id",
    )


def code_too_large(limit: int) -> AWSError:
    return invalid_parameter(f"Unzipped size must be smaller than {limit} bytes")


def no_published_version(name: str) -> AWSError:
    return _user("NoPublishedVersionException", f"The function {name} has no published versions available.")


def recursive_invocation(arn: str) -> AWSError:
    return _user(
        "RecursiveInvocationException",
        f"Lambda has detected your function being invoked in a recursive loop with other Amazon Web Services resources "
        f"and stopped your function's invocation: {arn}",
    )


def request_too_large(limit: int) -> AWSError:
    return _user(
        "RequestTooLargeException", f"Request must be smaller than {limit} bytes for the InvokeFunction operation"
    )


def package_too_large(operation: str) -> AWSError:
    """`operation` in snake case. The bytes are those of the request, in which a package is a third longer."""
    name = operation.title().replace("_", "")
    text = f"Request must be smaller than 70167211 bytes for the {name} operation"
    return AWSError("RequestEntityTooLargeException", text, 413)


def not_json(reason: str) -> AWSError:
    return _user(
        "InvalidRequestContentException",
        f"Could not parse request body into json: Could not parse payload into json: {reason}",
    )


def client_context_not_valid() -> AWSError:
    message = "Client context must be a valid Base64-encoded JSON object."
    return _user("InvalidRequestContentException", message)


def too_many(reason: str, message: str = "Rate Exceeded.") -> AWSError:
    return _user("TooManyRequestsException", message, 429, Reason=reason)


def cannot_start(reason: str) -> AWSError:
    """The machine has nothing left for another environment. SDKs try again."""
    return AWSError(
        "ServiceException", f"The execution environment could not be started: {reason}.", 500, Type="Service"
    )


def too_much_code(limit: int) -> AWSError:
    return _user("CodeStorageExceededException", f"Code storage limit exceeded: {limit} bytes.")


# -- container images: https://docs.aws.amazon.com/lambda/latest/dg/images-create.html, and answers quoted in trackers


def image_not_valid(uri: str) -> AWSError:
    return invalid_parameter(f"Source image {uri} is not valid. Provide a valid source image.")


def image_does_not_exist(uri: str) -> AWSError:
    return invalid_parameter(f"Source image {uri} does not exist. Provide a valid source image.")


def image_type_not_supported(uri: str) -> AWSError:
    return invalid_parameter(
        f"The image manifest, config or layer media type for the source image {uri} is not supported."
    )


def image_too_large(uri: str) -> AWSError:
    return invalid_parameter(f"Source image {uri} is larger than 10 GB.")


def image_access_denied() -> AWSError:
    message = "Lambda does not have permission to access the ECR image. Check the ECR permissions."
    return _user("AccessDeniedException", message, 403)


def no_image_uri() -> AWSError:
    return invalid_parameter("Please provide ImageUri when updating a function with packageType Image.")


def image_uri_for_zip() -> AWSError:
    return invalid_parameter("Please don't provide ImageUri when updating a function with packageType Zip.")


def invalid_zip() -> AWSError:
    return invalid_parameter("Could not unzip uploaded file. Please check your file, then try to upload again.")


def empty_zip() -> AWSError:
    return invalid_parameter("Uploaded file must be a non-empty zip")


def no_runtime(message: str) -> AWSError:
    return _user("InvalidRuntimeException", message, 502)


def not_ready(state: str, reason: str) -> AWSError:
    return conflict(
        f"The operation cannot be performed at this time. The function is currently in the following state: {state}{reason}"
    )


_KMS = {
    "AccessDeniedException": ("KMSAccessDeniedException", "KMS access was denied"),
    "DisabledException": ("KMSDisabledException", "the KMS key used is disabled"),
    "KMSInvalidStateException": ("KMSInvalidStateException", "the state of the KMS key used is not valid for Decrypt"),
    "NotFoundException": ("KMSNotFoundException", "the KMS key was not found"),
}


def unreadable(error: AWSError, what: str = "the environment variables") -> AWSError:
    """An environment cannot be started, since KMS says so about its variables or its code."""
    code, reason = _KMS.get(error.code, ("KMSAccessDeniedException", "KMS access was denied"))
    return _user(
        code,
        f"Lambda was unable to decrypt {what} because {reason}. Please check the function's KMS key "
        f"settings. KMS Exception: {error.code} KMS Message: {error.message}",
    )


def hidden(error: AWSError, what: str = "environment variables") -> str:
    """Why the variables, or the code, of a function are not shown."""
    _, reason = _KMS.get(error.code, ("", "KMS access was denied"))
    return (
        f"Lambda was unable to decrypt your {what} because {reason}. Please check your KMS permissions. "
        f"KMS Exception: {error.code} KMS Message: {error.message}"
    )


def key_refused(error: AWSError, what: str = "environment variables") -> AWSError:
    return invalid_parameter(
        f"Lambda was unable to configure access to your {what} because the KMS key is invalid. Please check "
        f"your KMS key settings. KMS Exception: {error.code} KMS Message: {error.message}"
    )


def unsigned_code() -> AWSError:
    return _user(
        "CodeVerificationFailedException",
        "Lambda cannot deploy the function. The function or layer might be signed using a signature that the client "
        "is not configured to accept. Check the provided signature for unsigned code.",
    )


def snapshot_not_ready() -> AWSError:
    return _user(
        "SnapStartNotReadyException",
        "Lambda is initializing your function. It will be ready to invoke once your function state becomes ACTIVE.",
    )


def not_restored(took_too_long: bool) -> AWSError:
    if took_too_long:
        text = "Lambda couldn't restore the snapshot within the timeout limit."
        return _user("SnapStartTimeoutException", text)
    return _user(
        "SnapStartException",
        "The afterRestore() runtime hook encountered an error. For more information, check the Amazon CloudWatch logs.",
    )


def not_with_snap_start(what: str) -> AWSError:
    return invalid_parameter(f"{what} is not supported for SnapStart enabled functions.")
