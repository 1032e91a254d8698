"""The refusals of the sign-in service: OAuth's codes in `error`, and AWS's sentences in `error_description`.

https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_CreateToken.html
"""

from __future__ import annotations

from fogbank.kernel import AWSError


def _refusal(code: str, error: str, description: str) -> AWSError:
    return AWSError(code, description, error=error, error_description=description)


def malformed(message: str) -> AWSError:
    return _refusal("InvalidRequestException", "invalid_request", message)


def unknown_start_url() -> AWSError:
    return malformed("Invalid start URL provided")


def invalid_client() -> AWSError:
    return _refusal("InvalidClientException", "invalid_client", "Invalid client provided")


def expired_client() -> AWSError:
    return _refusal("InvalidClientException", "invalid_client", "Client registration has expired")


def invalid_client_type() -> AWSError:
    return _refusal("InvalidClientMetadataException", "invalid_client_metadata", "Invalid client type provided")


def unsupported_grant_type() -> AWSError:
    return _refusal("UnsupportedGrantTypeException", "unsupported_grant_type", "Unsupported grant type provided")


def unauthorized_grant() -> AWSError:
    return _refusal(
        "UnauthorizedClientException", "unauthorized_client", "Client is not registered for this grant type"
    )


def invalid_redirect() -> AWSError:
    return _refusal("InvalidRedirectUriException", "invalid_redirect_uri", "Invalid redirect URI provided")


def invalid_scope() -> AWSError:
    return _refusal("InvalidScopeException", "invalid_scope", "Invalid scope provided")


def authorization_pending() -> AWSError:
    return _refusal("AuthorizationPendingException", "authorization_pending", "Authorization is still pending")


def slow_down() -> AWSError:
    return _refusal("SlowDownException", "slow_down", "Client is making too many requests")


def expired_device_code() -> AWSError:
    return _refusal("ExpiredTokenException", "expired_token", "Device code has expired")


def expired_token() -> AWSError:
    return _refusal("ExpiredTokenException", "expired_token", "Token has expired")


def access_denied() -> AWSError:
    return _refusal("AccessDeniedException", "access_denied", "The user denied the request")


def invalid_grant(description: str) -> AWSError:
    return _refusal("InvalidGrantException", "invalid_grant", description)
