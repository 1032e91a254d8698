"""What scaling needs to know of a service: how a capacity is read and set."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

from fogbank.kernel import Context


class Capacity(NamedTuple):
    """`is_ready`: may it be changed now? `is_scalable`: has it a capacity that could be changed at all?"""

    units: int
    is_ready: bool = True
    is_scalable: bool = True
    has_failed: bool = False


class Scaled(ABC):
    """What one service has that is scaled. `needed` are the actions that whoever registers it needs for itself."""

    needed: tuple[str, ...]

    @abstractmethod
    def arn(self, ctx: Context, resource: str) -> str: ...

    @abstractmethod
    async def read(self, ctx: Context, resource: str, dimension: str) -> Capacity | None:
        """The capacity as it is; None when there is no such resource. `ctx` is that of whoever asks the service."""

    @abstractmethod
    async def change(self, ctx: Context, resource: str, dimension: str, units: int) -> None:
        """Raises what the service refuses it with."""
