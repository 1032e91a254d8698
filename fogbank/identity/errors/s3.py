"""S3's words. Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html."""

from __future__ import annotations

from fogbank.identity.errors.services import QUERY_CODES, SEVEN_DAYS, Attempt, Refusals, extended_iso
from fogbank.kernel.errors import AWSError


class S3Refusals(Refusals):
    """S3's own codes and members, for a signature in the Authorization header."""

    skew = 900
    may_be_unsigned = frozenset({"x-amz-content-sha256"})
    malformed_code = "AuthorizationHeaderMalformed"
    malformed_text = "The authorization header is malformed; "

    def __init__(self) -> None:
        super().__init__(QUERY_CODES)

    def malformed(self, problem: str) -> AWSError:
        return AWSError(self.malformed_code, self.malformed_text + problem, 400)

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
            f"that is, the given X-Amz-Expires must be less than {SEVEN_DAYS} seconds"
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


S3_HEADER = S3Refusals()
S3_QUERY = S3QueryRefusals()
