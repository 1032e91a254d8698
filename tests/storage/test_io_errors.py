"""Each write and each sync below SQLite fails once: what was acknowledged stays, what was not is not there, and the next commit works."""

import asyncio

import apsw
import pytest

from fogbank.storage.base import StoreError
from fogbank.storage.sqlite import SqliteStore

COMMITS = 8


class FailingVFS(apsw.VFS):
    """The default VFS, until it is closed. The operations numbered in `failing` fail, counted from 0 when `count` is set to that."""

    def __init__(self):
        self.count = 0
        self.failing = range(0)
        super().__init__("failing", "unix", makedefault=True)

    def close(self):
        apsw.set_default_vfs("unix")
        self.unregister()

    def xOpen(self, name, flags):
        return FailingFile(self, name, flags)

    def is_failing(self):
        self.count += 1
        return self.count - 1 in self.failing


class FailingFile(apsw.VFSFile):
    def __init__(self, vfs, name, flags):
        self.vfs = vfs
        super().__init__("unix", name, flags)

    def xWrite(self, data, offset):
        if self.vfs.is_failing():
            super().xWrite(data[: len(data) // 2], offset)
            raise apsw.FullError("no room")
        super().xWrite(data, offset)

    def xSync(self, flags):
        if self.vfs.is_failing():
            raise apsw.IOError("the disk did not take it")

    def xTruncate(self, size):
        if self.vfs.is_failing():
            raise apsw.IOError("the disk did not take it")
        super().xTruncate(size)


@pytest.fixture
def vfs(monkeypatch):
    monkeypatch.setattr("fogbank.storage.sqlite._CHECKPOINT_PAGES", 6)
    vfs = FailingVFS()
    yield vfs
    vfs.close()


async def outcome(store):
    done = asyncio.get_running_loop().create_future()
    store.after_flush(done.set_result)
    return await done


async def write(store):
    """Some commits, one after the other; the rows that there must be, and those that the last refused commit would have made."""
    rows, refused = {}, {}
    for number in range(COMMITS):
        tx = store.begin()
        changes = {b"number": b"%d" % number, b"k%d" % (number % 3): b"%d" % number * 4000}
        for key, value in changes.items():
            tx.put(key, value)
        store.accept(tx)
        error = await outcome(store)
        if error is None:
            rows |= changes
            refused = {}
        else:
            assert isinstance(error, StoreError)
            refused = changes
        assert await everything(store) == rows
    return rows, refused


async def everything(store):
    return dict(await store.begin().scan(b"", b"\xff"))


async def trial(path, durability, vfs, failing):
    store = SqliteStore(path, durability)
    vfs.count, vfs.failing = 0, failing
    rows, refused = await write(store)
    happened = vfs.count > failing.start
    vfs.failing = range(0)
    await store.close()
    store = SqliteStore(path, durability)
    assert store.find_damage() == []
    assert await everything(store) in (rows, rows | refused)
    await store.close()
    return happened


@pytest.mark.parametrize("length", [1, 7])
@pytest.mark.parametrize("durability", ["process", "power"])
def test_a_failing_disk_takes_nothing_that_was_acknowledged(tmp_path, vfs, durability, length):
    for first in range(1000):
        failing = range(first, first + length)
        if not asyncio.run(trial(str(tmp_path / f"{first}.db"), durability, vfs, failing)):
            break
    assert first > COMMITS * 3
