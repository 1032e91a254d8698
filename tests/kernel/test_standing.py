"""Standing work goes on for as long as its row is there, also after a restart, and begins again when it fails."""

import asyncio

import pytest

from fogbank.app import App
from fogbank.config import Settings
from fogbank.kernel import Service
from fogbank.kernel import standing as standing_module

service = Service("testing")
log = []


@service.standing
async def follow(ctx, about):
    log.append(("begun", about, ctx.account, ctx.region))
    try:
        with ctx.watch("things", about) as watch:
            while await watch.wait(timeout=60):
                log.append(("seen", about))
    finally:
        log.append(("ended", about))


@service.standing
async def fail(ctx, about):
    log.append(("failed", about))
    raise ValueError("always")


def run(work, data_dir=None):
    async def main():
        app = App(Settings(ephemeral=data_dir is None, data_dir=str(data_dir or ""), port=0))
        app.services._loaded["testing"] = service
        await app.open()
        try:
            return await work(app)
        finally:
            await app.close()

    return asyncio.run(main())


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    log.clear()
    monkeypatch.setattr(standing_module, "_PAUSE", 0.01)


def context(app):
    return app.system_context("testing", "111111111111", "eu-west-1")


async def until(entry):
    async with asyncio.timeout(10):
        while entry not in log:
            await asyncio.sleep(0.005)


def test_it_begins_with_its_row_sees_what_it_watches_and_ends_with_its_row():
    async def work(app):
        ctx = context(app)
        await ctx.transact(lambda: ctx.stand("follow", "a"))
        await until(("begun", "a", "111111111111", "eu-west-1"))

        async def say():
            ctx.notify("things", "a")

        await ctx.transact(say)
        await until(("seen", "a"))
        await ctx.transact(lambda: ctx.sit("follow", "a"))
        await until(("ended", "a"))

    run(work)
    assert [entry[0] for entry in log] == ["begun", "seen", "ended"]


def test_it_goes_on_after_a_restart(tmp_path):
    async def begin(app):
        ctx = context(app)
        await ctx.transact(lambda: ctx.stand("follow", "a"))
        await until(("begun", "a", "111111111111", "eu-west-1"))

    run(begin, tmp_path)
    assert log.pop() == ("ended", "a")
    log.clear()

    async def look(app):
        await until(("begun", "a", "111111111111", "eu-west-1"))

    run(look, tmp_path)


def test_a_transaction_that_fails_begins_nothing():
    async def work(app):
        ctx = context(app)

        async def fails():
            await ctx.stand("follow", "a")
            raise ValueError

        with pytest.raises(ValueError):
            await ctx.transact(fails)
        await ctx.transact(lambda: ctx.stand("follow", "b"))
        await until(("begun", "b", "111111111111", "eu-west-1"))

    run(work)
    assert ("begun", "a", "111111111111", "eu-west-1") not in log


def test_what_fails_begins_again():
    async def work(app):
        ctx = context(app)
        await ctx.transact(lambda: ctx.stand("fail", "a"))
        async with asyncio.timeout(10):
            while log.count(("failed", "a")) < 3:
                await asyncio.sleep(0.005)

    run(work)


def test_what_is_not_declared_is_refused():
    async def work(app):
        ctx = context(app)
        with pytest.raises(ValueError, match="declares no standing work other"):
            await ctx.transact(lambda: ctx.stand("other", "a"))

    run(work)


def test_a_context_that_outlives_its_transaction_begins_another():
    async def work(app):
        ctx = context(app)

        async def inner():
            return ctx.at(region="us-east-1")

        other = await ctx.transact(inner)

        async def put():
            await other.stand("follow", "a")

        await other.transact(put)
        await until(("begun", "a", "111111111111", "us-east-1"))

    run(work)


def test_it_ends_with_its_account():
    async def work(app):
        ctx = context(app)
        await ctx.transact(lambda: ctx.stand("follow", "a"))
        await until(("begun", "a", "111111111111", "eu-west-1"))
        await app.reset("111111111111")
        await until(("ended", "a"))

    run(work)
