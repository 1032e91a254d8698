"""Who is woken by a notification: everybody, or, where they compete, one after the other."""

from __future__ import annotations

import asyncio

from fogbank.app import App
from fogbank.config import Settings

TOPIC = ("queue", "q")


class Room:
    """Watchers of one topic. `looked` has the names of those who were woken, in order."""

    def __init__(self, app):
        self.ctx = app.system_context()
        self.looked = []
        self.tasks = {}

    async def enter(self, name, competes=True, leaves=False):
        async def watch():
            with self.ctx.watch(*TOPIC, competes=competes) as watch:
                while await watch.wait(timeout=60):
                    self.looked.append(name)
                    if leaves:
                        return

        self.tasks[name] = asyncio.create_task(watch())
        await settle()

    async def notify(self, times=1):
        async def work():
            for _ in range(times):
                self.ctx.notify(*TOPIC)

        await self.ctx.transact(work)
        await settle()

    async def close(self):
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)


async def settle():
    for _ in range(10):
        await asyncio.sleep(0)


def looked(scenario):
    """Who looked, and in which order."""

    async def main():
        app = App(Settings(port=0, ephemeral=True))
        await app.open()
        room = Room(app)
        try:
            await scenario(room)
            return list(room.looked)
        finally:
            await room.close()
            await app.close()

    return asyncio.run(main())


def test_all_watchers_look_where_they_do_not_compete():
    async def scenario(room):
        for name in "abc":
            await room.enter(name, competes=False)
        await room.notify()

    assert sorted(looked(scenario)) == ["a", "b", "c"]


def test_of_those_who_compete_only_the_first_one_looks():
    async def scenario(room):
        for name in "abc":
            await room.enter(name)
        await room.notify()

    assert looked(scenario) == ["a"]


def test_each_of_several_notifications_wakes_another_one():
    async def scenario(room):
        for name in "abc":
            await room.enter(name)
        await room.notify(times=2)

    assert looked(scenario) == ["a", "b"]


def test_who_leaves_has_the_next_one_look():
    async def scenario(room):
        await room.enter("a", leaves=True)
        for name in "bc":
            await room.enter(name)
        await room.notify()

    assert looked(scenario) == ["a", "b"]


def test_who_is_cancelled_when_just_woken_has_the_next_one_look():
    async def scenario(room):
        for name in "ab":
            await room.enter(name)

        async def work():
            room.ctx.notify(*TOPIC)
            room.ctx.after_commit(room.tasks["a"].cancel)

        await room.ctx.transact(work)
        await settle()

    assert looked(scenario) == ["b"]


def test_everybody_looks_when_the_clock_is_moved():
    async def scenario(room):
        for name in "abc":
            await room.enter(name)
        await room.ctx.app.advance(1)
        await settle()

    assert sorted(set(looked(scenario))) == ["a", "b", "c"]
