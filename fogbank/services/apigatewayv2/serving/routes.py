"""Which route a request takes: full matches, then what takes the rest of a path, then `$default`. Pure.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

Document = dict[str, Any]
_EXACT, _VARIABLE, _GREEDY = 0, 1, 2


def find(routes: list[Document], method: str, path: str) -> tuple[Document, dict[str, str]] | None:
    """The route, and what its variables stand for."""
    best: tuple[tuple[Any, ...], Document, dict[str, str]] | None = None
    default: Document | None = None
    parts = _parts(path)
    for route in routes:
        key = route["RouteKey"]
        if key == "$default":
            default = route
            continue
        verb, _, pattern = key.partition(" ")
        if verb not in ("ANY", method):
            continue
        found = _matched(_parts(pattern), parts)
        if found is not None:
            rank = (*found[0], verb == "ANY")
            if best is None or rank < best[0]:
                best = rank, route, found[1]
    if best is not None:
        return best[1], best[2]
    return None if default is None else (default, {})


def _parts(path: str) -> list[str]:
    return path.strip("/").split("/") if path.strip("/") else []


def _matched(pattern: list[str], parts: list[str]) -> tuple[tuple[Any, ...], dict[str, str]] | None:
    """(how specific, the smaller the better; variables)"""
    params: dict[str, str] = {}
    kinds: list[int] = []
    for at, piece in enumerate(pattern):
        if piece.startswith("{") and piece.endswith("+}"):
            if at >= len(parts):
                return None
            params[piece[1:-2]] = unquote("/".join(parts[at:]))
            return (True, (*kinds, _GREEDY)), params
        if at >= len(parts):
            return None
        if piece.startswith("{") and piece.endswith("}"):
            params[piece[1:-1]] = unquote(parts[at])
            kinds.append(_VARIABLE)
        elif piece == unquote(parts[at]):
            kinds.append(_EXACT)
        else:
            return None
    return ((False, tuple(kinds)), params) if len(parts) == len(pattern) else None
