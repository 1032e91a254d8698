"""The door of a cluster: a TCP port of this machine, open as long as the cluster is there.

It is standing work, so the leader of the fleet has it. A cluster keeps its port over restarts, unless somebody else took it meanwhile.
"""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

from fogbank.kernel import Context
from fogbank.services.dax.accelerator import Accelerator
from fogbank.services.dax.connections import Connection
from fogbank.services.dax.nodes import settle_soon
from fogbank.services.dax.records import Cluster, clusters
from fogbank.services.dax.service import service

_LOOK_SECONDS = 3600


@service.standing
async def serve(ctx: Context, name: str) -> None:
    cluster = await ctx.transact(clusters.get, ctx, name)
    if cluster is None:
        return
    accelerator = Accelerator(name)
    talking: set[asyncio.Task[None]] = set()
    is_open = True

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not is_open:  # the last one slipped in while the door was being shut
            writer.close()
            return
        task = asyncio.current_task()
        assert task is not None
        talking.add(task)
        try:
            await Connection(ctx, accelerator, reader, writer).run()
        finally:
            talking.discard(task)

    server = await _listen(ctx, cluster, talk)
    try:
        await ctx.transact(_opened, ctx, name, server.sockets[0].getsockname()[1])
        with ctx.watch("dax-restart", cluster.arn(ctx)) as restarts:
            while True:
                if await restarts.wait(timeout=_LOOK_SECONDS):
                    accelerator.forget()
    finally:
        is_open = False
        server.close()
        for task in talking:
            task.cancel()
        await asyncio.gather(*talking, return_exceptions=True)


async def _listen(ctx: Context, cluster: Cluster, talk: object) -> asyncio.Server:
    """Raises OSError when there is no free port."""
    tls = _tls(ctx) if cluster.tls else None
    host = ctx.app.settings.host
    try:
        return await asyncio.start_server(talk, host, cluster.port, ssl=tls)  # type: ignore[arg-type]
    except OSError:
        if not cluster.port:
            raise
    return await asyncio.start_server(talk, host, 0, ssl=tls)  # type: ignore[arg-type]


def _tls(ctx: Context) -> ssl.SSLContext:
    """With the server's own certificate, as on its HTTPS port."""
    from fogbank.gateway.tls import server_context

    context = server_context(Path(ctx.app.directory.path))
    context.set_alpn_protocols([])
    return context


async def _opened(ctx: Context, name: str, port: int) -> None:
    """The port is known; a new cluster becomes available."""
    cluster = await clusters.get(ctx, name)
    if cluster is None:
        return
    if cluster.port != port:
        clusters.put(ctx, cluster.with_(port=port), name)
    if cluster.status == "creating":
        await settle_soon(ctx, name, delay=0)
