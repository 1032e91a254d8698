"""Which operation of a service a request calls, and in which protocol.

JSON is told by X-Amz-Target, CBOR by its path, query by `Action`, REST by method, path and query: the operation is chosen
among those of one path by the query literals in its template and by the query and header members it requires. A request
that names a literal of another operation never falls back on the one without (`PUT /bucket?inventory` creates no bucket).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from fogbank.http import Request
from fogbank.kernel.errors import AWSError
from fogbank.protocols.forms import fields, unquote, unquote_plus
from fogbank.protocols.model import OperationModel, ServiceModel
from fogbank.protocols.scalars import BadValue

RPC = ("json", "query", "ec2", "smithy-rpc-v2-cbor")
NO_LABELS: Mapping[str, str] = {}
IGNORED_LITERALS = frozenset({"x-id"})  # put there by SDKs as a comment

_CBOR_PATH = re.compile(r"/service/([^/]+)/operation/([^/]+)/?\Z")
_FORM_ACTION = re.compile(rb"(?:\A|&)Action=([^&]*)")
_QUERY_ACTION = re.compile(r"(?:\A|&)Action=([^&]*)")


class Routed(NamedTuple):
    """An operation, the protocol it is called in, and the labels of its path, decoded."""

    operation: OperationModel
    protocol: str
    uri: Mapping[str, str] = NO_LABELS


def detect(model: ServiceModel, request: Request) -> str:
    """The protocol a request speaks, of those that its service does; the service's first when there is no telling."""
    protocols = model.protocols
    if len(protocols) == 1:
        return protocols[0]
    headers = request.headers
    if "smithy-rpc-v2-cbor" in protocols and (
        headers.get("smithy-protocol") == "rpc-v2-cbor" or _CBOR_PATH.search(request.path)
    ):
        return "smithy-rpc-v2-cbor"
    if "json" in protocols and "x-amz-target" in headers:
        return "json"
    if "query" in protocols and _action(request) is not None:
        return "query"
    if "json" in protocols and "x-amz-json" in headers.get("content-type", ""):
        return "json"
    return protocols[0]


def route(model: ServiceModel, request: Request) -> Routed:
    """The operation a request calls. Raises AWSError in the service's way when there is none."""
    target = request.headers.get("x-amz-target")
    if target is not None:
        known = _targets(model).get(target)
        if known is not None:
            return known
    protocol = detect(model, request)
    if protocol in ("query", "ec2"):
        return Routed(_by_action(model, request), protocol)
    if protocol == "smithy-rpc-v2-cbor":
        return Routed(_by_rpc_path(model, request), protocol)
    if protocol == "json":
        raise AWSError("UnknownOperationException", "" if target is None else f"Unknown operation: {target}", 400)
    return _rest_router(model).route(request)


def _targets(model: ServiceModel) -> dict[str, Routed]:
    """Every X-Amz-Target of a service that speaks JSON."""
    known = model.routes.get("targets")
    if known is None:
        names = model.operations if "json" in model.protocols else ()
        known = {f"{model.target_prefix}.{name}": Routed(model.operations[name], "json") for name in names}
        model.routes["targets"] = known
    return known


def _rest_router(model: ServiceModel) -> RestRouter:
    router = model.routes.get("rest")
    if router is None:
        router = model.routes["rest"] = RestRouter(model)
    return router


def _action(request: Request) -> str | None:
    match: re.Match[Any] | None = _QUERY_ACTION.search(request.query)
    if match is not None:
        return unquote_plus(match.group(1))
    match = _FORM_ACTION.search(request.payload.data or b"")
    return unquote_plus(match.group(1).decode("latin-1")) if match is not None else None


def _by_action(model: ServiceModel, request: Request) -> OperationModel:
    try:
        action = _action(request)
    except BadValue:
        action = "?"
    if not action:
        raise AWSError("MissingAction", "The request must contain the parameter Action", 400)
    operation = model.operations.get(action)
    if operation is None:
        raise AWSError("InvalidAction", f"The action {action} is not valid for this web service.", 400)
    return operation


def _by_rpc_path(model: ServiceModel, request: Request) -> OperationModel:
    match = _CBOR_PATH.search(request.path)
    operation = model.operations.get(match.group(2)) if match else None
    if operation is None:
        raise AWSError("UnknownOperationException", f"Unknown operation: {request.method} {request.path}", 404)
    return operation


class _Candidate:
    """An operation under its path, with what tells it from its neighbours there."""

    __slots__ = (
        "header_names",
        "labels",
        "literals",
        "operation",
        "query_names",
        "required_headers",
        "required_queries",
    )

    def __init__(self, operation: OperationModel) -> None:
        members = operation.input_shape.members if operation.input_shape else {}
        required = set(operation.input_shape.required) if operation.input_shape else set()
        queries = {
            name: member.wire_name or name for name, member in members.items() if member.location == "querystring"
        }
        headers = {
            name: (member.wire_name or name).lower() for name, member in members.items() if member.location == "header"
        }
        self.operation = operation
        self.labels = [part[1:-1].rstrip("+") for part in operation.path_template.split("/") if part[:1] == "{"]
        self.literals = {name: value for name, value in operation.literals.items() if name not in IGNORED_LITERALS}
        self.query_names = frozenset(queries.values())
        self.header_names = frozenset(headers.values())
        self.required_queries = frozenset(queries[name] for name in required & queries.keys())
        self.required_headers = frozenset(headers[name] for name in required & headers.keys())

    def matches(self, query: Mapping[str, str]) -> bool:
        return all(name in query and value in (None, query[name]) for name, value in self.literals.items())

    def claims(self, named: frozenset[str]) -> int:
        """How many of the telling query names are this operation's."""
        return sum(1 for name in named if name in self.literals or name in self.query_names)


class _Leaf:
    """The operations of one method and path."""

    def __init__(self) -> None:
        self.candidates: list[_Candidate] = []
        self.telling_queries: frozenset[str] = frozenset()
        self.telling_headers: frozenset[str] = frozenset()

    def add(self, candidate: _Candidate) -> None:
        self.candidates.append(candidate)
        if len(self.candidates) > 1:
            everyones = frozenset.intersection(*(each.required_headers for each in self.candidates))
            anyones = frozenset[str]().union(*(each.required_headers for each in self.candidates))
            self.telling_headers = anyones - everyones
        self.telling_queries = self.telling_queries | candidate.literals.keys() | candidate.required_queries


class _Node:
    """One step of the path tree."""

    __slots__ = ("greedy", "label", "leaf", "literal")

    def __init__(self) -> None:
        self.literal: dict[str, _Node] = {}
        self.label: _Node | None = None
        self.greedy: _Node | None = None
        self.leaf: _Leaf | None = None


class RestRouter:
    """The path trees of a REST service, one for each method."""

    def __init__(self, model: ServiceModel) -> None:
        self._model = model
        self._protocol = next(name for name in model.protocols if name.startswith("rest-"))
        self._roots: dict[str, _Node] = {}
        self._literals: set[str] = set()
        for operation in model.operations.values():
            self._add(operation)

    def _add(self, operation: OperationModel) -> None:
        node = self._roots.setdefault(operation.method, _Node())
        for part in _parts(operation.path_template):
            if part[:1] != "{":
                node = node.literal.setdefault(part, _Node())
            elif part.endswith("+}"):
                node.greedy = node = node.greedy or _Node()
            else:
                node.label = node = node.label or _Node()
        if node.leaf is None:
            node.leaf = _Leaf()
        candidate = _Candidate(operation)
        node.leaf.add(candidate)
        self._literals.update(candidate.literals)

    def route(self, request: Request) -> Routed:
        query = _first_values(request.query)
        leaf, raw_labels = self._leaf(request)
        candidate = self._choose(leaf, query, request.headers)
        if self._is_astray(candidate, query):
            raise self._unknown(request)
        try:
            labels = {name: unquote(text) for name, text in zip(candidate.labels, raw_labels, strict=True)}
        except BadValue as error:
            raise AWSError("InvalidURI", "Couldn't parse the specified URI.", 400) from error
        return Routed(candidate.operation, self._protocol, labels)

    def _leaf(self, request: Request) -> tuple[_Leaf, list[str]]:
        root = self._roots.get(request.method)
        if root is not None:
            for found in _walk(root, request.path[1:].split("/"), 0):
                return found
        raise self._unknown(request)

    @staticmethod
    def _choose(leaf: _Leaf, query: Mapping[str, str], headers: Mapping[str, str]) -> _Candidate:
        """The operation that answers for most of what the request names, and misses least of what it requires."""
        if len(leaf.candidates) == 1:
            return leaf.candidates[0]
        named = leaf.telling_queries & query.keys()
        sent = leaf.telling_headers & headers.keys()

        def fitness(candidate: _Candidate) -> tuple[int, int, int, bool]:
            missing = len(candidate.required_queries - named) + len(
                candidate.required_headers & leaf.telling_headers - sent
            )
            is_current = not candidate.operation.traits.get("deprecated")
            return candidate.claims(named), len(candidate.header_names & sent), -missing, is_current

        fitting = [candidate for candidate in leaf.candidates if candidate.matches(query)]
        return max(fitting or leaf.candidates, key=fitness)

    def _is_astray(self, candidate: _Candidate, query: Mapping[str, str]) -> bool:
        """Does the request lack the operation's own literals, or name those of another operation?"""
        if not candidate.matches(query):
            return True
        strangers = self._literals & query.keys()
        return any(name not in candidate.literals and name not in candidate.query_names for name in strangers)

    def _unknown(self, request: Request) -> AWSError:
        if self._model.service_id == "s3":
            return AWSError(
                "MethodNotAllowed",
                "The specified method is not allowed against this resource.",
                405,
                Method=request.method,
                ResourceType="BUCKET" if request.path.count("/") < 2 else "OBJECT",
            )
        return AWSError("UnknownOperationException", f"Unknown operation: {request.method} {request.path}", 404)


def _parts(path: str) -> list[str]:
    """The steps of a template; a slash at its end says nothing."""
    return path.strip("/").split("/") if path.strip("/") else []


def _walk(node: _Node, parts: list[str], at: int) -> Iterator[tuple[_Leaf, list[str]]]:
    """The leaves that a path leads to with the raw texts of its labels: literal steps before labels before greedy ones."""
    if at == len(parts) or (at == len(parts) - 1 and not parts[at]):
        if node.leaf is not None:
            yield node.leaf, []
        return
    part = parts[at]
    child = node.literal.get(part)
    if child is not None:
        yield from _walk(child, parts, at + 1)
    if node.label is not None and part:
        for leaf, labels in _walk(node.label, parts, at + 1):
            yield leaf, [part, *labels]
    if node.greedy is not None:
        for end in _greedy_ends(node.greedy, len(parts), at):
            for leaf, labels in _walk(node.greedy, parts, end):
                yield leaf, ["/".join(parts[at:end]), *labels]


def _greedy_ends(node: _Node, length: int, at: int) -> range:
    """Where a greedy label may end: first where more steps of a template may follow, then at the path's end."""
    has_more = bool(node.literal or node.label)
    return range(at + 1 if has_more else length, length + 1)


def _first_values(query: str) -> dict[str, str]:
    if not query:
        return {}
    values: dict[str, str] = {}
    try:
        for name, value in fields(query):
            values.setdefault(name, value)
    except BadValue as error:
        raise AWSError("InvalidURI", "Couldn't parse the specified URI.", 400) from error
    return values
