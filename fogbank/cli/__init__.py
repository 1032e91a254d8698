"""The `fogbank` command. Parts are imported when their command runs, so that `fogbank start` stays quick and small."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from fogbank.cli.errors import CommandError, Exit
from fogbank.config import SettingsError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code. Whatever goes wrong is one line on stderr, never a traceback."""
    from fogbank.cli.arguments import parse

    try:
        command = parse(sys.argv[1:] if arguments is None else arguments)
        return command.run(command) or 0
    except CommandError as error:
        return _fail(error.exit_code, str(error))
    except SettingsError as error:
        return _fail(Exit.USAGE, str(error))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output went away (`fogbank logs | head`); keep Python from complaining when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def _fail(code: int, message: str) -> int:
    print(f"fogbank: {message}", file=sys.stderr)
    return code
