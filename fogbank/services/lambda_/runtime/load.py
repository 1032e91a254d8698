"""How many invocations are being handled: what concurrency limits look at."""

from __future__ import annotations

from collections import Counter


class Load:
    """Counted by version, by function, and by account and region."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def enter(self, arn: str) -> None:
        """An invocation of a version (`arn` is qualified) begins."""
        for each in _places(arn):
            self._counts[each] += 1

    def leave(self, arn: str) -> None:
        for each in _places(arn):
            self._counts[each] -= 1
            if not self._counts[each]:
                del self._counts[each]

    def of(self, arn: str) -> int:
        """`arn` is that of a version, that of a function, or of a function without its name: all of the account and region."""
        return self._counts[arn]


def _places(arn: str) -> tuple[str, str, str]:
    function = arn.rpartition(":")[0]
    return arn, function, function.rpartition(":")[0] + ":"
