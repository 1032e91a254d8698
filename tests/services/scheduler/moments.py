"""Moments of the server's virtual clock."""

from datetime import UTC, datetime, timedelta


def now(clock):
    """The time on the server's clock."""
    return datetime.fromtimestamp(clock.now(), UTC)


def at(clock, **after):
    """The expression of a one-time schedule, so long from now."""
    return f"at({now(clock) + timedelta(**after):%Y-%m-%dT%H:%M:%S})"
