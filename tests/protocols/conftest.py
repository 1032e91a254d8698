"""The tests here load every model there is; nothing of a service is kept when its test is over."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fogbank.protocols import patterns
from fogbank.protocols.codec import _toolbox, codec
from fogbank.protocols.model import load
from tests.protocols import regexes


@pytest.fixture(autouse=True)
def forget_models() -> Iterator[None]:
    yield
    for cached in (load, codec, _toolbox, regexes._parsed, patterns.matcher, patterns.is_quick, patterns.translated):
        cached.cache_clear()
