"""Work ends, also when a cancellation is lost on it."""

import asyncio
import contextlib

from fogbank.kernel.ending import end


async def stubborn(times):
    """Overhears that it is cancelled so many times."""
    for _ in range(times):
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
    await asyncio.sleep(60)


def ended(times):
    async def work():
        task = asyncio.create_task(stubborn(times))
        await asyncio.sleep(0)
        await end([task], seconds=0.01)
        return task.done()

    return asyncio.run(work())


def test_work_that_overhears_a_cancellation_is_told_again():
    assert ended(times=0) and ended(times=1)


def test_work_that_never_ends_is_left_and_told_of(caplog):
    assert not ended(times=3)
    assert "does not end" in caplog.text
