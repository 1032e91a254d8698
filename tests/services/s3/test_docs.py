"""The examples of the pages do what their comments say."""

import re
from pathlib import Path

import pytest

from fogbank.testing import server

PAGES = Path(__file__).parents[3] / "docs" / "services"


@pytest.mark.parametrize("name", ["s3.md", "s3-protection.md"])
def test_example_prints_what_it_promises(capsys, name):
    page = PAGES / name
    code = re.search(r"```python\n(.*?)```", page.read_text(), re.DOTALL)[1]
    promised = [re.split(r"\)\s*# ", line)[1] for line in code.splitlines() if ")  " in line and "# " in line]
    with server() as running:
        exec(compile(code.replace("http://localhost:4566", running.endpoint), str(page), "exec"), {})
    assert capsys.readouterr().out.splitlines() == promised
    assert promised
