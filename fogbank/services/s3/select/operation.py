"""SelectObjectContent: https://docs.aws.amazon.com/AmazonS3/latest/API/API_SelectObjectContent.html

The object is read piece by piece while it is queried, and the answer is written meanwhile: memory stays flat whatever the size.
A query runs in a thread of its own, since it waits for what it reads; it takes a step at a time, so that it ends where its reader does.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import localcontext
from typing import Any

from fogbank.kernel import Context
from fogbank.services.s3 import errors as s3_errors
from fogbank.services.s3.content import bodies
from fogbank.services.s3.encryption import choices as encryption
from fogbank.services.s3.object import courses
from fogbank.services.s3.object.reads import readable
from fogbank.services.s3.permissions import access
from fogbank.services.s3.records import home_of
from fogbank.services.s3.select import errors, inputs, requests
from fogbank.services.s3.select.outputs import writer
from fogbank.services.s3.select.parquet import ParquetSource
from fogbank.services.s3.select.parser import parse
from fogbank.services.s3.select.queries import columns_of, results
from fogbank.services.s3.select.requests import Form
from fogbank.services.s3.select.sources import CSVSource, JSONSource, Source, binding_of
from fogbank.services.s3.select.syntax import Query
from fogbank.services.s3.select.timestamps import Timestamp
from fogbank.services.s3.service import service

Request = dict[str, Any]
Answer = dict[str, Any]
Pieces = AsyncIterator[bytes]

_PAYLOAD = 1024 * 1024 - 64 * 1024  # bytes of records in one event: below the limit of 1 MiB, with its headers
_STEP = 8 * 1024 * 1024  # so many bytes are looked through before something is sent, be it nothing
_HEADER = 1024 * 1024


@service.operation(transaction=False, action="s3:GetObject", **access.ON_OBJECT)
async def select_object_content(ctx: Context, request: Request) -> Answer:
    """Query an object with SQL. What is wrong at the beginning is an error, what turns out later an event of the stream."""
    if "range" in ctx.headers:
        raise errors.refusal("UnsupportedRangeHeader")
    form, body, header = await ctx.transact(_opened, ctx, request)
    selection = Selection(form, body, header, Timestamp(datetime.fromtimestamp(ctx.now(), UTC)))
    try:
        first = await selection.step()
    except BaseException:
        selection.close()
        raise
    return {"Payload": _events(selection, first)}


async def _opened(ctx: Context, request: Request) -> tuple[Form, Pieces, Pieces | None]:
    """The request's form, the object's bytes from where they are wanted, and its header where that lies before."""
    if ctx.principal.kind == "anonymous":
        raise s3_errors.access_denied()
    home = await home_of(ctx, request)
    record = await readable(home, request)
    await courses.use(home, request["Key"], record)
    customer = encryption.customer_key(request)
    form = requests.read(request, record.size)
    cut = _cut(form)
    start = 0 if cut is None else cut.start
    body = await bodies.pieces(home, request["Key"], record, start, record.size - start, customer)
    if cut is None or not cut.first or form.csv is None or form.csv.header == "NONE":
        return form, body, None
    return form, body, await bodies.pieces(home, request["Key"], record, 0, min(record.size, _HEADER), customer)


def _cut(form: Form) -> inputs.ByteRange | None:
    """The range of records; Parquet's is one of row groups instead."""
    if form.span is None or form.is_parquet:
        return None
    delimiter = form.csv.record_delimiter if form.csv is not None else "\n"
    return inputs.ByteRange(*form.span, delimiter.encode())


class Step:
    """What one step of a query gave. The counts are bytes since the beginning."""

    def __init__(self, payload: bytes, scanned: int, processed: int, returned: int, is_last: bool) -> None:
        self.payload = payload
        self.details = {"BytesScanned": scanned, "BytesProcessed": processed, "BytesReturned": returned}
        self.is_last = is_last


class Selection:
    """A query under way."""

    def __init__(self, form: Form, body: Pieces, header: Pieces | None, now: Timestamp) -> None:
        self.form = form
        query = parse(form.expression)
        loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, "select")
        self._input = inputs.Unpacked(inputs.ObjectBytes(loop, body), form.compression)
        head = None if header is None else inputs.Unpacked(inputs.ObjectBytes(loop, header), "NONE")
        source = _source(form, query, self._input, head)
        self._results = self._run(query, source, now)
        self._returned = 0

    def _run(self, query: Query, source: Source, now: Timestamp) -> Iterator[bytes]:
        yield from results(query, source, writer(self.form.output), now)

    async def step(self) -> Step:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._step)

    def _step(self) -> Step:
        """Look on until there is enough to send, or enough was looked through."""
        found: list[bytes] = []
        size, until = 0, self._input.count + _STEP
        is_last = True
        with localcontext() as context:
            context.prec = 38  # the digits of S3 Select's decimals
            for record in self._results:
                found.append(record)
                size += len(record)
                if size >= _PAYLOAD or self._input.count > until:
                    is_last = False
                    break
        self._returned += size
        return Step(b"".join(found), self._input.raw.count, self._input.count, self._returned, is_last)

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)


def _source(form: Form, query: Query, given: inputs.Unpacked, head: inputs.Unpacked | None) -> Source:
    if form.is_parquet:
        return ParquetSource(given.whole_file, binding_of(query), columns_of(query), form.span)
    cut = _cut(form)
    blocks = given.blocks() if cut is None else cut.cut(given.blocks())
    if form.csv is None:
        return JSONSource(blocks, form.json, query)
    if query.path:
        raise errors.refusal("InvalidKeyPath", "Only JSON has paths.")
    return CSVSource(blocks, None if head is None else head.blocks(), form.csv, binding_of(query))


async def _events(selection: Selection, first: Step) -> AsyncIterator[Answer]:
    """Records; where there are none for long, Cont; Progress if it was asked for; at the end Stats and End."""
    step = first
    try:
        while True:
            for begin in range(0, len(step.payload), _PAYLOAD):
                yield {"Records": {"Payload": step.payload[begin : begin + _PAYLOAD]}}
            if selection.form.progress:
                yield {"Progress": {"Details": step.details}}
            if step.is_last:
                break
            if not step.payload:
                yield {"Cont": {}}
            step = await selection.step()
        yield {"Stats": {"Details": step.details}}
        yield {"End": {}}
    finally:
        selection.close()
