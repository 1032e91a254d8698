"""Segments that are gathered before they are kept."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

from fogbank.kernel.tracing import Gatherer


class App:
    """Keeps segments slowly."""

    def __init__(self):
        self.kept = []
        self.is_keeping = asyncio.Event()
        self.services = {"xray": SimpleNamespace(provided={"segments": self.keep})}

    def system_context(self, service, account, region):
        return SimpleNamespace(transact=lambda work, *args: work(*args))

    async def keep(self, scope, documents):
        self.is_keeping.set()
        await asyncio.sleep(0)
        self.kept += documents


def test_what_is_being_kept_when_the_server_stops_is_not_lost():
    async def work():
        app = App()
        gatherer = Gatherer(app)
        gatherer.add("1", "us-east-1", [{"id": "a"}])
        await app.is_keeping.wait()
        await gatherer.close()
        return app.kept

    assert asyncio.run(asyncio.wait_for(work(), 5)) == [{"id": "a"}]


def test_what_an_account_sent_is_forgotten_with_it():
    async def work():
        app = App()
        gatherer = Gatherer(app)
        gatherer.add("1", "us-east-1", [{"id": "a"}])
        gatherer.add("2", "us-east-1", [{"id": "b"}])
        await gatherer.forget("1")
        await gatherer.close()
        return app.kept

    assert asyncio.run(asyncio.wait_for(work(), 5)) == [{"id": "b"}]
