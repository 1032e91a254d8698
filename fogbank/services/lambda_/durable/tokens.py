"""Checkpoint tokens: opaque, and good for one checkpoint of one invocation."""

from __future__ import annotations

from base64 import b64encode

from fogbank.kernel import Context
from fogbank.services.lambda_.durable.records import Execution


def next_token(ctx: Context, execution: Execution) -> str:
    return b64encode(f"{execution.id} {ctx.ids.uuid()}".encode()).decode()
