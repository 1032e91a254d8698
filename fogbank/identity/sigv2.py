"""Signature Version 2, which S3 still takes, in the header (`AWS AKID:signature`) or the query (`?AWSAccessKeyId=...`).

https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html. Presigned URLs of older clients look like this.
"""

from __future__ import annotations

import hmac
import re
from base64 import b64encode

from fogbank.http import Request
from fogbank.identity.canonical import query_pairs, wire
from fogbank.identity.errors import S3_HEADER, Attempt, extended_iso
from fogbank.identity.sigv4 import epoch, http_date
from fogbank.kernel.errors import AWSError

_SCHEME = "AWS "
_BUCKET_HOST = re.compile(r"(.+)\.s3[.-]")
_SUBRESOURCE = re.compile(
    r"accelerate|acl|analytics|cors|defaultObjectAcl|delete|inventory|lifecycle|location|logging|metrics|notification"
    r"|object-lock|partNumber|policy|replication|requestPayment|restore|select|select-type|storageClass|tagging|torrent"
    r"|uploadId|uploads|versionId|versioning|versions|website|response-(?:cache-control|expires|content-[a-z]+)"
)


class ProofV2:
    """A version 2 signature over a request, ready to be held against secrets."""

    __slots__ = ("_strings_to_sign", "access_key", "signature")

    def __init__(self, access_key: str, signature: str, request: Request, date: str) -> None:
        self.access_key = access_key
        self.signature = signature
        self._strings_to_sign = [_string_to_sign(request, date, path) for path in _paths(request)]

    def matches(self, secret: str) -> bool:
        """Whether the signature was made with this secret."""
        return any(_signs(secret, text, self.signature) for text in self._strings_to_sign)

    def attempt(self) -> Attempt:
        """The failed proof as error messages show it."""
        return Attempt(self.access_key, self.signature, self._strings_to_sign[0])


class FormProofV2:
    """A version 2 signature over the policy of a form upload."""

    __slots__ = ("_policy", "access_key", "signature")
    region = ""

    def __init__(self, access_key: str, signature: str, policy: str) -> None:
        self.access_key = access_key
        self.signature = signature
        self._policy = policy

    def matches(self, secret: str) -> bool:
        """Whether the signature was made with this secret."""
        return _signs(secret, self._policy, self.signature)

    def attempt(self) -> Attempt:
        """The failed proof as error messages show it."""
        return Attempt(self.access_key, self.signature, self._policy)


def _signs(secret: str, text: str, signature: str) -> bool:
    digest = hmac.digest(secret.encode(), wire(text), "sha1")
    return hmac.compare_digest(b64encode(digest), wire(signature))


def in_header(authorization: str) -> bool:
    return authorization.startswith(_SCHEME)


def in_query(query: str) -> bool:
    return "AWSAccessKeyId=" in query and "Signature=" in query


def from_header(request: Request, authorization: str, now: float) -> ProofV2:
    """The proof in an Authorization header, not older or newer than S3 tolerates at `now` (epoch seconds)."""
    access_key, _, signature = authorization[len(_SCHEME) :].partition(":")
    if not access_key or not signature:
        raise AWSError(
            "InvalidArgument", "AWS authorization header is invalid.  Expected AwsAccessKeyId:signature", 400
        )
    headers = request.headers
    date = headers.get("x-amz-date") or headers.get("date", "")
    moment = _moment(date)
    if moment < now - S3_HEADER.skew:
        raise S3_HEADER.too_old(date, now)
    if moment > now + S3_HEADER.skew:
        raise S3_HEADER.too_new(date, now)
    return ProofV2(access_key, signature, request, "" if "x-amz-date" in headers else date)


def from_query(request: Request, now: float) -> ProofV2:
    """The proof in a presigned URL that has not expired at `now` (epoch seconds)."""
    params = dict(query_pairs(request.query))
    if not all(params.get(name) for name in ("AWSAccessKeyId", "Signature", "Expires")):
        raise _denied("Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters")
    expires = params["Expires"]
    if not (expires.isascii() and expires.isdecimal() and len(expires) <= 12):
        raise _denied(f"Invalid date (should be seconds since epoch): {expires}")
    if int(expires) < now:
        raise _denied("Request has expired", Expires=extended_iso(int(expires)), ServerTime=extended_iso(now))
    return ProofV2(params["AWSAccessKeyId"], params["Signature"], request, expires)


def _denied(message: str, **members: str) -> AWSError:
    return AWSError("AccessDenied", message, 403, None, **members)


def _moment(date: str) -> float:
    try:
        return epoch(date) if date.endswith("Z") else http_date(date)
    except (ValueError, OverflowError):
        raise S3_HEADER.no_date("") from None


def _string_to_sign(request: Request, date: str, path: str) -> str:
    headers = request.headers
    params = query_pairs(request.query)
    signed = {name.lower(): value for name, value in params if name.lower().startswith("x-amz-")}
    signed |= {name: value for name, value in headers.items() if name.startswith("x-amz-")}
    amz_headers = "".join([f"{name}:{signed[name]}\n" for name in sorted(signed)])
    resources = sorted(pair for pair in params if _SUBRESOURCE.fullmatch(pair[0]))
    query = "&".join([f"{name}={value}" if value else name for name, value in resources])
    resource = f"{path}?{query}" if query else path
    content = f"{headers.get('content-md5', '')}\n{headers.get('content-type', '')}"
    return f"{request.method}\n{content}\n{date}\n{amz_headers}{resource}"


def _paths(request: Request) -> list[str]:
    """The path to sign, which names the bucket even where the host does. SDKs sign a bucket with a slash that they do not send."""
    found = _BUCKET_HOST.match(request.headers.get("host", ""))
    if found:
        return [f"/{found[1]}{request.path}", request.path]
    is_bucket = len(request.path) > 1 and "/" not in request.path[1:]
    return [request.path, f"{request.path}/"] if is_bucket else [request.path]
