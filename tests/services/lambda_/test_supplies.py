"""What AWS's runtimes bring besides an interpreter is there when a function needs it."""

import os
import shutil

import pytest

from fogbank.services.lambda_.runtime.supplies import Supplies
from fogbank.testing.clients import Clients
from fogbank.testing.in_process import server
from tests.services.lambda_.functions import Functions

# "Installs" modules that export the word npm; notes that it was called.
NPM = """#!/bin/sh
here=$(dirname "$0")
echo called >> "$here/calls"
[ -f "$here/fails" ] && { echo "npm error: no network" >&2; exit 1; }
while [ $# -gt 0 ]; do
  case $1 in
    --prefix) place=$2; shift ;;
    @*) module="$place/node_modules/${1%@3}"; mkdir -p "$module"; echo 'exports.from = "npm"' > "$module/index.js" ;;
  esac
  shift
done
"""
NAMED = 'const { from } = require("@aws-sdk/client-s3"); exports.handler = async () => from'


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """The directory of an npm that needs no network."""
    place = tmp_path / "bin"
    place.mkdir()
    (place / "npm").write_text(NPM)
    (place / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", f"{place}{os.pathsep}{os.environ['PATH']}")
    return place


@pytest.fixture
def package(tmp_path):
    """The directory of a package of those files."""

    def make(**files):
        code = tmp_path / "code"
        code.mkdir()
        for name, content in files.items():
            (code / name.replace("_", ".")).write_text(content)
        return code

    return make


@pytest.fixture
def supplies(tmp_path):
    return Supplies(str(tmp_path / "libraries"), installs=True)


def calls(npm):
    return (npm / "calls").read_text().count("called") if (npm / "calls").exists() else 0


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node.js")
def test_a_function_that_names_the_sdk_has_it(npm, tmp_path):
    with server(lambda_libraries=str(tmp_path / "libraries")) as running:
        aws = Clients(running.endpoint)
        functions = Functions(aws)
        functions.make({"index.js": NAMED}, Runtime="nodejs20.x")
        assert functions.call() == ("npm", None)
        aws.close()


def test_it_is_fetched_once(npm, supplies, package):
    code = package(index_js=NAMED)
    assert [supplies.sdk(str(code), []) for _ in range(2)] == ["", ""]
    assert calls(npm) == 1


def test_nothing_is_fetched_that_nobody_names(npm, supplies, package):
    assert supplies.sdk(str(package(index_mjs="export const handler = async () => 1", notes_txt="@aws-sdk/")), []) == ""
    assert calls(npm) == 0


@pytest.mark.parametrize("where", ["code", "layer"])
def test_nothing_is_fetched_that_a_package_or_a_layer_brings(npm, supplies, package, tmp_path, where):
    code, layer = package(index_js=NAMED), tmp_path / "layer"
    (code if where == "code" else layer / "nodejs").joinpath("node_modules", "@aws-sdk").mkdir(parents=True)
    assert supplies.sdk(str(code), [str(layer)]) == ""
    assert calls(npm) == 0


def test_what_could_not_be_fetched_is_told_and_not_tried_at_once_again(npm, supplies, package):
    (npm / "fails").touch()
    code = package(index_js=NAMED)
    reasons = {supplies.sdk(str(code), []) for _ in range(2)}
    assert reasons == {"npm install failed: npm error: no network"}
    assert calls(npm) == 1


def test_nothing_is_fetched_unasked_where_that_is_not_wanted(npm, package, tmp_path):
    supplies = Supplies(str(tmp_path / "libraries"), installs=False)
    assert "fogbank lambda install nodejs" in supplies.sdk(str(package(index_js=NAMED)), [])
    assert "fogbank lambda install java" in supplies.runtime_client()
    assert calls(npm) == 0
