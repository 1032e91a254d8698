"""The words of the query and JSON services, and what the words of all services have in common.

The texts are those that the services send; most are named in
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html.
"""

from __future__ import annotations

import time

import msgspec

from fogbank.kernel.errors import AWSError

_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
)
SEVEN_DAYS = 604800
# Services that answer a refused decision with a code of their own.
_DENIED_CODES = {"sns": "AuthorizationError", "sqs": "AccessDenied"}


def basic_iso(moment: float) -> str:
    """Epoch seconds as `20250131T235959Z`."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(moment))


def extended_iso(moment: float) -> str:
    """Epoch seconds as `2025-01-31T23:59:59Z`."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))


class Attempt(msgspec.Struct, frozen=True):
    """A signature that did not match, and what it should have been made from."""

    access_key: str
    signature: str
    string_to_sign: str
    canonical_request: str = ""


class Codes(msgspec.Struct, frozen=True):
    """The error codes of one family of protocols, and the status that most of them carry."""

    status: int
    incomplete_status: int
    missing: str
    incomplete: str
    mismatch: str
    unknown: str
    expired_token: str
    denied: str


class Refusals:
    """The refusals of the query and JSON services.

    `skew` is the tolerated difference of clocks in seconds; every `x-amz-` header but `may_be_unsigned` has to be signed.
    """

    skew = 300
    may_be_unsigned = frozenset({"x-amz-content-sha256", "x-amz-security-token"})

    def __init__(self, codes: Codes) -> None:
        self.codes = codes

    def missing(self) -> AWSError:
        return AWSError(self.codes.missing, "Request is missing Authentication Token", self.codes.status)

    def unsupported(self, authorization: str) -> AWSError:
        algorithm = authorization.partition(" ")[0]
        if algorithm.startswith("AWS4-"):
            return self.incomplete(f"Unsupported AWS 'algorithm': '{algorithm}'.")
        return self.components(authorization, ("Credential", "Signature", "SignedHeaders"))

    def incomplete(self, message: str) -> AWSError:
        return AWSError(self.codes.incomplete, message, self.codes.incomplete_status)

    def components(self, authorization: str, absent: tuple[str, ...]) -> AWSError:
        wanted = "".join(f"Authorization header requires '{name}' parameter. " for name in absent)
        return self.incomplete(f"{wanted}Authorization={authorization}")

    def no_date(self, authorization: str) -> AWSError:
        return self.incomplete(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
            f"Authorization={authorization}"
        )

    def bad_date(self, timestamp: str) -> AWSError:
        return self.incomplete(
            f"Date must be in ISO-8601 'basic format'. Got '{timestamp}'. See http://en.wikipedia.org/wiki/ISO_8601"
        )

    def credential_shape(self, credential: str) -> AWSError:
        return self.incomplete(
            "Credential must have exactly 5 slash-delimited elements, "
            f"e.g. keyid/date/region/service/term, got '{credential}'"
        )

    def _mismatch(self, message: str) -> AWSError:
        return AWSError(self.codes.mismatch, message, self.codes.status)

    def terminator(self, got: str) -> AWSError:
        return self._mismatch(f"Credential should be scoped with a valid terminator: 'aws4_request', not '{got}'.")

    def scope_date(self, scope: str, timestamp: str) -> AWSError:
        return self._mismatch(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{scope}' != '{timestamp[:8]}', from '{timestamp}'."
        )

    def wrong_service(self, got: str, expected: str) -> AWSError:
        return self._mismatch(f"Credential should be scoped to correct service: '{expected}'. ")

    def unsigned_headers(self, names: list[str]) -> AWSError:
        name = names[0]
        shown = "'Host' or ':authority'" if name == "host" else f"'{name}'"
        return self._mismatch(f"{shown} must be a 'SignedHeader' in the AWS Authorization.")

    def too_old(self, timestamp: str, now: float) -> AWSError:
        limit = basic_iso(now - self.skew)
        return self._mismatch(
            f"Signature expired: {timestamp} is now earlier than {limit} ({basic_iso(now)} - {self.skew // 60} min.)"
        )

    def too_new(self, timestamp: str, now: float) -> AWSError:
        limit = basic_iso(now + self.skew)
        return self._mismatch(
            f"Signature not yet current: {timestamp} is still later than {limit} ({basic_iso(now)} + {self.skew // 60} min.)"
        )

    def expired(self, expires_in: int, end: float, now: float) -> AWSError:
        return self._mismatch(f"Signature expired: {basic_iso(end)} is now earlier than {basic_iso(now)}")

    def bad_expires(self, value: str) -> AWSError:
        return self.incomplete(f"X-Amz-Expires must be a number of seconds from 1 to {SEVEN_DAYS}, got '{value}'")

    def mismatch(self, attempt: Attempt) -> AWSError:
        return self._mismatch(
            f"{_MISMATCH}\n\nThe Canonical String for this request should have been\n'{attempt.canonical_request}'\n\n"
            f"The String-to-Sign should have been\n'{attempt.string_to_sign}'\n"
        )

    def unknown_key(self, access_key: str) -> AWSError:
        return AWSError(self.codes.unknown, "The security token included in the request is invalid.", self.codes.status)

    def invalid_token(self, token: str) -> AWSError:
        return self.unknown_key("")

    def expired_token(self, token: str) -> AWSError:
        return AWSError(
            self.codes.expired_token, "The security token included in the request is expired", self.codes.status
        )

    def denied(self, service: str, message: str) -> AWSError:
        """The refusal of a decision (`message` says why)."""
        return AWSError(_DENIED_CODES.get(service, self.codes.denied), message, self.codes.status)


class EC2Refusals(Refusals):
    """EC2 says less: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html."""

    def unknown_key(self, access_key: str) -> AWSError:
        return AWSError("AuthFailure", "AWS was not able to validate the provided access credentials", 401)

    def mismatch(self, attempt: Attempt) -> AWSError:
        return self.unknown_key(attempt.access_key)

    def expired_token(self, token: str) -> AWSError:
        return AWSError("RequestExpired", "Request has expired.", 400)

    def denied(self, service: str, message: str) -> AWSError:
        return AWSError("UnauthorizedOperation", f"You are not authorized to perform this operation. {message}", 403)


QUERY_CODES = Codes(
    status=403,
    incomplete_status=400,
    missing="MissingAuthenticationToken",
    incomplete="IncompleteSignature",
    mismatch="SignatureDoesNotMatch",
    unknown="InvalidClientTokenId",
    expired_token="ExpiredToken",
    denied="AccessDenied",
)


def _json(status: int) -> Codes:
    return Codes(
        status=status,
        incomplete_status=status,
        missing="MissingAuthenticationTokenException",
        incomplete="IncompleteSignatureException",
        mismatch="InvalidSignatureException",
        unknown="UnrecognizedClientException",
        expired_token="ExpiredTokenException",
        denied="AccessDeniedException",
    )


QUERY = Refusals(QUERY_CODES)
EC2 = EC2Refusals(QUERY_CODES)
# The services with a single JSON endpoint answer 400, those with REST URIs (and SQS, once a query service) 403.
JSON = Refusals(_json(400))
REST_JSON = Refusals(_json(403))
