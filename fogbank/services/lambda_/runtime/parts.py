"""What an execution environment is made from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from fogbank.services.lambda_.runtime.extensions import About
from fogbank.services.lambda_.runtime.plans import Plan
from fogbank.services.lambda_.runtime.telemetry import Post


class Journal(Protocol):
    """Who writes down what happens. `now` is epoch seconds; `is_verbose` says whether it wants to know everything."""

    is_verbose: bool

    def now(self) -> float: ...
    def write(self, text: str) -> Any:
        """A message of the function, or of an extension. Returns it as it is told: an object, if it is one in JSON."""

    def platform(self, kind: str, record: dict[str, Any]) -> None: ...
    def remark(self, text: str) -> None:
        """Something that only logs in plain text say."""

    def tail(self) -> bytes:
        """The last lines of the invocation's log."""

    def flush(self) -> None:
        """Send what there is, soon."""

    async def close(self) -> None:
        """Send what there is, now."""


class Limits(NamedTuple):
    """`timeout` in seconds, `memory` in MiB. `share` of a processor is what invocations may have of the machine, 0 for all of it."""

    timeout: float
    memory: int
    share: float = 0.0


class Parts(NamedTuple):
    """`environ` gets the address of the APIs added. `post` sends telemetry by HTTP. `scratch` makes a directory for temporary files."""

    plan: Plan
    environ: dict[str, str]
    limits: Limits
    journal: Journal
    about: About
    post: Post
    scratch: Callable[[], str]
