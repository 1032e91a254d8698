"""The examples of docs/services/s3-notifications.md, s3-website.md and s3-directories.md do what their comments say."""

import re
from pathlib import Path

import pytest

from fogbank.testing import server

PAGES = Path(__file__).parents[3] / "docs" / "services"


@pytest.mark.parametrize("page", ["s3-notifications.md", "s3-website.md", "s3-directories.md"])
def test_example_prints_what_it_promises(page, capsys):
    code = re.search(r"```python\n(.*?)```", (PAGES / page).read_text(), re.DOTALL)[1]
    promised = [re.split(r"\)\s*# ", line)[1] for line in code.splitlines() if ")  # " in line]
    with server() as running:
        exec(compile(re.sub("http://(localhost|127.0.0.1):4566", running.endpoint, code), page, "exec"), {})
    assert capsys.readouterr().out.splitlines() == promised
    assert promised
