"""Several processes on one state, and clients that know which of them answers."""

from __future__ import annotations

import json
import urllib.request
from contextlib import contextmanager

import pytest
from botocore.awsrequest import AWSRequest

from fogbank.testing import Clients, ServerProcess


def worker_of(client) -> int:
    """The process id at the other end of the client's connection."""
    request = AWSRequest("GET", client.meta.endpoint_url + "/_fogbank/health").prepare()
    return json.loads(client._endpoint.http_session.send(request).content)["worker"]["pid"]


class Spread:
    """Clients of a server with several workers: `spread("sqs")` has one for each of them, with one connection each."""

    def __init__(self, server: ServerProcess, workers: int, account: str | None = None) -> None:
        self.server = server
        self.workers = workers
        self._clients = Clients(server.endpoint, account)

    def __call__(self, service: str, **config) -> list:
        found = {}
        for _ in range(200):
            client = self._clients(service, max_pool_connections=1, **config)
            found.setdefault(worker_of(client), client)
            if len(found) == self.workers:
                return list(found.values())
        raise AssertionError(f"200 connections went to {len(found)} of {self.workers} workers")

    def pids(self) -> set[int]:
        return {worker_of(client) for client in self("sts")}

    def close(self) -> None:
        self._clients.close()


def admin(server, method: str, path: str, body: dict | None = None) -> dict:
    """Ask the admin API, on a new connection, so it may be any worker that answers."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(server.endpoint + path, data, {"content-type": "application/json"}, method=method)
    with urllib.request.urlopen(request) as response:
        return json.loads(response.read() or b"{}")


@contextmanager
def running(data_dir, *options: str, workers: int = 2):
    with ServerProcess(data_dir, f"--workers={workers}", *options) as server:
        spread = Spread(server, workers)
        yield spread
        spread.close()


@pytest.fixture(scope="module")
def spread(tmp_path_factory):
    with running(tmp_path_factory.mktemp("workers")) as clients:
        yield clients
