"""What a writer knows of the things that only it writes: what was acknowledged, and the one change of unknown outcome."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

# What a client sees when the server goes away: whether the request was served is unknown.
GONE = (HTTPClientError, BotoCoreError, ConnectionError)


class Gone(Exception):
    """The server went away."""


class Broken(AssertionError):
    """The server lost something, or made something up."""


@contextmanager
def talking() -> Iterator[None]:
    """Raises Gone when the server goes away in the block."""
    try:
        yield
    except ClientError:
        raise
    except GONE as error:
        raise Gone from error


class Ledger:
    """The values by key; None where there is nothing. `doubt` is a change of one or more keys that was made as a whole, or not at all."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.values: dict[Hashable, Any] = {}
        self.doubt: dict[Hashable, Any] = {}

    @contextmanager
    def change(self, changes: Mapping[Hashable, Any]) -> Iterator[None]:
        """Attempt a change. It is acknowledged when the block ends, and in doubt when the server goes away in it."""
        self.doubt = dict(changes)
        with talking():
            yield
        self.settle(self.doubt)

    def settle(self, found: Mapping[Hashable, Any]) -> None:
        self.doubt = {}
        self.values.update(found)

    def resolve(self, look: Callable[[Any], Any]) -> None:
        """Find out whether the change in doubt was made. Raises Broken when it was made by half."""
        found = {key: look(key) for key in self.doubt}
        before = {key: self.values.get(key) for key in self.doubt}
        if found not in (self.doubt, before):
            raise Broken(f"{self.name}: found {found}, expected {self.doubt} or {before}")
        self.settle(found)

    def verify(self, look: Callable[[Any], Any]) -> None:
        """Raises Broken unless everything is as it was acknowledged. Nothing may be in doubt."""
        for key, value in self.values.items():
            found = look(key)
            if found != value:
                raise Broken(f"{self.name}: {key} is {found}, acknowledged was {value}")
