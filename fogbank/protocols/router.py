"""Which operation of a service a request calls, and in which protocol.

JSON is told by X-Amz-Target, CBOR by its path, query by `Action`, REST by method, path and query: the operation is chosen
among those of one path by the query literals in its template and by the query and header members it requires. A request
that names a literal of another operation never falls back on the one without (`PUT /bucket?inventory` creates no bucket).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from fogbank.http import Request
from fogbank.kernel.errors import AWSError
from fogbank.protocols import compression, legacy, s3
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
    protocol = model.protocols[0] if len(model.protocols) == 1 else detect(model, request)
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
        known = {
            f"{prefix}.{name}": Routed(model.operations[name], "json")
            for name in names
            for prefix in model.target_prefixes
        }
        model.routes["targets"] = known
    return known


def _rest_router(model: ServiceModel) -> RestRouter:
    router = model.routes.get("rest")
    if router is None:
        router = model.routes["rest"] = RestRouter(model)
    return router


def _action(request: Request) -> str | None:
    """The `Action` of a query or form; empty when it cannot be read."""
    match: re.Match[Any] | None = _QUERY_ACTION.search(request.query)
    try:
        if match is not None:
            return unquote_plus(match.group(1))
        form = compression.body(request) if _is_form(request) else request.payload.data or b""
        match = _FORM_ACTION.search(form)
        return unquote_plus(match.group(1).decode("latin-1")) if match is not None else None
    except BadValue:
        return ""


def _is_form(request: Request) -> bool:
    return "form-urlencoded" in request.headers.get("content-type", "")


def _by_action(model: ServiceModel, request: Request) -> OperationModel:
    action = _action(request)
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
        """Does the query have all of this operation's literals?"""
        return all(name in query and value in (None, query[name]) for name, value in self.literals.items())

    def owns(self, name: str) -> bool:
        return name in self.literals or name in self.query_names


class _Leaf:
    """The operations of one method and path."""

    def __init__(self) -> None:
        self.candidates: list[_Candidate] = []
        self._telling_queries: frozenset[str] = frozenset()
        self._telling_headers: frozenset[str] = frozenset()
        self._plain: _Candidate | None = None

    def add(self, candidate: _Candidate) -> None:
        self.candidates.append(candidate)
        everyones = frozenset.intersection(*(each.required_headers for each in self.candidates))
        anyones = frozenset[str]().union(*(each.required_headers for each in self.candidates))
        self._telling_headers = anyones - everyones
        self._telling_queries = self._telling_queries | candidate.literals.keys() | candidate.required_queries

    def choose(self, query: Mapping[str, str], headers: Mapping[str, str]) -> _Candidate:
        """The operation that answers for most of what the request names, and misses least of what it requires."""
        if len(self.candidates) == 1:
            return self.candidates[0]
        named = self._telling_queries & query.keys()
        sent = self._telling_headers & headers.keys()
        if named or sent:
            return self._fittest(query, named, sent)
        if self._plain is None:
            self._plain = self._fittest({}, named, sent)
        return self._plain

    def _fittest(self, query: Mapping[str, str], named: frozenset[str], sent: frozenset[str]) -> _Candidate:
        def fitness(candidate: _Candidate) -> tuple[int, int, int, bool]:
            missing = candidate.required_queries - named | (candidate.required_headers & self._telling_headers) - sent
            is_current = not candidate.operation.traits.get("deprecated")
            return sum(map(candidate.owns, named)), len(candidate.header_names & sent), -len(missing), is_current

        fitting = [candidate for candidate in self.candidates if candidate.matches(query)]
        return max(fitting or self.candidates, key=fitness)


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
            self._add(operation, operation.path_template)
        for name, path in legacy.former_paths(model.service_id).items():
            self._add(model.operations[name], path)

    def _add(self, operation: OperationModel, path: str) -> None:
        node = self._roots.setdefault(operation.method, _Node())
        for part in _parts(path):
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
        root = self._roots.get(request.method)
        found = _find(root, request.path[1:].split("/"), 0) if root is not None else None
        if found is None:
            raise self._unknown(request)
        leaf, texts = found
        try:
            query = _first_values(request.query) if request.query else NO_LABELS
            candidate = leaf.choose(query, request.headers)
            if (query or candidate.literals) and self._is_astray(candidate, query):
                raise self._unknown(request)
            labels = dict(zip(candidate.labels, map(unquote, reversed(texts)), strict=True))
        except BadValue as error:
            raise AWSError("InvalidURI", "Couldn't parse the specified URI.", 400) from error
        return Routed(candidate.operation, self._protocol, labels)

    def _is_astray(self, candidate: _Candidate, query: Mapping[str, str]) -> bool:
        """Does the request lack the operation's own literals, or name those of another operation?"""
        if not candidate.matches(query):
            return True
        return any(name in self._literals and not candidate.owns(name) for name in query)

    def _unknown(self, request: Request) -> AWSError:
        if self._model.service_id == "s3":
            return s3.method_not_allowed(request.method, is_bucket=request.path.count("/") < 2)
        return AWSError("UnknownOperationException", f"Unknown operation: {request.method} {request.path}", 404)


def _parts(path: str) -> list[str]:
    """The steps of a template; a slash at its end says nothing."""
    return path.strip("/").split("/") if path.strip("/") else []


def _find(node: _Node, parts: list[str], at: int) -> tuple[_Leaf, list[str]] | None:
    """The leaf that a path leads to, and the raw texts of its labels, last one first: literal steps win over labels, and labels
    over greedy ones. A slash at the path's end says nothing, except within a greedy label."""
    rest = len(parts) - at
    if not rest or (rest == 1 and not parts[at]):
        return (node.leaf, []) if node.leaf is not None else None
    part = parts[at]
    child = node.literal.get(part)
    found = _find(child, parts, at + 1) if child is not None else None
    if found is None and node.label is not None and part:
        found = _find(node.label, parts, at + 1)
        if found is not None:
            found[1].append(part)
    if found is None and node.greedy is not None:
        found = _find_greedy(node.greedy, parts, at)
    return found


def _find_greedy(node: _Node, parts: list[str], at: int) -> tuple[_Leaf, list[str]] | None:
    """A greedy label ends where more steps of a template follow, else at the path's end."""
    has_more = bool(node.literal or node.label)
    for end in range(at + 1 if has_more else len(parts), len(parts) + 1):
        found = _find(node, parts, end)
        if found is not None:
            found[1].append("/".join(parts[at:end]))
            return found
    return None


def _first_values(query: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in fields(query):
        values.setdefault(name, value)
    return values
