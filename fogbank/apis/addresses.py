"""Which API a request is for: by the host name, or by a path where host names cannot be had.

<id>.execute-api.<region>.<anything>/<stage>/<path>
/_aws/execute-api/<id>/<stage>/<path>
/restapis/<id>/<stage>/_user_request_/<path>

addresses  id  -> Address, in no account and region: the host name says nothing else
"""

from __future__ import annotations

import re
from typing import NamedTuple

from fogbank.http import Request
from fogbank.kernel import Collection, Record

MARK = ".execute-api."
PREFIX = "/_aws/execute-api/"
_HOST = re.compile(r"([a-z0-9-]+)\.execute-api\.")
_BY_PATH = re.compile(r"/_aws/execute-api/([a-z0-9-]+)/([^/]+)(/.*)?")
_BY_USER_REQUEST = re.compile(r"/restapis/([a-z0-9-]+)/([^/]+)/_user_request_(/.*)?")
MANAGEMENT = "/@connections/"


class Address(Record, frozen=True):
    """`kind` is REST, HTTP, WEBSOCKET, or DOMAIN for a domain name's own host."""

    account: str
    region: str
    kind: str
    name: str = ""


addresses: Collection[Address] = Collection("apigateway", "addresses", Address, scope="global", cached=True)


class Place(NamedTuple):
    """What a request's head says about where it goes. `stage` is empty when the path begins with it, or with nothing of the kind.

    `path` begins with a slash, as it was sent.
    """

    api: str
    stage: str
    path: str


def is_for_api(request: Request) -> bool:
    return place_of(request) is not None


def place_of(request: Request) -> Place | None:
    found = _BY_PATH.fullmatch(request.path) or _BY_USER_REQUEST.fullmatch(request.path)
    if found is not None:
        return Place(found[1], found[2].replace("%24", "$"), found[3] or "/")
    host = _HOST.match(request.headers.get("host", "").lower())
    return None if host is None else Place(host[1], "", request.path)


def stage_in_path(path: str) -> tuple[str, str]:
    """The first segment, and the path behind it."""
    stage, _, rest = path[1:].partition("/")
    return stage, f"/{rest}"
