"""The examples of docs/services/*.md do what their comments say.

Each `print(...)` has what it prints in a comment behind it, where `...` stands for anything. What needs more than Fogbank and boto3 is in
blocks of `py` instead of `python`, and is not run here.
"""

import re
from pathlib import Path

import pytest

from fogbank.testing import server

PAGES = sorted((Path(__file__).parents[2] / "docs" / "services").glob("*.md"))
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
EXAMPLES = {page.stem: "\n".join(BLOCK.findall(page.read_text())) for page in PAGES if BLOCK.search(page.read_text())}


def promised(code):
    """What the prints say that they print, as patterns."""
    prints = [line for line in code.splitlines() if line.lstrip().startswith("print(")]
    silent = [line for line in prints if "  # " not in line]
    assert not silent, f"does not say what it prints: {silent[0]}"
    texts = [line.rpartition("  # ")[2] for line in prints]
    return [".*".join(map(re.escape, text.split("..."))) for text in texts]


@pytest.mark.timeout(120, method="signal")  # they wait for what happens, and would do so for ever
@pytest.mark.parametrize("page", EXAMPLES)
def test_an_example_prints_what_it_promises(page, capsys):
    code = EXAMPLES[page]
    patterns = promised(code)
    assert patterns, "prints nothing"
    with server() as running:
        here = re.sub(r"http://(localhost|127\.0\.0\.1):4566", running.endpoint, code)
        exec(compile(here, f"{page}.md", "exec"), {"__name__": page})
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == len(patterns), printed
    for line, pattern in zip(printed, patterns, strict=True):
        assert re.fullmatch(pattern, line), f"{line!r} is not {pattern!r}"
