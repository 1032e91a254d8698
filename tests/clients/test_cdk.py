"""The CDK, as it comes: bootstrap, deploy, deploy again, destroy. `tests/clients/prepare cdk` fetches it."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

_HERE = Path(__file__).parent / "cdk"


@pytest.fixture
def cdk(aws, environment, prepared, tmp_path):
    """Runs the CDK's command in the account of the test."""
    libraries = prepared("cdk/node_modules").parent
    app = tmp_path / "app"
    shutil.copytree(_HERE, app)
    more = {
        "CDK_LIBRARIES": str(libraries),
        "PYTHON_RUNTIME": f"python3.{sys.version_info.minor}",
        "CDK_DISABLE_VERSION_CHECK": "1",
        "CDK_DISABLE_CLI_TELEMETRY": "true",
    }

    def run(*arguments, **variables):
        command = [str(libraries / "node_modules/.bin/cdk"), *arguments, "--app", "node app.cjs", "--ci"]
        done = subprocess.run(
            command,
            cwd=app,
            env={**environment, **more, **variables},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_cdk_deploys_changes_and_destroys(aws, cdk, tmp_path):
    cdk("bootstrap", f"aws://{aws.account}/us-east-1")
    outputs = tmp_path / "outputs.json"
    cdk("deploy", "--require-approval", "never", "--outputs-file", str(outputs))
    told = json.loads(outputs.read_text())["Shop"]

    aws("sns").publish(TopicArn=told["TopicArn"], Message="an order")
    deadline = time.monotonic() + 30
    while not (items := aws("dynamodb").scan(TableName=told["TableName"])["Items"]):
        assert time.monotonic() < deadline, "the order did not arrive"
        time.sleep(0.05)
    assert items == [{"pk": {"S": "an order"}}]

    assert "no changes" in cdk("deploy", "--require-approval", "never")
    cdk("deploy", "--require-approval", "never", STAGE="two")
    variables = aws("lambda").get_function_configuration(FunctionName=told["FunctionName"])["Environment"]["Variables"]
    assert variables["STAGE"] == "two"

    cdk("destroy", "--force")
    assert aws("lambda").list_functions()["Functions"] == []
    assert aws("dynamodb").list_tables()["TableNames"] == []
