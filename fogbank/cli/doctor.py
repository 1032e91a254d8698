"""`fogbank doctor`: is everything in a data directory as it was written? No server may use it meanwhile."""

from __future__ import annotations

import asyncio
import os
from argparse import Namespace

from fogbank.app import App
from fogbank.cli.errors import CommandError, Exit
from fogbank.cli.messages import already_running
from fogbank.config import Settings, chosen_options
from fogbank.storage.base import NewerFormat, StoreError
from fogbank.storage.datadir import DirectoryBusy


def doctor(command: Namespace) -> None:
    """Print a line for each problem. Raises CommandError when there are any, or when nothing can be opened."""
    settings = Settings(**chosen_options(command.flags))
    if not settings.store and not os.path.exists(os.path.join(settings.data_dir, "state.db")):
        raise CommandError(Exit.DIRECTORY_UNUSABLE, f"there is no state in {settings.data_dir}")
    try:
        app = App(settings)
        asyncio.run(_examine(app, command.repair))
    except DirectoryBusy:
        raise already_running(settings.data_dir) from None
    except NewerFormat as error:
        raise CommandError(Exit.NEWER_FORMAT, str(error)) from None
    except StoreError as error:
        raise CommandError(Exit.DIRECTORY_UNUSABLE, str(error)) from None


async def _examine(app: App, repair: bool) -> None:
    from fogbank.storage.doctor import Doctor

    try:
        await app.store.open()
        found = Doctor(app.blobs, app.services, print)
        await found.examine(app.store)
        problems = found.problems
        if repair and found.orphans and app.blobs.remove(found.orphans):
            print(f"Removed {_count(len(found.orphans), 'orphan')}")
            problems -= len(found.orphans)
    finally:
        app.blobs.close()
        await app.store.close()
        app.directory.close()
    if found.leftovers:
        print(f"{_count(found.leftovers, 'blob')} that nothing keeps: the next start removes them")
    if problems:
        raise CommandError(Exit.FAILED, _count(problems, "problem"))
    print(f"No problems: {_count(found.rows, 'record')}, {_count(found.blobs, 'blob')} of {found.bytes:,} bytes")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
