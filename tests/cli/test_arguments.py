"""The command line without a server: what is refused, and how."""

import subprocess
import sys

import pytest

from fogbank.cli import main
from fogbank.cli.arguments import parse
from fogbank.config import OPTIONS


def refusal(capsys, *arguments: str) -> tuple[int, str]:
    """Exit code and the one line on stderr."""
    code = main(arguments)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1 and err.startswith("fogbank: ")
    return code, err.strip()


def test_unknown_flag_is_one_line_and_exit_code_2(capsys):
    code, line = refusal(capsys, "start", "--prot", "1")
    assert (code, line) == (2, "fogbank: unrecognized arguments: --prot 1 (see fogbank --help)")


def test_unknown_command_is_one_line_and_exit_code_2(capsys):
    code, line = refusal(capsys, "begin")
    assert code == 2
    assert "invalid choice: 'begin'" in line


def test_missing_command_is_one_line_and_exit_code_2(capsys):
    assert refusal(capsys)[0] == 2


def test_bad_value_is_one_line_and_exit_code_2(capsys):
    code, line = refusal(capsys, "start", "--port", "http")
    assert (code, line) == (2, "fogbank: --port: expected a port number from 0 to 65535, not 'http'")


def test_a_store_that_is_no_postgresql_url_is_refused(capsys):
    code, line = refusal(capsys, "start", "--store", "mysql://localhost/x")
    assert (code, line) == (
        2,
        "fogbank: --store: expected a URL that begins with postgresql://, not 'mysql://localhost/x'",
    )


def test_a_store_that_cannot_be_reached_is_one_line_without_the_password(capsys, tmp_path):
    url = "postgresql://me:secret@127.0.0.1:1/x"
    code, line = refusal(capsys, "start", "--port=0", f"--data-dir={tmp_path}", "--store", url)
    assert code == 5
    assert line.startswith("fogbank: cannot open the store at postgresql://me:***@127.0.0.1:1/x: ")


def test_clock_advance_without_duration_is_refused(capsys):
    assert refusal(capsys, "clock", "advance", "--port", "1")[0] == 2


def test_unknown_service_is_refused(capsys):
    code, line = refusal(capsys, "services", "nosuch")
    assert (code, line) == (1, "fogbank: Fogbank has no service 'nosuch': see `fogbank services`")


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_every_option_is_a_flag_of_start(option):
    arguments = [option.flag] if option.is_switch else [option.flag, "x"]
    assert parse(["start", *arguments]).flags == {option.name: "1" if option.is_switch else "x"}


def test_every_switch_can_be_taken_back():
    assert parse(["start", "--no-ephemeral"]).flags == {"ephemeral": "0"}


def test_everything_after_aws_belongs_to_the_aws_cli():
    assert parse(["aws", "--version", "--port", "x"]).arguments == ["--version", "--port", "x"]


def test_module_runs_as_the_command():
    done = subprocess.run([sys.executable, "-m", "fogbank", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("fogbank ")
