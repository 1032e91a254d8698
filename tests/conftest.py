"""The fixtures of all tests are those that users get: see fogbank/testing/plugin.py. They come with the installed package.

`pytest --store postgres` runs the same tests on a PostgreSQL store, but for those that use no server. `--cases first` takes one case of
each test that has several: what differs between stores does not differ between cases. Tests of all of AWS's models (their cases are called
`service_id`) take those of the services that are here, and every eighth of the others; `--models all` takes all.
"""

from __future__ import annotations

import os
from zlib import crc32

import pytest
from hypothesis import HealthCheck, settings

from fogbank.kernel.registry import Registry

# The first draw of a process takes seconds, as Hypothesis reads the constants of all modules then; and CI may be slow at any time.
settings.register_profile("fogbank", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("fogbank")


def pytest_addoption(parser):
    parser.addoption(
        "--store", choices=("sqlite", "postgres"), default="sqlite", help="where the test server keeps its state"
    )
    parser.addoption(
        "--cases", choices=("all", "first"), default="all", help="which cases of a parametrised test to run"
    )
    parser.addoption(
        "--models", choices=("some", "all"), default="some", help="which of AWS's models tests of all of them take"
    )


def pytest_collection_modifyitems(config, items):
    wanted = items
    if config.getoption("--store") == "postgres":
        wanted = [item for item in wanted if "fogbank_settings" in item.fixturenames]
    if config.getoption("--cases") == "first":
        first = {}
        for item in wanted:
            first.setdefault(item.nodeid.partition("[")[0], item)
        wanted = list(first.values())
    if config.getoption("--models") == "some":
        here = set(Registry().names)
        wanted = [item for item in wanted if _is_wanted(item, here)]
    if len(wanted) < len(items):
        kept = set(wanted)
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = wanted


def _is_wanted(item, here):
    service_id = item.callspec.params.get("service_id") if hasattr(item, "callspec") else None
    return service_id is None or service_id in here or crc32(service_id.encode()) % 8 == 0


@pytest.fixture(scope="session")
def fogbank_settings(request, tmp_path_factory):
    settings = {"lambda_install": "asked"}  # nothing is fetched behind a test's back
    if request.config.getoption("--store") == "sqlite":
        return settings
    from tests.postgres import new_database

    return {**settings, "store": new_database(), "data_dir": str(tmp_path_factory.mktemp("data"))}


@pytest.fixture(autouse=True, scope="session")
def _no_settings_from_outside() -> None:
    """Keep the developer's own Fogbank and AWS settings out of every test."""
    for name in [name for name in os.environ if name.startswith(("FOGBANK_", "AWS_"))]:
        del os.environ[name]
