"""The process that starts programs for the server."""

import asyncio
import os
import resource
import sys

import pytest

from fogbank.engines.warden import CannotStart, Warden

MOST_OF_SELECT = 1024


@pytest.fixture
def many_descriptors():
    """As many files are open as a busy server has connections."""
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most <= MOST_OF_SELECT + 100:
        pytest.skip(f"this machine allows {most} descriptors")
    opened = []
    while not opened or opened[-1] <= MOST_OF_SELECT:
        opened.append(os.open(os.devnull, os.O_RDONLY))
    yield
    for each in opened:
        os.close(each)


async def status_of(warden, *argv):
    with open(os.devnull, "w") as nothing:
        child = await warden.start([*argv], {}, "/", (nothing.fileno(),) * 3)
    return await asyncio.wait_for(child.exited, 30)


def test_a_server_with_many_descriptors_can_start_programs(many_descriptors):
    async def work():
        warden = Warden(sys.executable, {})
        try:
            return await status_of(warden, sys.executable, "-c", "raise SystemExit(7)")
        finally:
            await warden.close()

    assert asyncio.run(work()) == 7


def test_a_warden_that_is_gone_starts_nothing():
    async def work():
        warden = Warden(sys.executable, {})
        await warden.close()
        await status_of(warden, "true")

    with pytest.raises(CannotStart, match="the warden is gone"):
        asyncio.run(work())


def test_descriptors_of_many_starts_at_once_are_not_mixed_up():
    async def written(warden, text):
        reading, writing = os.pipe()
        child = await warden.start(["echo", text], dict(os.environ), "/", (writing,) * 3)
        os.close(writing)
        await asyncio.wait_for(child.exited, 30)
        with open(reading) as file:
            return file.read()

    async def work():
        warden = Warden(sys.executable, {})
        try:
            return await asyncio.gather(*(written(warden, str(number)) for number in range(30)))
        finally:
            await warden.close()

    assert asyncio.run(work()) == [f"{number}\n" for number in range(30)]


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="Linux has it")
def test_a_warden_that_may_not_open_more_files_says_so():
    async def work():
        warden = Warden(sys.executable, {})
        resource.prlimit(warden._process.pid, resource.RLIMIT_NOFILE, (6, 6))
        try:
            await status_of(warden, "true")
        finally:
            await warden.close()

    with pytest.raises(CannotStart, match="too many open files"):
        asyncio.run(work())
