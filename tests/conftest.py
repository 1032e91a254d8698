"""The fixtures of all tests are those that users get: see fogbank/testing/plugin.py. They come with the installed package."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True, scope="session")
def _no_settings_from_outside() -> None:
    """Keep the developer's own Fogbank and AWS settings out of every test."""
    for name in [name for name in os.environ if name.startswith(("FOGBANK_", "AWS_"))]:
        del os.environ[name]
