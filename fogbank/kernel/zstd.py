"""Zstandard, which the extra `zstd` brings where Python does not have it."""

from __future__ import annotations

from typing import Any

from fogbank.kernel.errors import not_implemented


def module() -> Any:
    """Raises ImportError."""
    try:
        from compression import zstd  # type: ignore[import-not-found]  # Python 3.14
    except ImportError:
        from backports import zstd
    return zstd


def require(service: str, what: str) -> None:
    """501 where it is not there; `what` needs it (`ImportTable of ZSTD files`)."""
    try:
        module()
    except ImportError:
        raise not_implemented(service, f"{what} (without `pip install fogbank[zstd]`)") from None
