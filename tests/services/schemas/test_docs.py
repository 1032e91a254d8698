"""The example of docs/services/schemas.md does what its comments say."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "services" / "schemas.md"


def test_example_prints_what_it_promises(fogbank_server, capsys):
    code = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)[1]
    promised = [re.split(r"\)\s*# ", line)[1] for line in code.splitlines() if ")  # " in line]
    with_own_account = code.replace('aws_access_key_id="test"', 'aws_access_key_id="111122227772"')
    exec(compile(with_own_account.replace("http://localhost:4566", fogbank_server.endpoint), str(PAGE), "exec"), {})
    assert capsys.readouterr().out.splitlines() == promised
    assert promised
