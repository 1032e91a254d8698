"""Tasks run when they are due on the virtual clock, in order, once, and are retried when they fail."""

import asyncio
from itertools import pairwise

import pytest

from fogbank.app import App
from fogbank.config import Settings
from fogbank.kernel import Service
from fogbank.kernel.tasks import MAX_ATTEMPTS

log = []
service = Service("testing")


@service.task
async def note(ctx, payload):
    log.append((payload["what"], round(ctx.now())))


@service.task
async def repeat(ctx, payload):
    log.append(("repeat", round(ctx.now())))
    await ctx.schedule("repeat", payload, delay=payload["every"], key="repeat")


@service.task
async def wait_until(ctx, payload):
    log.append(("waited", ctx.now()))
    left = payload["moment"] - ctx.now()
    if left > 0 and len(log) < 5:
        await ctx.schedule("wait_until", payload, delay=left)


@service.task
async def fail(ctx, payload):
    log.append(("fail", round(ctx.now())))
    raise ValueError("always")


@service.task(transaction=False)
async def slow(ctx, payload):
    await asyncio.sleep(0.01)
    log.append(("slow", round(ctx.now())))


def run(work, data_dir=None):
    """Run `work(app)` with an app whose services are the one above."""

    async def main():
        app = App(Settings(ephemeral=data_dir is None, data_dir=str(data_dir or ""), port=0))
        app.services._loaded["testing"] = service
        await app.open()
        try:
            return await work(app)
        finally:
            await app.close()

    return asyncio.run(main())


async def schedule(app, name, payload=None, **when):
    ctx = app.system_context("testing", "111111111111", "eu-west-1")
    await ctx.transact(lambda: ctx.schedule(name, payload or {}, **when))


@pytest.fixture(autouse=True)
def empty_log():
    log.clear()


def test_advancing_the_clock_runs_what_becomes_due_in_order_and_each_at_its_time():
    async def work(app):
        start = app.clock.now()
        await schedule(app, "note", {"what": "later"}, delay=7200)
        await schedule(app, "note", {"what": "sooner"}, delay=60)
        await schedule(app, "note", {"what": "not yet"}, delay=90000)
        await app.advance(86400)
        return start

    start = run(work)
    assert [what for what, _ in log] == ["sooner", "later"]
    assert [moment - start for _, moment in log] == pytest.approx([60, 7200], abs=2)


def test_a_task_that_schedules_itself_repeats_as_often_as_the_time_allows():
    async def work(app):
        await schedule(app, "repeat", {"every": 3600}, delay=3600, key="repeat")
        await app.advance(86400)

    run(work)
    assert len(log) == 24


@pytest.mark.parametrize("fraction", [0.1234567, 0.1234564, 0.9999999, 0.5, 0.3333335])
def test_a_task_runs_when_its_time_has_come_and_not_a_part_of_a_microsecond_before(fraction):
    async def work(app):
        moment = int(app.clock.now()) + 60 + fraction
        await schedule(app, "wait_until", {"moment": moment}, at=moment)
        await app.advance(120)
        return moment

    moment = run(work)
    ((_, ran),) = log
    assert 0 <= ran - moment < 3e-6


def test_scheduling_again_under_a_key_moves_the_pending_task():
    async def work(app):
        await schedule(app, "note", {"what": "first"}, delay=60, key="only")
        await schedule(app, "note", {"what": "second"}, delay=600, key="only")
        await app.advance(3600)
        return await app.tasks.list_pending()

    assert run(work) == []
    assert [what for what, _ in log] == ["second"]


def test_a_withdrawn_task_does_not_run():
    async def work(app):
        await schedule(app, "note", {"what": "never"}, delay=60, key="only")
        ctx = app.system_context("testing", "111111111111", "eu-west-1")
        await ctx.transact(lambda: ctx.unschedule("note", "only"))
        await app.advance(3600)

    run(work)
    assert log == []


def test_a_failing_task_is_retried_with_growing_pauses_and_is_dead_after_the_last_attempt():
    async def work(app):
        await schedule(app, "fail", delay=1)
        await app.advance(7 * 86400)
        return await app.tasks.list_pending(), await app.tasks.list_dead()

    pending, dead = run(work)
    pauses = [later - sooner for (_, sooner), (_, later) in pairwise(log)]
    assert len(log) == MAX_ATTEMPTS
    assert pauses == sorted(pauses) and pauses[0] == 2
    assert pending == []
    assert [(task.name, task.attempts, task.error) for task in dead] == [("fail", 10, "ValueError('always')")]


def test_a_slow_task_is_finished_before_the_clock_goes_on():
    async def work(app):
        start = app.clock.now()
        await schedule(app, "slow", delay=60)
        await schedule(app, "note", {"what": "after"}, delay=61)
        await app.advance(3600)
        return start

    start = run(work)
    assert [what for what, _ in log] == ["slow", "after"]
    assert log[0][1] - start == pytest.approx(60, abs=2)


def test_tasks_and_the_clock_outlive_a_restart(tmp_path):
    async def first(app):
        await app.advance(86400)
        await schedule(app, "note", {"what": "kept"}, delay=3600)
        return app.clock.now()

    async def second(app):
        now = app.clock.now()
        await app.advance(3600)
        return now

    before = run(first, tmp_path)
    after = run(second, tmp_path)
    assert after == pytest.approx(before, abs=30)
    assert [what for what, _ in log] == ["kept"]


def test_a_task_of_an_unknown_kind_is_refused_when_it_is_scheduled():
    async def work(app):
        with pytest.raises(ValueError, match="declares no task nothing"):
            await schedule(app, "nothing")

    run(work)
