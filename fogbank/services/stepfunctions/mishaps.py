"""What nobody foresaw: an error of the interpreter, or of what a state asks for, is logged, and fails the execution."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from fogbank.services.stepfunctions.language.failure import Broken, Failure, runtime
from fogbank.storage.base import StoreError

log = logging.getLogger("fogbank.stepfunctions")


def noted(error: Exception, where: str) -> Broken:
    """The failure that an error is to an execution; the log has the rest."""
    log.error("unexpected error in %s", where, exc_info=error)
    return runtime(f"Internal error: {type(error).__name__}: {error}")


@contextmanager
def as_failures(where: str) -> Iterator[None]:
    """What is done here fails with a Failure, or, to be done again, because of the store."""
    try:
        yield
    except (Failure, StoreError):
        raise
    except Exception as error:
        raise noted(error, where) from error
