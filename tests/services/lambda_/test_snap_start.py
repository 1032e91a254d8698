"""SnapStart: published versions are initialised once, and their environments go on from there."""

import base64

import pytest
from botocore.exceptions import ClientError

from tests.services.lambda_.functions import code

# The first version of Python that has snapshots; it is run with the interpreter that there is.
PYTHON = "python3.12"
COUNTING = """
import os
initialised_by = os.getpid()
kind = os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"]
def handler(event, context):
    return {"initialised by": initialised_by, "runs in": os.getpid(), "kind": kind, "version": context.function_version}
"""
HOOKS = """
import os
from snapshot_restore_py import register_after_restore, register_before_snapshot
happened = ["init"]
@register_before_snapshot
def first():
    happened.append("before 1")
@register_before_snapshot
def second():
    happened.append("before 2")
@register_after_restore
def later():
    happened.append("after")
def handler(event, context):
    return happened
"""


@pytest.fixture
def publish(functions):
    """Makes a function with SnapStart and publishes it. Returns the version's number when there is a snapshot."""

    def run(source, **options):
        functions.make(source, Runtime=PYTHON, SnapStart={"ApplyOn": "PublishedVersions"}, **options)
        return published(functions)

    return run


def published(functions):
    version = functions.client.publish_version(FunctionName="f")["Version"]
    functions.client.get_waiter("published_version_active").wait(
        FunctionName="f", Qualifier=version, WaiterConfig={"Delay": 0.005, "MaxAttempts": 6000}
    )
    return version


def state(functions, version):
    return functions.client.get_function_configuration(FunctionName="f", Qualifier=version)


def test_environments_are_forks_of_what_was_initialised_at_publication(functions, publish):
    version = publish(COUNTING)
    found, _ = functions.call(Qualifier=version)
    assert found["initialised by"] != found["runs in"]
    assert (found["kind"], found["version"]) == ("snap-start", version)


def test_the_unpublished_version_starts_as_others_do(functions, publish):
    publish(COUNTING)
    found, _ = functions.call()
    assert found["initialised by"] == found["runs in"]
    assert found["kind"] == "on-demand"


def test_a_version_is_pending_until_there_is_a_snapshot(functions):
    functions.make(COUNTING, Runtime=PYTHON, SnapStart={"ApplyOn": "PublishedVersions"})
    made = functions.client.publish_version(FunctionName="f")
    assert (made["State"], made["StateReasonCode"]) == ("Pending", "Creating")
    assert made["SnapStart"] == {"ApplyOn": "PublishedVersions", "OptimizationStatus": "On"}
    with pytest.raises(ClientError) as error:
        functions.call(Qualifier="1")
    assert code(error) == "SnapStartNotReadyException"
    latest = functions.client.get_function_configuration(FunctionName="f")
    assert latest["SnapStart"]["OptimizationStatus"] == "Off"


def test_hooks_run_before_the_snapshot_in_reverse_and_after_it(functions, publish):
    version = publish(HOOKS)
    assert functions.call(Qualifier=version) == (["init", "before 2", "before 1", "after"], None)


def test_reports_tell_how_long_it_took_to_restore(functions, publish):
    version = publish(COUNTING)
    answers = [functions.client.invoke(FunctionName="f", Qualifier=version, LogType="Tail") for _ in range(2)]
    first, second = [base64.b64decode(each["LogResult"]).decode() for each in answers]
    assert "Restore Duration: " in first and "Billed Restore Duration: " in first and "Init Duration" not in first
    assert "RESTORE_REPORT Restore Duration: " in first
    assert "Restore Duration" not in second


def test_two_environments_do_not_share_what_they_change(functions, publish, own_tmp):
    source = (
        "import os, time\nopen('/tmp/n', 'w').write('0')\nseen = []\n"
        "def handler(event, context):\n"
        "    seen.append(event['n'])\n    open('/tmp/n', 'a').write(str(event['n']))\n"
        "    time.sleep(0.3)\n    return seen, open('/tmp/n').read()\n"
    )
    version = publish(source)
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda n: functions.call({"n": n}, Qualifier=version)[0], (1, 2)))
    assert found == [[[1], "01"], [[2], "02"]]


def test_connections_of_the_snapshot_are_dead(functions, publish):
    source = (
        "import os, socket\nhost, port = os.environ['AWS_LAMBDA_RUNTIME_API'].split(':')\n"
        "connection = socket.create_connection((host, int(port)))\n"
        "def handler(event, context):\n    return connection.recv(1).decode()\n"
    )
    version = publish(source)
    assert functions.call(Qualifier=version) == ("", None)


def test_an_environment_that_ends_is_replaced_by_another_fork(functions, publish):
    version = publish(
        "import os\nn = os.urandom(4).hex()\ndef handler(event, context):\n    return n, event and os._exit(3)\n"
    )
    first, _ = functions.call(Qualifier=version)
    document, _ = functions.call({"exit": True}, Qualifier=version)
    assert document["errorType"] == "Runtime.ExitError"
    assert functions.call(Qualifier=version)[0] == first


def test_a_version_that_cannot_be_initialised_fails(functions):
    functions.make("raise ValueError('no')\n", Runtime=PYTHON, SnapStart={"ApplyOn": "PublishedVersions"})
    version = functions.client.publish_version(FunctionName="f")["Version"]
    while (found := state(functions, version))["State"] == "Pending":
        pass
    assert (found["State"], found["StateReasonCode"]) == ("Failed", "FunctionError")


def test_a_hook_that_fails_before_the_snapshot_fails_the_version(functions):
    source = HOOKS.replace('happened.append("before 1")', "raise ValueError('no')")
    functions.make(source, Runtime=PYTHON, SnapStart={"ApplyOn": "PublishedVersions"})
    version = functions.client.publish_version(FunctionName="f")["Version"]
    while (found := state(functions, version))["State"] == "Pending":
        pass
    assert found["State"] == "Failed" and "Runtime.BeforeSnapshotError" in found["StateReason"]


def test_a_hook_that_fails_after_it_fails_the_invocation(functions, publish):
    version = publish(HOOKS.replace('happened.append("after")', "raise ValueError('no')"))
    with pytest.raises(ClientError) as error:
        functions.call(Qualifier=version)
    assert code(error) == "SnapStartException"


def test_a_deleted_version_has_no_snapshot_any_more(functions, publish):
    version = publish(COUNTING)
    functions.client.delete_function(FunctionName="f", Qualifier=version)
    with pytest.raises(ClientError) as error:
        functions.call(Qualifier=version)
    assert code(error) == "ResourceNotFoundException"


@pytest.mark.parametrize(
    "options",
    [
        {"Runtime": "python3.11"},
        {"Runtime": "nodejs20.x"},
        {"Runtime": "provided.al2023"},
        {"Runtime": PYTHON, "EphemeralStorage": {"Size": 513}},
        {
            "Runtime": PYTHON,
            "FileSystemConfigs": [
                {
                    "Arn": "arn:aws:elasticfilesystem:us-east-1:111122223333:access-point/fsap-0123456789abcdef0",
                    "LocalMountPath": "/mnt/x",
                }
            ],
        },
    ],
)
def test_not_everything_has_snapshots(functions, options):
    with pytest.raises(ClientError, match="is not supported for SnapStart enabled functions") as error:
        functions.make(COUNTING, SnapStart={"ApplyOn": "PublishedVersions"}, **options)
    assert code(error) == "InvalidParameterValueException"


def test_provisioned_concurrency_and_snapshots_exclude_each_other(functions, publish):
    version = publish(COUNTING)
    with pytest.raises(ClientError, match="SnapStart") as error:
        functions.client.put_provisioned_concurrency_config(
            FunctionName="f", Qualifier=version, ProvisionedConcurrentExecutions=1
        )
    assert code(error) == "InvalidParameterValueException"
