"""Context: everything an operation may know and use, besides its request. One per request, task run, or inner call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from fogbank.identity.principals import service_host
from fogbank.kernel import blobs, standing, tasks
from fogbank.kernel.ids import Ids
from fogbank.telemetry.trace import waiting

if TYPE_CHECKING:
    from fogbank.app import App
    from fogbank.http import Request
    from fogbank.identity import Principal
    from fogbank.kernel.service import Service
    from fogbank.storage.base import StoreError, Transaction
    from fogbank.storage.blobs import Blobs

T = TypeVar("T")

PARTITION = "aws"
_NO_TRANSACTION: Any = None
_NO_ORIGIN: Mapping[str, str | tuple[str, ...]] = {}


class Context:
    """Who calls what, where, and the transaction it happens in.

    `tx` is there only inside a transaction. `request` is the HTTP request, for identity and edges; operations of the model do not
    read it. `protocol` is the one that the caller speaks, empty when nobody waits on the wire. `origin` has condition keys that say
    how a call from another service came about. `trace` is the X-Ray header that the request came with; services that pass on
    messages pass it on, too.
    """

    __slots__ = (
        "_after",
        "_endpoint",
        "account",
        "app",
        "operation",
        "origin",
        "principal",
        "protocol",
        "region",
        "request",
        "request_id",
        "service",
        "trace",
        "tx",
    )

    def __init__(
        self,
        app: App,
        service: Service,
        operation: str,
        principal: Principal,
        account: str,
        region: str,
        request_id: str,
        endpoint: str,
        request: Request | None = None,
    ) -> None:
        self.app = app
        self.service = service
        self.operation = operation
        self.principal = principal
        self.account = account
        self.region = region
        self.request_id = request_id
        self._endpoint = endpoint
        self.request = request
        self.protocol = ""
        self.trace = "" if request is None else request.headers.get("x-amzn-trace-id", "")
        self.origin: Mapping[str, str | tuple[str, ...]] = _NO_ORIGIN
        self.tx: Transaction = _NO_TRANSACTION
        self._after: list[Callable[[], None]] = []

    # -- time, ids, scope

    @property
    def partition(self) -> str:
        return PARTITION

    @property
    def ids(self) -> Ids:
        return self.app.ids

    @property
    def blobs(self) -> Blobs:
        return self.app.blobs

    @property
    def endpoint(self) -> str:
        """The URL under which the caller reached us."""
        return self._endpoint if self.request is None else self.request.endpoint

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the HTTP request; there are none where one service calls another."""
        return {} if self.request is None else self.request.headers

    def now(self) -> float:
        """The virtual time in epoch seconds (UTC)."""
        return self.app.clock.now()

    def at(self, account: str | None = None, region: str | None = None, service: Service | None = None) -> Context:
        """The same request in another scope; inside a transaction, the same transaction."""
        other = Context(
            self.app,
            service or self.service,
            self.operation,
            self.principal,
            self.account if account is None else account,
            self.region if region is None else region,
            self.request_id,
            self.endpoint,
            self.request,
        )
        other.protocol = self.protocol
        other.trace = self.trace
        other.origin = self.origin
        other.tx = self.tx
        other._after = self._after
        return other

    # -- transactions

    async def transact(self, work: Callable[..., Awaitable[T]], *args: Any) -> T:
        """Run `work(*args)` in a transaction: all of its writes, or none when it raises. Joins one that is open.

        On return the writes are visible to everyone; they are durable before the answer leaves. `work` may be run again
        from its start when the store finds a conflict, so its effects are only writes, tasks and `after_commit`.
        """
        # a context that was made inside of a transaction may outlive it
        if self.tx is not None and not self.tx.is_over:
            return await work(*args)
        store = self.app.store
        if not store.alone:
            return await self._transact_among_others(work, args)
        tx = self.tx = self.app.active = store.begin()
        self._after = []
        try:
            result = await work(*args)
            if tx.writes:
                store.accept(tx)
            if self._after:
                self._run_after_flush(self._after)
            return result
        finally:
            tx.is_over = True
            self.tx = self.app.active = _NO_TRANSACTION

    async def _transact_among_others(self, work: Callable[..., Awaitable[T]], args: tuple[Any, ...]) -> T:
        app = self.app

        async def attempt(tx: Transaction) -> T:
            self.tx = tx
            self._after = []
            if app.store.synchronous:
                app.active = tx
            try:
                return await work(*args)
            finally:
                tx.is_over = True
                self.tx = _NO_TRANSACTION
                if app.store.synchronous:
                    app.active = None

        result = await app.store.run(attempt, (self.service.name, self.operation))
        if self._after:
            self._run_after_flush(self._after)
        return result

    async def undoing(self, work: Callable[..., Awaitable[T]], *args: Any) -> T:
        """Run a part of an open transaction. When it raises, what it wrote and asked for is undone, and the error goes on."""
        writes, after = dict(self.tx.writes), len(self._after)
        try:
            return await work(*args)
        except BaseException:
            self.tx.writes.clear()
            self.tx.writes.update(writes)
            del self._after[after:]
            raise

    def _run_after_flush(self, callbacks: list[Callable[[], None]]) -> None:
        def flushed(error: StoreError | None) -> None:
            if error is None:
                for callback in callbacks:
                    callback()

        self.app.store.after_flush(flushed)

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Run the callback once the transaction is durable; not at all if it fails."""
        self._after.append(callback)

    # -- waking and waiting

    def notify(self, *topic: str) -> None:
        """Wake everyone who watches the topic, after the commit."""
        app = self.app
        if app.waiters.any(topic):
            self._after.append(lambda: app.waiters.wake(topic))
        if app.fleet.wanted(topic):
            self._after.append(lambda: app.fleet.wake(topic))

    def watch(self, *topic: str, competes: bool = False) -> Watch:
        """Watch a topic, to look again whenever it is notified:

            with ctx.watch("queue", name) as watch:
                while not (found := await ctx.transact(look)) and await watch.wait(timeout=20):
                    ...

        Where watchers compete for what they find, a notification wakes only the one who has watched for longest; when that one
        leaves, the next one looks, too: so one of them always knows how things are. Outside of transactions only.
        """
        return Watch(self.app, topic, competes)

    # -- later and elsewhere

    async def stand(self, name: str, about: str) -> None:
        """Have this service's standing work done about something from now on; see `fogbank.kernel.standing`."""
        await standing.stand(self, name, about)

    async def sit(self, name: str, about: str) -> None:
        """End the standing work."""
        await standing.sit(self, name, about)

    async def schedule(
        self,
        name: str,
        payload: dict[str, Any] | None = None,
        *,
        delay: float = 0,
        at: float | None = None,
        key: str | None = None,
    ) -> None:
        """Enqueue a task of this service in this transaction, due in `delay` seconds or at epoch second `at`.

        Of tasks with the same name and `key` in one scope only one is pending: scheduling again moves its due time.
        """
        due = self.now() + delay if at is None else at
        await tasks.enqueue(self, name, payload or {}, due, key)

    async def unschedule(self, name: str, key: str) -> None:
        """Take back the pending task of that name and key, if there is one."""
        await tasks.withdraw(self, name, key)

    async def call(
        self,
        service: str,
        operation: str,
        params: dict[str, Any],
        *,
        source_arn: str | None = None,
        as_caller: bool = False,
        role: str | None = None,
    ) -> dict[str, Any]:
        """Call another service's operation (`"SendMessage"`) in this transaction, and in this context's account and region.

        By default as this service's principal (`sns.amazonaws.com`), which only resource policies let in; `source_arn` is the
        resource on whose behalf, for `aws:SourceArn` and `aws:SourceAccount`. `as_caller`: with the caller's own permissions, as
        S3 asks KMS for the caller's key (forward access). `role`: as the role of that ARN, which has to trust this service.
        """
        return await self.app.gateway.call(self, service, operation, params, source_arn, as_caller, role)

    # -- permission

    async def authorise(self, action: str, resource: str, **about: Any) -> None:
        """Raise AccessDenied unless the caller may do `action` (`s3:PutObjectTagging`) with `resource` (an ARN).

        For decisions inside an operation, besides the one that was made before it began. `about`: `policy` (JSON) and `owner`, which
        are values here; `keys` and `tags`, values or what gives them (see `Operation`); and the request's `params`, if these, or
        the tags in it, shall count.
        """
        await self.app.gateway.authorisation.require(self, action, resource, **about)

    async def is_free(self, owner: str | None = None) -> bool:
        """Need nothing be asked about resources of `owner` (this account) that have no policy? So it is for its root, as a rule.

        `authorise` looks first, too; this spares services the gathering of what they would tell it.
        """
        authorisation, owner = self.app.gateway.authorisation, owner or self.account
        return authorisation.is_surely_free(self, owner) or await authorisation.is_free(self, owner)

    async def may(self, action: str, resource: str, **about: Any) -> bool:
        """Whether `authorise` would let the caller pass. Such a question leaves no trace."""
        return await self.app.gateway.authorisation.may(self, action, resource, **about)

    async def assume(
        self,
        role: str,
        *,
        source_arn: str | None = None,
        session_name: str | None = None,
        service: str | None = None,
        external_id: str | None = None,
    ) -> Principal:
        """A session of the role of that ARN, if it trusts this service, or `service` (`ecs-tasks`). Raises AccessDenied.

        `source_arn` is the resource on whose behalf; the session is called after it unless it is given a name. For keys that the
        resource itself can sign with, see `fogbank.identity.sessions.issue`. `external_id` is for services that tell one.
        """
        authorisation = self.app.gateway.authorisation
        return await authorisation.assume(self, role, source_arn, session_name, service, external_id)

    async def pass_role(self, role: str, **about: Any) -> None:
        """Raise AccessDenied unless the caller may hand the role of that ARN to this service (`iam:PassRole`)."""
        passed_to = service_host(self.service.name)
        await self.authorise("iam:PassRole", role, keys={"iam:PassedToService": passed_to}, **about)

    # -- blobs

    def keep_blob(self, name: str) -> None:
        """Make a finished blob part of the state. One that no transaction keeps is swept."""
        blobs.keep(self, name)

    def drop_blob(self, name: str) -> None:
        """Take the blob out of the state; its file goes after the commit."""
        blobs.drop(self, name)


class Watch:
    """Somebody who waits for a topic, from `with` on."""

    def __init__(self, app: App, topic: tuple[str, ...], competes: bool) -> None:
        self._app = app
        self._topic = topic
        self.competes = competes
        # among others, something may have happened between the last look and the beginning of the watch
        self._look_first = not app.store.alone

    def __enter__(self) -> Watch:
        self._app.waiters.join(self._topic, self)
        self._app.fleet.watching(self._topic, begins=True)
        self._future: asyncio.Future[bool] | None = None
        self.woken = self._look_first
        return self

    def __exit__(self, *_: object) -> None:
        self._app.waiters.leave(self._topic, self)
        self._app.fleet.watching(self._topic, begins=False)

    async def wait(self, timeout: float) -> bool:
        """Wait for a notification, at most `timeout` virtual seconds.

        True when there was one since the last wait, or when the clock was moved (look again), False when the time is over.
        """
        if not self.woken:
            loop = asyncio.get_running_loop()
            self._future = loop.create_future()
            timer = loop.call_later(max(timeout, 0), self._end, False)
            try:
                with waiting():
                    return await self._future
            finally:
                timer.cancel()
                self._future = None
                self.woken = False
        self.woken = False
        return True

    def wake(self) -> None:
        self.woken = True
        self._end(True)

    def _end(self, woken: bool) -> None:
        if self._future is not None and not self._future.done():
            self._future.set_result(woken)


class Waiters:
    """Who watches what in this process. Nothing here is state: a lost watch looks again by itself."""

    def __init__(self) -> None:
        self._watching: dict[tuple[str, ...], dict[Watch, None]] = {}

    def any(self, topic: tuple[str, ...]) -> bool:
        return topic in self._watching

    def join(self, topic: tuple[str, ...], watch: Watch) -> None:
        self._watching.setdefault(topic, {})[watch] = None

    def leave(self, topic: tuple[str, ...], watch: Watch) -> None:
        watching = self._watching[topic]
        del watching[watch]
        if not watching:
            del self._watching[topic]
        elif watch.competes:
            self.wake(topic)

    def wake(self, topic: tuple[str, ...]) -> None:
        """All who watch the topic, but of those who compete only the first who was not woken yet."""
        for watch in self._watching.get(topic, ()):
            if not watch.woken:
                watch.wake()
                if watch.competes:
                    return

    def wake_all(self) -> None:
        """The clock was moved: everyone looks again."""
        for watching in self._watching.values():
            for watch in watching:
                watch.wake()
