"""The example of docs/services/s3tables.md does what its comments say."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "services" / "s3tables.md"


def test_example_prints_what_it_promises(fogbank_server, aws, capsys):
    code = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)[1]
    promised = [line.rpartition(")  # ")[2] for line in code.splitlines() if ")  # " in line]
    with_own_account = code.replace('"aws_access_key_id": "test"', f'"aws_access_key_id": "{aws.account}"')
    exec(compile(with_own_account.replace("http://localhost:4566", fogbank_server.endpoint), str(PAGE), "exec"), {})
    assert capsys.readouterr().out.splitlines() == promised
    assert promised
