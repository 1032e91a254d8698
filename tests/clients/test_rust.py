"""The AWS SDK for Rust; its tests are in rust/src/main.rs."""

import re
import urllib.request
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent / "rust" / "src" / "main.rs"
TESTS = re.findall(r'^ +Some\("(\w+)"\)', SOURCE.read_text(), re.MULTILINE)


@pytest.mark.parametrize("name", TESTS)
def test_the_sdk(program, prepared, environment, bucket, name):
    environment["BUCKET"] = bucket
    printed = program(prepared("bin/rust-client"), name)
    if name == "addresses_are_signed":
        assert urllib.request.urlopen(printed.strip()).read() == b"hello"
