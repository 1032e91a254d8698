"""How AWS words the refusals of authentication: one family for S3, one for the rest.

The texts are those that the services send; Signature Version 4 troubleshooting in the IAM user guide and the S3 error
list name most of them: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html and
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html.
"""

from __future__ import annotations

import time
from functools import lru_cache

import msgspec

from fogbank.kernel.errors import AWSError

_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
)
_SEVEN_DAYS = 604800
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
        return self.incomplete(f"X-Amz-Expires must be a number of seconds from 1 to {_SEVEN_DAYS}, got '{value}'")

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


class S3Refusals(Refusals):
    """S3's own codes and members, for a signature in the Authorization header."""

    skew = 900
    may_be_unsigned = frozenset({"x-amz-content-sha256"})
    malformed_code = "AuthorizationHeaderMalformed"
    malformed_text = "The authorization header is malformed; "

    def __init__(self) -> None:
        super().__init__(_QUERY)

    def malformed(self, problem: str, **members: str) -> AWSError:
        return AWSError(self.malformed_code, self.malformed_text + problem, 400, None, **members)

    def missing(self) -> AWSError:
        return AWSError("AccessDenied", "Access Denied", 403)

    def unsupported(self, authorization: str) -> AWSError:
        if authorization.startswith("AWS4-"):
            return AWSError(
                "InvalidRequest",
                "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
                400,
            )
        return AWSError(
            "InvalidArgument",
            "Unsupported Authorization Type",
            400,
            ArgumentName="Authorization",
            ArgumentValue=authorization,
        )

    def components(self, authorization: str, absent: tuple[str, ...]) -> AWSError:
        return self.malformed(
            "the authorization header requires three components: Credential, SignedHeaders, and Signature."
        )

    def no_date(self, authorization: str) -> AWSError:
        return AWSError("AccessDenied", "AWS authentication requires a valid Date or x-amz-date header", 403)

    def bad_date(self, timestamp: str) -> AWSError:
        return self.no_date("")

    def credential_shape(self, credential: str) -> AWSError:
        return self.malformed(
            'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".'
        )

    def terminator(self, got: str) -> AWSError:
        return self.malformed(f'incorrect terminator "{got}". This endpoint uses "aws4_request".')

    def scope_date(self, scope: str, timestamp: str) -> AWSError:
        return self.malformed(
            f'Invalid credential date "{scope}". This date is not the same as X-Amz-Date: "{timestamp[:8]}".'
        )

    def wrong_service(self, got: str, expected: str) -> AWSError:
        return self.malformed(f'incorrect service "{got}". This endpoint belongs to "{expected}".')

    def wrong_region(self, got: str, expected: str) -> AWSError:
        """For a bucket in another region than the one signed for. S3 names the right one, and SDKs follow it."""
        return self.malformed(f"the region '{got}' is wrong; expecting '{expected}'", Region=expected)

    def unsigned_headers(self, names: list[str]) -> AWSError:
        return AWSError(
            "AccessDenied",
            "There were headers present in the request which were not signed",
            403,
            HeadersNotSigned=", ".join(names),
        )

    def _skewed(self, timestamp: str, now: float) -> AWSError:
        return AWSError(
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
            403,
            RequestTime=timestamp,
            ServerTime=extended_iso(now),
            MaxAllowedSkewMilliseconds=str(self.skew * 1000),
        )

    def too_old(self, timestamp: str, now: float) -> AWSError:
        return self._skewed(timestamp, now)

    def too_new(self, timestamp: str, now: float) -> AWSError:
        return self._skewed(timestamp, now)

    def mismatch(self, attempt: Attempt) -> AWSError:
        members = {
            "AWSAccessKeyId": attempt.access_key,
            "StringToSign": attempt.string_to_sign,
            "SignatureProvided": attempt.signature,
            "StringToSignBytes": _hex_bytes(attempt.string_to_sign),
        }
        if attempt.canonical_request:
            members["CanonicalRequest"] = attempt.canonical_request
            members["CanonicalRequestBytes"] = _hex_bytes(attempt.canonical_request)
        return AWSError(
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. "
            "Check your key and signing method.",
            403,
            None,
            **members,
        )

    def unknown_key(self, access_key: str) -> AWSError:
        return AWSError(
            "InvalidAccessKeyId",
            "The AWS Access Key Id you provided does not exist in our records.",
            403,
            AWSAccessKeyId=access_key,
        )

    def invalid_token(self, token: str) -> AWSError:
        return AWSError(
            "InvalidToken", "The provided token is malformed or otherwise invalid.", 400, None, **{"Token-0": token}
        )

    def expired_token(self, token: str) -> AWSError:
        return AWSError("ExpiredToken", "The provided token has expired.", 400, None, **{"Token-0": token})


class S3QueryRefusals(S3Refusals):
    """S3's words for a signature in the query string."""

    malformed_code = "AuthorizationQueryParametersError"
    malformed_text = "Error parsing the X-Amz-Credential parameter; "

    def _parameters(self, problem: str) -> AWSError:
        return AWSError(self.malformed_code, problem, 400)

    def unsupported(self, authorization: str) -> AWSError:
        return self._parameters('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"')

    def components(self, authorization: str, absent: tuple[str, ...]) -> AWSError:
        return self._parameters(
            "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, "
            "X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
        )

    def no_date(self, authorization: str) -> AWSError:
        return self.components("", ())

    def bad_date(self, timestamp: str) -> AWSError:
        return self._parameters("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")

    def scope_date(self, scope: str, timestamp: str) -> AWSError:
        return self._parameters(
            f'Invalid credential date "{scope}". This date is not the same as X-Amz-Date: "{timestamp[:8]}".'
        )

    def bad_expires(self, value: str) -> AWSError:
        if not value.lstrip("-").isdecimal():
            return self._parameters("X-Amz-Expires should be a number")
        if value.startswith("-"):
            return self._parameters("X-Amz-Expires must be non-negative")
        return self._parameters(
            "X-Amz-Expires must be less than a week (in seconds); "
            f"that is, the given X-Amz-Expires must be less than {_SEVEN_DAYS} seconds"
        )

    def too_new(self, timestamp: str, now: float) -> AWSError:
        return AWSError("AccessDenied", "Request is not yet valid", 403, ServerTime=extended_iso(now))

    def expired(self, expires_in: int, end: float, now: float) -> AWSError:
        return AWSError(
            "AccessDenied",
            "Request has expired",
            403,
            None,
            **{"X-Amz-Expires": str(expires_in), "Expires": extended_iso(end), "ServerTime": extended_iso(now)},
        )


def two_mechanisms(authorization: str) -> AWSError:
    return AWSError(
        "InvalidArgument",
        "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter "
        "or the Authorization header should be specified",
        400,
        ArgumentName="Authorization",
        ArgumentValue=authorization,
    )


def form_field_missing(name: str) -> AWSError:
    return AWSError(
        "InvalidArgument",
        f"Bucket POST must contain a field named '{name}'.  If it is specified, please check the order of the fields.",
        400,
        ArgumentName=name,
        ArgumentValue="",
    )


def payload_hash_missing() -> AWSError:
    return AWSError("InvalidRequest", "Missing required header for this request: x-amz-content-sha256", 400)


def payload_hash_malformed(value: str) -> AWSError:
    return AWSError(
        "InvalidArgument",
        "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, or a valid sha256 value.",
        400,
        ArgumentName="x-amz-content-sha256",
        ArgumentValue=value,
    )


def _hex_bytes(text: str) -> str:
    return text.encode("utf-8", "surrogatepass").hex(" ")


_QUERY = Codes(
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


S3_HEADER = S3Refusals()
S3_QUERY = S3QueryRefusals()
QUERY = Refusals(_QUERY)
EC2 = EC2Refusals(_QUERY)
# The services with a single JSON endpoint answer 400, those with REST URIs (and SQS, once a query service) 403.
JSON = Refusals(_json(400))
REST_JSON = Refusals(_json(403))

_BY_PROTOCOL = {
    "query": QUERY,
    "rest-xml": QUERY,
    "ec2": EC2,
    "json": JSON,
    "smithy-rpc-v2-cbor": JSON,
    "rest-json": REST_JSON,
}
S3_SERVICES = frozenset({"s3", "s3express", "s3-outposts", "s3-object-lambda"})


@lru_cache(maxsize=1024)
def refusals(service: str, protocol: str, presigned: bool) -> Refusals:
    """The words of a service (by signing name) in one of its protocols."""
    if service in S3_SERVICES:
        return S3_QUERY if presigned else S3_HEADER
    if service == "sqs" and protocol == "json":
        return REST_JSON
    return _BY_PROTOCOL.get(protocol, JSON)
