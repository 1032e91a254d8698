"""The examples of docs/services/dynamodb.md do what their comments say."""

import re
from pathlib import Path

from fogbank.testing import server

PAGE = Path(__file__).parents[3] / "docs" / "services" / "dynamodb.md"


def test_examples_print_what_they_promise(capsys):
    code = "\n".join(re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL))
    promised = [re.split(r"\)\s*# ", line)[1] for line in code.splitlines() if line.lstrip().startswith("print(")]
    with server() as running:
        exec(compile(code.replace("http://localhost:4566", running.endpoint), str(PAGE), "exec"), {})
    assert capsys.readouterr().out.splitlines() == promised
    assert promised
