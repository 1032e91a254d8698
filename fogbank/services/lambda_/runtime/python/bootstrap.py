"""The runtime as a program of its own: what wrapper scripts start (AWS_LAMBDA_EXEC_WRAPPER)."""

import os
import sys

_environ = os.environ
_first = [
    _environ["LAMBDA_TASK_ROOT"],
    *_environ.get("PYTHONPATH", "").split(os.pathsep),
    _environ["LAMBDA_RUNTIME_DIR"],
]
# the first entry is where this file lies
sys.path[:] = list(dict.fromkeys([*filter(None, _first), *sys.path[1:]]))

from awslambdaric.__main__ import main  # noqa: E402

main(["bootstrap", _environ["_HANDLER"]])
