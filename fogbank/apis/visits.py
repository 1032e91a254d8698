"""A request to an API, read once: names and values as they were sent, and what API Gateway adds to them. Pure.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Iterable
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote

from fogbank.http import Request
from fogbank.kernel import tracing

Pairs = list[tuple[str, str]]

CONNECTION = frozenset({"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "proxy-connection"})


class Visit:
    """One request. `stage` is the stage's name, `path` what follows it, as it was sent; `base` what comes before, of a domain's mapping.

    `now` is epoch seconds, `api` the API's id. Lower-case names of headers find their values in `headers`.
    """

    def __init__(self, request: Request, body: bytes, request_id: str, now: float) -> None:
        self.request = request
        self.body = body
        self.request_id = request_id
        self.now = now
        self.api = ""
        self.account = ""
        self.region = ""
        self.stage = ""
        self.path = request.path
        self.base = ""
        self.method = request.method
        self.extended_id = b64encode(bytes.fromhex(request_id.replace("-", ""))[:11]).decode()

    @cached_property
    def pairs(self) -> Pairs:
        """All headers, with the names that the client sent where these are known, and those that API Gateway adds."""
        sent = _as_sent(self.request)
        known = {name.lower() for name, _ in sent}
        added = {
            "X-Amzn-Trace-Id": self.trace,
            "X-Forwarded-For": self.request.remote,
            "X-Forwarded-Port": self.port,
            "X-Forwarded-Proto": self.request.scheme,
        }
        kept = [(name, value) for name, value in sent if name.lower() not in CONNECTION]
        return [*kept, *((name, value) for name, value in added.items() if name.lower() not in known)]

    @cached_property
    def headers(self) -> dict[str, str]:
        """Lower-case names; of those that were sent again, the last one."""
        return {name.lower(): value for name, value in self.pairs}

    @cached_property
    def query(self) -> Pairs:
        return parse_qsl(self.request.query, keep_blank_values=True)

    @cached_property
    def trace(self) -> str:
        given = self.request.headers.get("x-amzn-trace-id")
        return given or f"Root=1-{int(self.now):08x}-{self.request_id.replace('-', '')[:24]}"

    @property
    def segment(self) -> str:
        """The id of the stage's segment, where it is traced."""
        return self.request_id.replace("-", "")[-16:]

    @property
    def onward_trace(self) -> str:
        """The trace as a traced stage hands it on: its segment is the parent of what comes."""
        parts = tracing.parts_of(self.trace)
        if parts.get("Sampled") == "0" or "Root" not in parts:
            return self.trace
        return f"Root={parts['Root']};Parent={self.segment};Sampled=1"

    @cached_property
    def port(self) -> str:
        sent = self.request.headers.get("host", "").partition(":")[2]
        return sent or ("443" if self.request.scheme == "https" else "80")

    @cached_property
    def domain(self) -> str:
        """The host that was asked, as an API knows itself when it was asked by a path."""
        host = self.request.headers.get("host", "").partition(":")[0]
        return host if ".execute-api." in host or self.base else f"{self.api}.execute-api.{self.region}.amazonaws.com"

    @property
    def prefix(self) -> str:
        return self.domain.partition(".")[0]

    @property
    def source_ip(self) -> str:
        return self.request.remote

    @property
    def user_agent(self) -> str | None:
        return self.headers.get("user-agent")

    @property
    def protocol(self) -> str:
        return f"HTTP/{self.request.version}"

    @property
    def decoded_path(self) -> str:
        return unquote(self.path)

    @property
    def time_text(self) -> str:
        return time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(self.now))

    @property
    def content_type(self) -> str:
        """Without parameters; `application/json` where none was sent, as API Gateway takes it."""
        return self.headers.get("content-type", "application/json").partition(";")[0].strip().lower()


def _as_sent(request: Request) -> Pairs:
    """The header lines. Names are in their own case where the head is there (HTTP/1.1), else in the case that most clients use."""
    if not request.head:
        return [(usual_case(name), value) for name, value in request.headers.items()]
    lines = request.head.decode("latin-1").split("\r\n")[1:]
    split = (line.partition(":") for line in lines if line)
    return [(name, value.strip(" \t")) for name, _, value in split]


def usual_case(name: str) -> str:
    """`content-type` -> `Content-Type`."""
    return "-".join(part.capitalize() for part in name.split("-"))


def single(pairs: Iterable[tuple[str, str]]) -> dict[str, str] | None:
    """The last value of each name; None when there are none."""
    return dict(pairs) or None


def multiple(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]] | None:
    """All values of each name; None when there are none."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found or None


def matches_type(content_type: str, patterns: Iterable[str]) -> bool:
    """Is it one of the binary media types (`image/png`, `image/*`, `*/*`)?"""
    kind = content_type.partition(";")[0].strip().lower()
    for pattern in patterns:
        if pattern == "*/*" or pattern.lower() == kind:
            return True
        if pattern.endswith("/*") and kind.startswith(pattern[:-1].lower()):
            return True
    return False


def one_line(value: str) -> str:
    """A value that can be a header's, whatever it was made of."""
    return value.replace("\r", "").replace("\n", "").replace("\0", "")


def plain(value: Any) -> str:
    """A value of a header, as functions may return it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
