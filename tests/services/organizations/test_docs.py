"""The examples of the pages do what their comments say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fogbank.testing import server

PAGES = Path(__file__).parents[3] / "docs" / "services"


@pytest.mark.parametrize("page", ["organizations.md", "account.md"])
def test_example_prints_what_it_promises(page, capsys):
    code = re.search(r"```python\n(.*?)```", (PAGES / page).read_text(), re.DOTALL)[1]
    promised = [line.rpartition("  # ")[2] for line in code.splitlines() if "print(" in line]
    with server() as running:
        exec(compile(code.replace("http://localhost:4566", running.endpoint), page, "exec"), {})
    assert capsys.readouterr().out.splitlines() == promised
    assert promised
