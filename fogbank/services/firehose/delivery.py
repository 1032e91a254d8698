"""One attempt to deliver a batch."""

from __future__ import annotations

from typing import NamedTuple

from fogbank.kernel import Context
from fogbank.services.firehose.buffers import Item
from fogbank.services.firehose.records import Batch, Settings, Stream


class Delivery(NamedTuple):
    """`ctx` is in no transaction."""

    ctx: Context
    stream: Stream
    number: int
    batch: Batch
    items: list[Item]

    @property
    def settings(self) -> Settings:
        return self.stream.destination

    @property
    def waited(self) -> float:
        """For how long it has been tried (seconds)."""
        return self.ctx.now() - self.batch.since
