"""Clients of S3 that nobody here wrote, each skipped where it is not installed: `pip install -e '.[test,clients]'` brings most.

Some want versions of their own of what Fogbank's tests use (s3fs another botocore, DuckDB's httpfs another DuckDB). They can live in an
environment of their own, whose interpreter `FOGBANK_CLIENTS_PYTHON` names.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

_numbers = itertools.count()
# read before the tests take Fogbank's settings out of the environment
_OTHER_PYTHON = os.environ.get("FOGBANK_CLIENTS_PYTHON", "")
_CACHE = Path(os.environ.get("FOGBANK_CLIENTS_CACHE") or Path.home() / ".cache" / "fogbank-clients")


@pytest.fixture
def s3(aws):
    return aws("s3")


@pytest.fixture
def bucket(s3, aws):
    name = f"clients-{aws.account}-{next(_numbers)}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def environment(aws, tmp_path):
    """The environment variables that point a program at the test's account."""
    return {
        "AWS_ACCESS_KEY_ID": aws.account,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": aws.endpoint,
        "AWS_ENDPOINT_URL_S3": aws.endpoint,
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "HOME": str(tmp_path),
        "PATH": os.environ.get("PATH", ""),
    }


@pytest.fixture
def prepared():
    """The path of what `tests/clients/prepare` fetched or built."""

    def find(name):
        path = _CACHE / name
        if not path.exists():
            pytest.skip(f"{path} is missing: run tests/clients/prepare")
        return path

    return find


@pytest.fixture
def program(environment, tmp_path):
    """Runs a program of this environment, in a directory of the test's own, and gives what it printed."""

    def run(name, *arguments, fails=False, also_errors=False):
        path = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
        if path is None:
            pytest.skip(f"{name} is not installed")
        command = [path, *map(str, arguments)]
        done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert (done.returncode != 0) is fails, done.stderr + done.stdout
        return done.stdout + done.stderr if fails or also_errors else done.stdout

    return run


@pytest.fixture
def python_with(environment, tmp_path):
    """Runs a script with an interpreter that has a module, and gives what it printed."""

    def run(module, script):
        python = sys.executable if importlib.util.find_spec(module) else _OTHER_PYTHON
        check = [python, "-c", f"import {module}"] if python else []
        if not check or subprocess.run(check, capture_output=True, timeout=60).returncode:
            pytest.skip(f"{module} is not installed (it may be in the environment of FOGBANK_CLIENTS_PYTHON)")
        done = subprocess.run(
            [python, "-c", textwrap.dedent(script)],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
