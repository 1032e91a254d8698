"""Terraform with the AWS provider: apply, a plan that finds nothing to do, a change, destroy.

`tests/clients/prepare terraform` fetches it.
"""

import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

_CONFIGURATION = Path(__file__).parent / "terraform" / "main.tf"
_MIRROR = 'provider_installation {{\n  filesystem_mirror {{ path = "{}" }}\n}}\n'
_NOTHING_TO_DO = 0


@pytest.fixture
def terraform(environment, prepared, tmp_path):
    """Runs terraform on the configuration, in the account of the test, and gives its status and what it printed."""
    program = shutil.which("terraform")
    if program is None:
        pytest.skip("terraform is not installed")
    settings = tmp_path / "terraform.rc"
    settings.write_text(_MIRROR.format(prepared("terraform")))
    shutil.copy(_CONFIGURATION, tmp_path)
    with zipfile.ZipFile(tmp_path / "worker.zip", "w") as package:
        package.writestr("index.py", "def handler(event, context):\n    return event\n")
    more = {"TF_CLI_CONFIG_FILE": str(settings), "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1"}

    def run(*arguments):
        command = [program, *arguments, "-no-color"]
        environ = {**environment, **more}
        return subprocess.run(
            command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=120, check=False
        )

    return run


def test_terraform_applies_finds_nothing_to_do_changes_and_destroys(aws, terraform):
    def well(*arguments):
        done = terraform(*arguments, "-parallelism=4")
        assert done.returncode == 0, done.stdout + done.stderr

    initialised = terraform("init")
    assert initialised.returncode == 0, initialised.stderr
    well("apply", "-auto-approve")
    plan = terraform("plan", "-detailed-exitcode")
    assert plan.returncode == _NOTHING_TO_DO, plan.stdout + plan.stderr

    well("apply", "-auto-approve", "-var", "stage=two")
    outputs = {name: told["value"] for name, told in json.loads(terraform("output", "-json").stdout).items()}
    assert outputs["account"] == aws.account
    body = aws("s3").get_object(Bucket=outputs["bucket"], Key="greeting.txt")["Body"].read()
    assert body == b"hello two"

    well("destroy", "-auto-approve", "-var", "stage=two")
    assert aws("s3").list_buckets()["Buckets"] == []
    assert aws("lambda").list_functions()["Functions"] == []
