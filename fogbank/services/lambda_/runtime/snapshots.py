"""SnapStart: a version is initialised once, when it is published; its environments go on from there.

Of Python functions the initialised process is kept, and environments are forks of it, which take milliseconds. Of other languages it is
kept as well, but only one environment can go on from it: each further one is initialised when it is needed.
https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Iterator
from functools import partial
from time import perf_counter
from typing import Any

from fogbank.engines.warden import CannotStart, Warden
from fogbank.services.lambda_.runtime import reports
from fogbank.services.lambda_.runtime.environments import Environment
from fogbank.services.lambda_.runtime.failures import Failure
from fogbank.services.lambda_.runtime.parts import Parts

CLIENT = "snapshot_client"
RESTORE_SECONDS = 10.0


class Snapshot(Environment):
    """An environment that is initialised up to the point where it asks to be restored, and is not invoked itself."""

    forks: Warden | None = None

    async def _boot(self, warden: Warden, deadline: float) -> Failure | None:
        if self.plan.fault:
            raise CannotStart(self.plan.fault)
        self.environ["AWS_LAMBDA_RUNTIME_API"] = await self._interface.open()
        ours, theirs = socket.socketpair()
        try:
            program = self._program()._replace(module=CLIENT)
            child = await self._processes.start_runtime(
                warden, program, partial(self._wrote, "function"), more=(theirs.fileno(),)
            )
        except CannotStart:
            ours.close()
            raise
        finally:
            theirs.close()
        child.exited.add_done_callback(partial(self._exited, ""))
        self.forks = Warden.at(ours)
        return await self._until(self._interface.initialised, deadline)

    def restored(self, parts: Parts) -> Restored:
        """An environment that is going to go on from here."""
        return Restored(self, parts)

    async def stop(self) -> None:
        if self.forks is not None:
            await self.forks.close()
        await super().stop()


class _Restoring(Environment):
    """What environments have in common that go on from a snapshot."""

    async def _restored(self, restoring: Awaitable[Failure | None]) -> Failure | None:
        """Report on it. Returns why it cannot be restored."""
        begun = perf_counter()
        self._say("restoreStart", reports.restore_start(self.about))
        try:
            failure = await restoring
        except CannotStart as error:
            failure = Failure("Runtime.ExitError", str(error))
        self._restore_ms = (perf_counter() - begun) * 1000
        self._say("restoreRuntimeDone", reports.restore_done(failure))
        self._say("restoreReport", reports.restore_report(self._restore_ms, failure))
        self.failure = failure
        return failure


class Restored(_Restoring):
    """A fork of a snapshot."""

    def __init__(self, snapshot: Snapshot, parts: Parts) -> None:
        super().__init__(parts)
        self._snapshot = snapshot

    @property
    def is_of_failed_snapshot(self) -> bool:
        return self._snapshot.failure is not None

    async def start(self, warden: Warden) -> Failure | None:
        await self._have_tmp()
        failure = await self._restored(self._restore(warden, perf_counter() + RESTORE_SECONDS))
        self._close_registration(failure)
        self._telemetry.initialised()
        return failure

    async def _restore(self, warden: Warden, deadline: float) -> Failure | None:
        """The fork sees the snapshot's room, but for /tmp; extensions are started anew, and see what it sees."""
        if self._snapshot.failure is not None:
            return self._snapshot.failure
        assert self._snapshot.forks is not None
        self.environ["AWS_LAMBDA_RUNTIME_API"] = await self._interface.open()
        room = self.plan.place.room
        self._processes.see(None if room is None or not room["tmp"] else {"tmp": room["tmp"]})
        child = await self._processes.start_runtime(
            self._snapshot.forks, self._program(), partial(self._wrote, "function"), shared=room is not None
        )
        child.exited.add_done_callback(partial(self._exited, ""))
        for name in self.plan.extensions:
            await self._start_extension(warden, name)
        for event in (self._extensions.registered, self._interface.ready, self._extensions.ready):
            failure = await self._until(event, deadline)
            if failure is not None:
                return failure
        return None


class Held(_Restoring):
    """An environment that cannot be forked: it is initialised up to where it asks to be restored, and goes on from there itself."""

    _is_prepared = False

    @property
    def _initialised(self) -> asyncio.Event:
        return self._interface.initialised

    async def prepare(self, warden: Warden) -> Failure | None:
        """Returns why it cannot be initialised."""
        self._is_prepared = True
        return await super().start(warden)

    @property
    def is_of_failed_snapshot(self) -> bool:
        return not self._restore_ms

    async def start(self, warden: Warden) -> Failure | None:
        failure = self.failure if self._is_prepared else await self.prepare(warden)
        return failure or await self._restored(self._let_go())

    async def _let_go(self) -> Failure | None:
        self._interface.restore()
        return await self._until(self._interface.ready, perf_counter() + RESTORE_SECONDS)


Taken = Snapshot | Held


class Snapshots:
    """The snapshots of versions (qualified ARNs), each with the key of what it was made from."""

    def __init__(self) -> None:
        self._taken: dict[str, tuple[str, asyncio.Future[Taken]]] = {}

    def take(self, arn: str, key: str, taking: Any) -> asyncio.Future[Taken]:
        """The snapshot of a version; `taking` makes it, when there is none, or one of something else."""
        key_taken, found = self._taken.get(arn, ("", None))
        if found is not None and key_taken == key and not _is_over(found):
            return found
        self.forget(arn)
        made = asyncio.ensure_future(taking())
        self._taken[arn] = (key, made)
        return made

    def give(self, arn: str, held: Held) -> bool:
        """Whether one may go on from it, which nobody else may from now on."""
        _, found = self._taken.get(arn, ("", None))
        if found is None or not found.done() or found.result() is not held:
            return False
        del self._taken[arn]
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(self._taken)

    def forget(self, arn: str) -> None:
        if arn in self._taken:
            _, taken = self._taken.pop(arn)
            taken.add_done_callback(_stop)

    async def close(self) -> None:
        taken, self._taken = self._taken, {}
        done = [future for _, future in taken.values() if future.done() and future.exception() is None]
        await asyncio.gather(*(each.result().stop() for each in done))


def _is_over(taken: asyncio.Future[Taken]) -> bool:
    if not taken.done():
        return False
    return taken.exception() is not None or not taken.result().is_alive


def _stop(taken: asyncio.Future[Taken]) -> None:
    if taken.exception() is None:
        asyncio.ensure_future(taken.result().stop())
