"""A client's connection: who it is, and its requests one after another.

A connection begins with a greeting. A request is 1, the number of a method, and so many arguments; an answer begins with an empty list, or
with the numbers of an error. Who the client is, it says again every few minutes, and gets no answer to that.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from fogbank.http import Payload, Request
from fogbank.identity import Principal
from fogbank.kernel import AWSError, Context
from fogbank.kernel.errors import internal_failure, unavailable
from fogbank.services.dax import batches, operations, queries
from fogbank.services.dax.accelerator import Accelerator
from fogbank.services.dax.wire import cbor, refusals, requests
from fogbank.services.dax.wire.cbor import Incomplete, Malformed, Reader

if TYPE_CHECKING:
    from fogbank.storage.base import StoreError

log = logging.getLogger("fogbank.dax")

Handler = Callable[..., Awaitable[list[Any]]]

_MAGIC = b"gJ7yne5G"
# layering, session, what the client is, types
_GREETING = 4
_SERVICE = 1
_AUTHORIZE, _AUTHORIZE_ARGUMENTS = 1489122155, 5
_METHODS: dict[int, tuple[int, Handler]] = {
    263244906: (3, operations.get_item),
    -2106490455: (4, operations.put_item),
    1425579023: (3, operations.update_item),
    1013539361: (3, operations.delete_item),
    -697851100: (2, batches.batch_get_item),
    116217951: (2, batches.batch_write_item),
    1866287579: (4, batches.transact_get_items),
    -1160037738: (9, batches.transact_write_items),
    -931250863: (3, queries.query),
    -1875390620: (2, queries.scan),
}
_SUCCESS = cbor.dumps([])
_CHUNK = 1 << 18
_LONGEST_REQUEST = 32 << 20
# seconds that a client is believed who it is
_BELIEVED = 300.0
_LEADER = 1
_HOST = "dax.amazonaws.com"


class Connection:
    """`ctx` is the cluster's: its service, account and region."""

    def __init__(
        self, ctx: Context, accelerator: Accelerator, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._ctx = ctx
        self._accelerator = accelerator
        self._reader = reader
        self._writer = writer
        self._buffer = bytearray()
        self._principal: Principal | None = None
        self._since = 0.0
        self._refusal: AWSError | None = None

    async def run(self) -> None:
        """Until the client goes, or says what cannot be understood."""
        try:
            if await self._read(len(_MAGIC)) != _MAGIC:
                return
            await self._values(_GREETING)
            while True:
                service, method = await self._values(2)
                await self._serve(service, method)
        except (Incomplete, ConnectionError, TimeoutError):
            return
        except Malformed as problem:
            log.debug("a client was not understood: %s", problem)
        finally:
            self._writer.close()

    async def _serve(self, service: Any, method: Any) -> None:
        if service != _SERVICE:
            raise Malformed(f"service {service}")
        if method == _AUTHORIZE:
            await self._authorize(*await self._values(_AUTHORIZE_ARGUMENTS))
            return
        count, handler = _METHODS.get(method) or self._simple(method)
        arguments = await self._values(count)
        self._writer.write(await self._answer(handler, arguments))
        await self._writer.drain()

    # -- bytes

    async def _read(self, count: int) -> bytes:
        while len(self._buffer) < count:
            await self._more()
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    async def _values(self, count: int) -> list[Any]:
        """The next values. Raises Incomplete when the client is gone, Malformed."""
        values: list[Any] = []
        while len(values) < count:
            reader = Reader(self._buffer)
            try:
                values.append(reader.value())
            except Incomplete:
                await self._more()
                continue
            del self._buffer[: reader.at]
        return values

    async def _more(self) -> None:
        if len(self._buffer) > _LONGEST_REQUEST:
            raise Malformed("a request that is too long")
        data = await self._reader.read(_CHUNK)
        if not data:
            raise Incomplete
        self._buffer += data

    # -- who

    async def _authorize(self, access_key: Any, signature: Any, signed: Any, token: Any, _agent: Any) -> None:
        """The client signed a request that is never sent: a POST of nothing to dax.amazonaws.com."""
        self._principal, self._refusal = None, None
        try:
            head = _signed_head(requests.text(access_key), requests.text(signature), requests.text(signed), token)
            identity = await self._ctx.app.authenticator.authenticate(head, "dax")
            self._principal, self._since = identity.principal, asyncio.get_running_loop().time()
        except AWSError as refusal:
            self._refusal = refusal

    def _caller(self) -> Principal:
        """Raises what the client was refused with."""
        if self._refusal is not None:
            raise self._refusal
        if self._principal is None or asyncio.get_running_loop().time() - self._since > _BELIEVED:
            raise AWSError("MissingAuthenticationTokenException", "Connection requires authentication", 400)
        return self._principal

    # -- answers

    async def _answer(self, handler: Handler, arguments: list[Any]) -> bytes:
        ctx = self._ctx.at()
        ctx.request_id = ctx.ids.uuid()
        try:
            ctx.principal = self._caller()
            parts = await handler(ctx, self._accelerator, *arguments)
            await _flushed(ctx)
            return _SUCCESS + b"".join(map(cbor.dumps, parts))
        except Malformed as problem:
            return refusals.refusal(AWSError("ValidationException", f"Malformed request: {problem}"), ctx.request_id)
        except AWSError as error:
            return refusals.refusal(error, ctx.request_id, _reasons(error))
        except Exception:
            log.exception("dax %s", ctx.request_id)
            return refusals.refusal(internal_failure(ctx.request_id), ctx.request_id)

    def _simple(self, method: Any) -> tuple[int, Handler]:
        """What clients ask about the cluster itself; none of it needs a permission."""
        if method == 455855874:
            return 0, self._endpoints
        if method == -742646399:
            return 1, _key_schema
        if method == 670678385:
            return 1, _attribute_list
        if method == -1230579644:
            return 1, _attribute_list_number
        raise Malformed(f"method {method}")

    async def _endpoints(self, ctx: Context, accelerator: Accelerator) -> list[Any]:
        """One node: this door, as the client reached it."""
        host, port, *_ = self._writer.get_extra_info("sockname")
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        address = socket.inet_pton(family, host)
        return [[{0: 1, 1: host, 2: address, 3: port, 4: _LEADER, 5: f"{ctx.region}a", 6: 1}]]


async def _key_schema(ctx: Context, accelerator: Accelerator, table: Any) -> list[Any]:
    return [{attribute.name: attribute.kind for attribute in await accelerator.schema(ctx, requests.text(table))}]


async def _attribute_list(ctx: Context, accelerator: Accelerator, number: Any) -> list[Any]:
    if not isinstance(number, int):
        raise Malformed("not a number")
    return [list(await accelerator.names_of(ctx, number))]


async def _attribute_list_number(ctx: Context, accelerator: Accelerator, names: Any) -> list[Any]:
    if not isinstance(names, list):
        raise Malformed("not a list of names")
    return [await accelerator.number_of(ctx, [requests.text(name) for name in names])]


def _signed_head(access_key: str, signature: str, signed: str, token: Any) -> Request:
    """The head of what was signed, from the text that was signed. Raises Malformed."""
    lines = signed.split("\n")
    if len(lines) != 4:
        raise Malformed("not a text that was signed")
    algorithm, date, scope, _ = lines
    credential = f"Credential={access_key}/{scope}, SignedHeaders=host;x-amz-date, Signature={signature}"
    headers = {"host": _HOST, "x-amz-date": date, "authorization": f"{algorithm} {credential}"}
    if token is not None:
        headers["x-amz-security-token"] = requests.text(token)
    return Request("POST", "/", "", headers, Payload(b""), "https")


def _reasons(error: AWSError) -> list[Any] | None:
    """Why a transaction was cancelled: code, message and item of each of its parts."""
    given = error.members.get("CancellationReasons")
    if given is None:
        return None
    return [reason.get(member) for reason in given for member in ("Code", "Message", "Item")]


async def _flushed(ctx: Context) -> None:
    """Return when all that was accepted is durable. Raises ServiceUnavailable when it will not be."""
    store = ctx.app.store
    if not store.flushing:
        return
    flushed: asyncio.Future[StoreError | None] = asyncio.get_running_loop().create_future()
    store.after_flush(lambda error: None if flushed.done() else flushed.set_result(error))
    error = await flushed
    if error is not None:
        raise unavailable(error)
