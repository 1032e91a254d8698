"""The tests here load every model there is. Those of one service come one after the other, and nothing of it is kept when they are over."""

from __future__ import annotations

from pathlib import Path

import pytest

from fogbank.protocols import patterns
from fogbank.protocols.codec import _toolbox, codec
from fogbank.protocols.model import load
from tests.protocols import regexes, wire_samples

HERE = Path(__file__).parent
KEPT = (
    load,
    codec,
    _toolbox,
    regexes._parsed,
    patterns.matcher,
    patterns.is_quick,
    patterns.translated,
    wire_samples.boto_model,
)
_last: list[str] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = [place for place, item in enumerate(items) if HERE in item.path.parents and service_of(item)]
    for place, item in zip(places, sorted((items[place] for place in places), key=service_of), strict=True):
        items[place] = item


def service_of(item: pytest.Item) -> str:
    """The service whose model the test is about, if it is about one."""
    return str(item.callspec.params.get("service_id", "")) if hasattr(item, "callspec") else ""


@pytest.fixture(autouse=True)
def forget_models(request: pytest.FixtureRequest) -> None:
    service = service_of(request.node)
    if not service or _last != [service]:
        for cached in KEPT:
            cached.cache_clear()
    _last[:] = [service]
