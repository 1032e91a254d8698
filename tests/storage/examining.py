"""`fogbank doctor`, as tests ask it."""

from __future__ import annotations

import io
import os
from contextlib import redirect_stderr, redirect_stdout
from typing import NamedTuple

from fogbank.cli import main


class Told(NamedTuple):
    code: int
    out: str
    err: str


def doctor(path: str | os.PathLike[str], *options: str) -> Told:
    """What the command says of a data directory."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(["doctor", f"--data-dir={path}", *options])
    return Told(code, out.getvalue(), err.getvalue())
