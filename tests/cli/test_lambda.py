"""`fogbank lambda`: what functions need is installed whole, or not at all."""

from __future__ import annotations

import hashlib
import os
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from fogbank.cli import main
from fogbank.cli.errors import Exit
from fogbank.services.lambda_.runtime import installing, interpreters
from fogbank.services.lambda_.runtime.interpreters import Interpreter

# Installs what it is asked for, in the version that its directory's file says; notes how it was called.
NPM = """#!/bin/sh
here=$(dirname "$0")
echo "$@" >> "$here/calls"
while [ $# -gt 0 ]; do
  case $1 in
    --prefix) place=$2; shift ;;
    @*) mkdir -p "$place/node_modules/${1%@3}"
        printf '{"version": "%s"}' "$(cat "$here/version")" > "$place/node_modules/${1%@3}/package.json" ;;
  esac
  shift
done
[ -f "$place/package.json" ] && cp "$place/package.json" "$place/node_modules/found.json"
[ -f "$here/fails" ] && { echo "npm error code E404" >&2; exit 1; }
exit 0
"""


@pytest.fixture
def run(capsys, tmp_path):
    """run("install", "java") runs `fogbank lambda install java` on a directory of the test's. (exit code, output, errors)"""

    def run(*arguments):
        exit_code = main(["lambda", *arguments, "--lambda-libraries", str(tmp_path / "libraries")])
        return exit_code, *capsys.readouterr()

    return run


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """The directory of an npm that needs no network."""
    place = tmp_path / "bin"
    place.mkdir()
    (place / "npm").write_text(NPM)
    (place / "npm").chmod(0o755)
    (place / "version").write_text("3.9.0")
    monkeypatch.setenv("PATH", f"{place}{os.pathsep}{os.environ['PATH']}")
    return place


class Maven:
    """A repository on this machine, and where it lies."""

    def __init__(self, url, root):
        self.url, self.root = url, root

    def change(self, jar, content):
        (self.root / jar.path).write_bytes(content)


@pytest.fixture
def maven(tmp_path, monkeypatch):
    """With jars of its own, whose checksums are what is expected."""
    jars = [each._replace(sha256=hashlib.sha256(each.name.encode()).hexdigest()) for each in installing.JARS]
    monkeypatch.setattr(installing, "JARS", jars)
    root = tmp_path / "maven"
    for jar in jars:
        (root / jar.path).parent.mkdir(parents=True)
        (root / jar.path).write_bytes(jar.name.encode())
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(root))) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield Maven(f"http://127.0.0.1:{server.server_port}", root)
        server.shutdown()
        thread.join()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def left(tmp_path, language):
    """What lies in the directory of libraries, and in that of the language."""
    root = tmp_path / "libraries"
    names = sorted(os.listdir(root)) if root.exists() else []
    return names, sorted(os.listdir(root / language)) if language in names else []


# -- the AWS SDK for JavaScript


def test_the_sdk_has_the_clients_of_all_services_that_there_are(run, npm, tmp_path):
    exit_code, output, _ = run("install", "nodejs")
    assert exit_code == 0 and "AWS SDK for JavaScript 3.9.0" in output
    names = os.listdir(tmp_path / "libraries" / "nodejs" / "node_modules" / "@aws-sdk")
    assert {"client-s3", "client-dynamodb-streams", "client-s3-control", "client-eventbridge", "lib-dynamodb"} <= {
        *names
    }
    assert os.listdir(tmp_path / "libraries") == ["nodejs"]


def test_what_is_installed_is_not_installed_again(run, npm):
    run("install", "nodejs")
    assert run("install", "nodejs")[1].endswith(" was there\n")
    assert (npm / "calls").read_text().count("\n") == 1


def test_an_upgrade_installs_again_with_what_was_added(run, npm, tmp_path):
    run("install", "nodejs")
    (tmp_path / "libraries" / "nodejs" / "package.json").write_text('{"dependencies": {"left-pad": "1"}}')
    (npm / "version").write_text("3.10.0")
    assert "3.10.0" in run("install", "nodejs", "--upgrade")[1]
    assert "left-pad" in (tmp_path / "libraries" / "nodejs" / "node_modules" / "found.json").read_text()


def test_an_npm_that_fails_leaves_nothing(run, npm, tmp_path):
    (npm / "fails").touch()
    exit_code, _, errors = run("install", "nodejs")
    assert (exit_code, errors) == (Exit.FAILED, "fogbank: nodejs: npm install failed: npm error code E404\n")
    assert left(tmp_path, "nodejs") == ([], [])


def test_an_npm_that_fails_leaves_what_was_there(run, npm, tmp_path):
    run("install", "nodejs")
    (npm / "fails").touch()
    assert run("install", "nodejs", "--upgrade")[0] == Exit.FAILED
    assert left(tmp_path, "nodejs") == (["nodejs"], ["node_modules"])


def test_without_npm_it_is_npm_that_is_missing(run, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    exit_code, _, errors = run("install", "nodejs")
    assert (exit_code, errors) == (Exit.FAILED, "fogbank: nodejs: npm is not on the PATH: it comes with Node.js\n")


# -- the runtime interface client for Java


def test_the_client_for_java_is_of_pinned_versions(run, maven, tmp_path):
    exit_code, output, _ = run("install", "java", "--maven", maven.url)
    assert exit_code == 0 and output.endswith("java: runtime interface client 2.6.0\n")
    assert left(tmp_path, "java") == (["java"], sorted(jar.file for jar in installing.JARS))
    assert run("install", "java", "--maven", "http://127.0.0.1:1")[1] == (
        "java: runtime interface client 2.6.0 was there\n"
    )


def test_other_versions_of_the_jars_go_and_other_jars_stay(run, maven, tmp_path):
    place = tmp_path / "libraries" / "java"
    place.mkdir(parents=True)
    for name in ("aws-lambda-java-core-1.0.0.jar", "joda-time-2.10.8.jar"):
        (place / name).touch()
    run("install", "java", "--maven", maven.url)
    assert left(tmp_path, "java")[1] == sorted([*(jar.file for jar in installing.JARS), "joda-time-2.10.8.jar"])


def test_a_jar_that_is_not_the_expected_one_leaves_nothing(run, maven, tmp_path):
    maven.change(installing.JARS[-1], b"something else")
    exit_code, _, errors = run("install", "java", "--maven", maven.url)
    assert exit_code == Exit.FAILED and errors.endswith("is not the file that it should be: its SHA-256 differs\n")
    assert left(tmp_path, "java") == ([], [])


def test_a_network_that_fails_is_told_with_the_address(run, tmp_path):
    exit_code, _, errors = run("install", "java", "--maven", "http://127.0.0.1:1")
    assert exit_code == Exit.FAILED and errors.count("\n") == 1
    assert errors.startswith("fogbank: java: cannot download http://127.0.0.1:1/com/amazonaws/aws-lambda-java-")
    assert "Connection refused" in errors
    assert left(tmp_path, "java") == ([], [])


def test_a_directory_that_cannot_be_written_is_one_line(run, maven, tmp_path):
    (tmp_path / "libraries").write_text("a file")
    exit_code, _, errors = run("install", "java", "--maven", maven.url)
    assert (exit_code, errors.count("\n")) == (Exit.FAILED, 1)
    assert "cannot write" in errors


# -- which languages


def test_without_a_name_it_is_for_the_languages_of_the_machine(run, npm, monkeypatch):
    there = {"nodejs": [Interpreter("/usr/bin/node", (22, 1))], "java": []}
    monkeypatch.setattr(interpreters, "installed", there.get)
    assert {line.split(":")[0] for line in run("install")[1].splitlines()} == {"nodejs"}


def test_without_a_language_there_is_nothing_to_install(run, monkeypatch):
    monkeypatch.setattr(interpreters, "installed", lambda language: [])
    assert run("install")[0] == Exit.FAILED


@pytest.mark.parametrize(
    "arguments",
    [
        ["install", "cobol"],
        ["install", "java", "--maven", "ftp://here"],
        ["runtimes", "java"],
        ["runtimes", "--upgrade"],
    ],
)
def test_mistakes_are_one_line(run, arguments):
    exit_code, _, errors = run(*arguments)
    assert (exit_code, errors.count("\n")) == (Exit.USAGE, 1)


def test_runtimes_are_listed_with_what_runs_them(run, maven, monkeypatch):
    there = {
        "nodejs": [Interpreter("/usr/bin/node", (22, 1, 0))],
        "python": [Interpreter("/usr/bin/python3", (3, 12, 3))],
        "dotnet": [Interpreter("/usr/bin/dotnet", (8, 0, 11))],
    }
    monkeypatch.setattr(interpreters, "installed", lambda language: there.get(language, []))
    run("install", "java", "--maven", maven.url)
    lines = run("runtimes")[1].splitlines()
    listed = {line.split()[0]: line.split(maxsplit=1)[1] for line in lines if line.strip()}
    assert listed["nodejs22.x"] == "22.1.0    /usr/bin/node"
    assert listed["nodejs20.x"] == "22.1.0    /usr/bin/node (the nearest)"
    assert listed["ruby3.4"] == "no interpreter"
    assert listed["dotnet8"] == "8.0.11    /usr/bin/dotnet, executable assemblies"
    assert listed["nodejs"] == "missing: fogbank lambda install nodejs"
    assert listed["java"] == "runtime interface client 2.6.0"
    assert "nodejs12.x" not in listed


def test_exact_runtimes_have_no_nearest(run, monkeypatch):
    monkeypatch.setattr(interpreters, "installed", lambda language: [Interpreter("/usr/bin/node", (22, 1, 0))])
    lines = run("runtimes", "--lambda-runtimes", "exact")[1].splitlines()
    assert [line.split()[0] for line in lines if "/usr/bin/node" in line] == ["nodejs22.x"]
