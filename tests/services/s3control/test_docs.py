"""The example of docs/services/s3control.md does what its comments say."""

import re
from pathlib import Path

from fogbank.testing import server

PAGE = Path(__file__).parents[3] / "docs" / "services" / "s3control.md"


def test_example_prints_what_it_promises(capsys):
    code = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)[1]
    promised = [re.split(r"\)\s*# ", line)[1] for line in code.splitlines() if ")  " in line and "# " in line]
    with server() as running:
        exec(compile(code.replace("http://localhost:4566", running.endpoint), str(PAGE), "exec"), {})
    assert capsys.readouterr().out.splitlines() == promised
    assert promised
