"""The tour in the README can be pasted."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"
# What prepares the reader's shell, which the test has prepared already.
PREPARATION = ("cd ", "export PATH", "pip install")


def tour() -> str:
    """The commands of the tour, as one script."""
    section = README.read_text().partition("\n## A tour")[2].partition("\n## ")[0]
    lines = [match[1] for match in re.finditer(r"^    (.*)$", section, re.MULTILINE)]
    return "\n".join(line for line in lines if not line.startswith(PREPARATION))


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return str(server.getsockname()[1])


def test_tour_can_be_pasted(tmp_path):
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "FOGBANK_PORT": free_port(),
    }
    script = f"set -euo pipefail\nfogbank start --detach\n{tour()}\n"
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    before, killed, after = done.stdout.rpartition("Fogbank 0.")
    assert "Hello, Lisbon" in before, before
    assert "letters/first.txt" in before and '"ScannedCount": 2' in before
    assert killed and "Good morning\n" in after
    assert '"Body": "are you there?"' in after and '"Count": 3' in after
    assert after.rstrip().rpartition("\n")[2].startswith("Stopped (pid ")
