"""The engine of Lambda: the environments of this process, by version of a function, and the wardens that start them."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, NamedTuple

from fogbank.engines import Engine
from fogbank.engines.warden import Warden
from fogbank.services.lambda_ import errors
from fogbank.services.lambda_.runtime import keeping, libraries
from fogbank.services.lambda_.runtime.environments import Environment
from fogbank.services.lambda_.runtime.failures import Failure
from fogbank.services.lambda_.runtime.images import Images
from fogbank.services.lambda_.runtime.isolation import Rooms
from fogbank.services.lambda_.runtime.load import Load
from fogbank.services.lambda_.runtime.packages import Packages
from fogbank.services.lambda_.runtime.plans import Plan
from fogbank.services.lambda_.runtime.snapshots import Snapshots
from fogbank.services.lambda_.runtime.supplies import Supplies

if TYPE_CHECKING:
    from fogbank.app import App

# AWS keeps an idle environment for some minutes; nobody is promised how long.
_IDLE_SECONDS = 600.0
_LOOK_SECONDS = 30.0
_SETTLE_SECONDS = 0.5


class Throttled(Exception):
    """There are as many environments at work as there may be."""


class Pool:
    """The environments of one version of a function. `key` changes with whatever they are made from."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.idle: list[Environment] = []
        self.busy: set[Environment] = set()
        self.settling: set[Environment] = set()
        self.settled = asyncio.Event()

    async def soon_idle(self) -> None:
        """Wait a moment for an environment that has answered already, and has only to ask for its next invocation."""
        self.settled.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.settled.wait(), _SETTLE_SECONDS)


class Started(NamedTuple):
    """An environment that was just started, or why it could not be."""

    environment: Environment
    failure: Failure | None


class Runtimes(Engine):
    """`directory` holds unpacked packages and links to libraries: a cache."""

    def __init__(self, app: App) -> None:
        self.directory = os.path.join(app.directory.path, "engines", "lambda")
        self.packages = Packages(os.path.join(self.directory, "packages"))
        self.images = Images(os.path.join(self.directory, "images"))
        self.snapshots = Snapshots()
        self.load = Load()
        self.supplies = Supplies(app.settings.lambda_libraries, app.settings.lambda_install == "needed")
        self._pools: dict[str, Pool] = {}
        self._wardens: dict[str, Warden] = {}
        self._rooms = Rooms(self.directory)
        self._looking: asyncio.Task[None] | None = None
        self._ending: set[asyncio.Task[None]] = set()
        # qualified ARN of a function -> (that of its version, how many environments it is to have whatever happens)
        self._kept: dict[str, tuple[str, int]] = {}

    @property
    def skeleton(self) -> str:
        """What rooms are made from, empty where the machine does not allow them. Blocks on its first use."""
        return self._rooms.skeleton

    def scratch(self) -> str:
        """A new directory for the temporary files of an environment that has no /tmp of its own. Blocks."""
        return self._rooms.scratch()

    # -- wardens

    async def warden(self, plan: Plan) -> Warden:
        """The warden that forks functions of the plan's interpreter, or executes other programs."""
        interpreter = plan.interpreter.path if plan.interpreter is not None and plan.module is not None else ""
        warden = self._wardens.get(interpreter)
        if warden is None or not warden.is_alive:
            warden = self._wardens[interpreter] = await self._new_warden(interpreter)
        return warden

    async def _new_warden(self, interpreter: str) -> Warden:
        import sys

        environ = {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "PYTHONPYCACHEPREFIX": os.path.join(self.directory, "bytecode"),
        }
        if not interpreter:
            return Warden(os.path.realpath(sys.executable), environ)
        directory = await asyncio.to_thread(libraries.python, self.directory)
        return Warden(interpreter, environ, directory, libraries.PRELOADED)

    # -- environments

    async def take(self, arn: str, key: str, make: Callable[[], Awaitable[Environment]]) -> Started:
        """A warm environment of a version (`arn` is qualified), or a new one. It is busy until it is given back."""
        pool = self._pool(arn, key)
        if not pool.idle and pool.settling:
            await pool.soon_idle()
        while pool.idle:
            environment = pool.idle.pop()
            if environment.is_alive:
                pool.busy.add(environment)
                return Started(environment, None)
            self._end(environment)
        return await self._start(pool, make)

    def _pool(self, arn: str, key: str) -> Pool:
        pool = self._pools.get(arn)
        if pool is None or pool.key != key:
            if pool is not None:
                self._retire(pool)
            pool = self._pools[arn] = Pool(key)
        return pool

    async def _start(self, pool: Pool, make: Callable[[], Awaitable[Environment]]) -> Started:
        environment = await make()
        pool.busy.add(environment)
        try:
            failure = await environment.start(await self.warden(environment.plan))
        except BaseException as error:
            pool.busy.discard(environment)
            await environment.stop()
            if isinstance(error, OSError):
                raise errors.cannot_start(error.strerror or str(error)) from error
            raise
        return Started(environment, failure)

    def keep(self, arn: str, count: int, version: str = "") -> None:
        """As many environments of the version are not ended when they are idle; `arn` is who wants them, a version or an alias."""
        self._kept.pop(arn, None)
        if count:
            self._kept[arn] = (version, count)

    def _wanted(self, arn: str) -> int:
        return sum(count for version, count in self._kept.values() if version == arn)

    async def warm(self, arn: str, key: str, make: Callable[[], Awaitable[Environment]]) -> int:
        """Start what is missing of the environments that are wanted. Returns how many there are."""
        missing = self._wanted(arn) - self._alive(arn, key)
        started = await asyncio.gather(*(self._start(self._pool(arn, key), make) for _ in range(missing)))
        for environment, failure in started:
            if failure is None:
                await self.give_back(arn, environment)
            else:
                self._pool(arn, key).busy.discard(environment)
        return self._alive(arn, key)

    def _alive(self, arn: str, key: str) -> int:
        pool = self._pool(arn, key)
        return sum(each.is_alive for each in (*pool.idle, *pool.busy))

    async def give_back(self, arn: str, environment: Environment) -> None:
        """The invocation is over: the environment waits for the next one, unless it is over itself, or out of date."""
        pool = self._pools.get(arn)
        if pool is not None:
            pool.settling.add(environment)
        is_well = environment.is_alive and await environment.settled()
        if pool is not None:
            pool.settling.discard(environment)
            pool.settled.set()
        pool = self._pools.get(arn)
        if pool is not None and environment in pool.busy and is_well:
            self._have_idle(pool, environment)
            return
        if pool is not None:
            pool.busy.discard(environment)
        await environment.stop()

    def give_back_now(self, arn: str, environment: Environment) -> bool:
        """The same at once; False when there is something to wait for first."""
        pool = self._pools.get(arn)
        if pool is None or environment not in pool.busy or not environment.settle_now():
            return False
        self._have_idle(pool, environment)
        return True

    def _have_idle(self, pool: Pool, environment: Environment) -> None:
        pool.busy.discard(environment)
        environment.used = asyncio.get_running_loop().time()
        pool.idle.append(environment)
        pool.settled.set()
        self._look()

    def _retire(self, pool: Pool) -> None:
        """Let go of environments that are out of date: idle ones now, busy ones when they are given back."""
        for environment in pool.idle:
            self._end(environment)
        pool.idle.clear()

    def _end(self, environment: Environment) -> None:
        """Extensions have their time for it; nobody waits for them."""
        ending = asyncio.ensure_future(environment.stop())
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    async def forget(self, account: str | None) -> None:
        for arn in (*self._pools, *self.snapshots):
            if account in (None, arn.split(":")[4]):
                self.forget_version(arn)

    def forget_function(self, prefix: str) -> None:
        """Functions whose qualified ARNs begin so have changed, or are no more."""
        for arn in [arn for arn in (*self._pools, *self.snapshots) if arn.startswith(prefix)]:
            self.forget_version(arn)

    def forget_version(self, arn: str) -> None:
        self.snapshots.forget(arn)
        pool = self._pools.pop(arn, None)
        if pool is not None:
            self._retire(pool)

    def _look(self) -> None:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.get_running_loop().create_task(self._end_idle())

    async def _end_idle(self) -> None:
        """End environments that nobody has used for a while, as long as there are any."""
        while any(pool.idle for pool in self._pools.values()):
            await asyncio.sleep(_LOOK_SECONDS)
            latest = asyncio.get_running_loop().time() - _IDLE_SECONDS
            for arn, pool in self._pools.items():
                self._use(pool)
                spare = max(len(pool.idle) + len(pool.busy) - self._wanted(arn), 0)
                old = [each for each in pool.idle if each.used < latest or not each.is_alive][:spare]
                pool.idle = [each for each in pool.idle if each not in old]
                for environment in old:
                    self._end(environment)

    def _use(self, pool: Pool) -> None:
        """What the environments of a pool are made from stays."""
        some = next(iter((*pool.idle, *pool.busy)), None)
        for directory in some.plan.place.directories if some is not None else ():
            if directory.startswith(self.directory):  # code under development is nobody's to touch
                keeping.used(directory)

    async def close(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
        pools, self._pools = list(self._pools.values()), {}
        await asyncio.gather(*(each.stop() for pool in pools for each in (*pool.idle, *pool.busy)))
        await asyncio.gather(*self._ending, return_exceptions=True)
        await self.snapshots.close()
        await asyncio.gather(*(warden.close() for warden in self._wardens.values()))
        self._rooms.close()
