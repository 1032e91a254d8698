"""pytest fixtures: `fogbank_server`, `aws`, `clock`. See the user guide, section "In tests".

Loaded in every test run of every project that has Fogbank installed: it imports nothing heavy until a fixture is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fogbank.testing.clients import Clients
    from fogbank.testing.clock import ServerClock
    from fogbank.testing.in_process import InProcessServer


@pytest.fixture(scope="session")
def fogbank_settings() -> dict[str, Any]:
    """Override to choose settings of the test server, for example `{"iam": "off"}`."""
    return {}


@pytest.fixture(scope="session")
def fogbank_server(fogbank_settings: dict[str, Any]) -> Iterator[InProcessServer]:
    """A server in this process for the whole test run; it keeps no state. `fogbank_server.endpoint` is its URL."""
    from fogbank.testing.in_process import server

    with server(**fogbank_settings) as running:
        yield running


@pytest.fixture
def aws(fogbank_server: InProcessServer) -> Iterator[Clients]:
    """Makes boto3 clients in an account of the test's own: `aws("s3")`. The account's id is `aws.account`.

    What the account has is forgotten after the test, and what others have that clients were made in (`aws("sqs", account=...)`),
    so that no schedule of theirs keeps the clock of later tests busy.
    """
    from fogbank.testing.clients import Clients

    clients = Clients(fogbank_server.endpoint)
    yield clients
    clients.close()
    for account in clients.accounts:
        fogbank_server.reset(account)


@pytest.fixture
def clock(fogbank_server: InProcessServer) -> Iterator[ServerClock]:
    """The server's virtual clock: `clock.advance(hours=1)`. It is back at the real time after the test."""
    from fogbank.testing.clock import ServerClock

    moved = ServerClock(fogbank_server)
    yield moved
    moved.reset()
