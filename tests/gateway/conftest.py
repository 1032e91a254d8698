"""Fixtures for the tests of the HTTP front, which run it alone, with an application of their own."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fogbank.gateway.front import Limits
from tests.gateway.front_harness import STEADY, Edge, Wire, running

LOOPS = ["asyncio", "uvloop"] if importlib.util.find_spec("uvloop") else ["asyncio"]
StartEdge = Callable[..., Edge]


@pytest.fixture(params=LOOPS)
def new_loop(request: pytest.FixtureRequest) -> Callable[[], asyncio.AbstractEventLoop]:
    if request.param == "asyncio":
        return asyncio.new_event_loop
    import uvloop

    return uvloop.new_event_loop


@pytest.fixture
def start_edge(new_loop: Callable[[], asyncio.AbstractEventLoop]) -> Iterator[StartEdge]:
    """Starts a front with limits of the test's choice."""
    from contextlib import ExitStack

    with ExitStack() as stack:

        def start(limits: Limits = STEADY, tls: Path | None = None) -> Edge:
            return stack.enter_context(running(new_loop, limits, tls))

        yield start


@pytest.fixture
def limits() -> Limits:
    return STEADY


@pytest.fixture
def edge(start_edge: StartEdge, limits: Limits) -> Edge:
    return start_edge(limits)


@pytest.fixture
def wire(edge: Edge) -> Wire:
    return edge.connect()
