"""The example of docs/services/accessanalyzer.md does what its comments say."""

import re
from pathlib import Path

from fogbank.testing import server

PAGE = Path(__file__).parents[3] / "docs" / "services" / "accessanalyzer.md"


def test_example_prints_what_it_promises(capsys):
    code = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)[1]
    promised = [line.rpartition("  # ")[2] for line in code.splitlines() if "print(" in line]
    with server() as running:
        exec(compile(code.replace("http://localhost:4566", running.endpoint), str(PAGE), "exec"), {})
    assert capsys.readouterr().out.splitlines() == promised
    assert promised
