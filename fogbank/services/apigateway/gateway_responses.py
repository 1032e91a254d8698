"""What API Gateway answers by itself, and how an API may say it otherwise. Pure.

https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
"""

from __future__ import annotations

from typing import Any

# Type -> status (empty: that of what happened), and what `x-amzn-errortype` says.
DEFAULTS: dict[str, tuple[str, str]] = {
    "ACCESS_DENIED": ("403", "AccessDeniedException"),
    "API_CONFIGURATION_ERROR": ("500", "InternalServerErrorException"),
    "AUTHORIZER_CONFIGURATION_ERROR": ("500", "AuthorizerConfigurationException"),
    "AUTHORIZER_FAILURE": ("500", "AuthorizerConfigurationException"),
    "BAD_REQUEST_BODY": ("400", "BadRequestException"),
    "BAD_REQUEST_PARAMETERS": ("400", "BadRequestException"),
    "DEFAULT_4XX": ("", "BadRequestException"),
    "DEFAULT_5XX": ("", "InternalServerErrorException"),
    "EXPIRED_TOKEN": ("403", "ExpiredTokenException"),
    "INTEGRATION_FAILURE": ("504", "InternalServerErrorException"),
    "INTEGRATION_TIMEOUT": ("504", "InternalServerErrorException"),
    "INVALID_API_KEY": ("403", "ForbiddenException"),
    "INVALID_SIGNATURE": ("403", "InvalidSignatureException"),
    "MISSING_AUTHENTICATION_TOKEN": ("403", "MissingAuthenticationTokenException"),
    "QUOTA_EXCEEDED": ("429", "LimitExceededException"),
    "REQUEST_TOO_LARGE": ("413", "RequestTooLargeException"),
    "RESOURCE_NOT_FOUND": ("404", "NotFoundException"),
    "THROTTLED": ("429", "TooManyRequestsException"),
    "UNAUTHORIZED": ("401", "UnauthorizedException"),
    "UNSUPPORTED_MEDIA_TYPE": ("415", "UnsupportedMediaTypeException"),
    "WAF_FILTERED": ("403", "ForbiddenException"),
}
_TEMPLATES = {"application/json": '{"message":$context.error.messageString}'}


def default_response(kind: str) -> dict[str, Any]:
    status = DEFAULTS[kind][0]
    return {
        "responseType": kind,
        **({"statusCode": status} if status else {}),
        "responseParameters": {},
        "responseTemplates": _TEMPLATES,
        "defaultResponse": True,
    }


class Refused(Exception):
    """API Gateway answers by itself. `kind` is one of DEFAULTS; `status` says what the type leaves open; `why` is for the log.

    `member` is what the message is called where the API has no words of its own.
    """

    member = "message"

    def __init__(
        self, kind: str, message: str | None, status: int = 0, why: str = "", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.status = status or int(DEFAULTS[kind][0] or 500)
        self.why = why
        self.headers = headers or {}
        self.details: dict[str, Any] = {}


def missing_token() -> Refused:
    """Also for what is not there, so that nobody learns what is."""
    return Refused("MISSING_AUTHENTICATION_TOKEN", "Missing Authentication Token")


def forbidden() -> Refused:
    return Refused("INVALID_API_KEY", "Forbidden")


def unauthorized() -> Refused:
    return Refused("UNAUTHORIZED", "Unauthorized")


def misconfigured(why: str) -> Refused:
    return Refused("API_CONFIGURATION_ERROR", "Internal server error", why=why)


def malformed(why: str) -> Refused:
    """What the function answered is no answer."""
    return Refused("DEFAULT_5XX", "Internal server error", 502, why)


def failed(why: str) -> Refused:
    return Refused("INTEGRATION_FAILURE", "Internal server error", 500, why)


def timed_out(milliseconds: int) -> Refused:
    return Refused(
        "INTEGRATION_TIMEOUT",
        "Endpoint request timed out",
        why=f"Execution failed due to a timeout error after {milliseconds} ms",
    )
