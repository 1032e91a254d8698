"""Rotation by a function. The function here is Python in the test's process, in the place of the Lambda service."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta

import pytest

from fogbank.kernel import AWSError, Service
from fogbank.services.secretsmanager import limits
from fogbank.services.secretsmanager.rotation_steps import FIRST, STEPS, TABLE, event_of
from fogbank.testing import server
from fogbank.testing.clients import Clients
from fogbank.testing.clock import ServerClock

FUNCTION = "arn:aws:lambda:us-east-1:111122223333:function:rotate"
DAILY = {"ScheduleExpression": "rate(1 day)"}


class Rotator:
    """A rotation function as AWS's templates have it.

    `events` are the calls; `failing` the steps that go wrong, `idle` those that do nothing.
    """

    def __init__(self):
        self.sm = None
        self.events = []
        self.failing = set()
        self.idle = set()

    def __call__(self, event):
        self.events.append(event)
        step, arn, token = event["Step"], event["SecretId"], event["ClientRequestToken"]
        if step in self.failing:
            raise RuntimeError(step)
        if step in self.idle:
            return
        if step == "createSecret":
            self.sm.put_secret_value(
                SecretId=arn, ClientRequestToken=token, SecretString=f"of {token}", VersionStages=["AWSPENDING"]
            )
        if step == "finishSecret":
            stages = self.sm.describe_secret(SecretId=arn)["VersionIdsToStages"]
            current = next((version for version, labels in stages.items() if "AWSCURRENT" in labels), None)
            moved = {"RemoveFromVersionId": current} if current else {}
            self.sm.update_secret_version_stage(SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, **moved)

    @property
    def steps(self):
        return [event["Step"] for event in self.events]


def functions(rotator):
    """A Lambda service that has the one function."""
    service = Service("lambda")

    @service.operation(transaction=False, open=True)
    async def invoke(ctx, request):
        if request["FunctionName"] != FUNCTION:
            raise AWSError("ResourceNotFoundException", "Function not found")
        if request.get("InvocationType") == "DryRun":
            return {"StatusCode": 204}
        try:
            await asyncio.to_thread(rotator, json.loads(request["Payload"]))
        except Exception as error:
            return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": str(error).encode()}
        return {"StatusCode": 200, "Payload": b"null"}

    return service


@pytest.fixture(scope="module")
def rotating_server():
    with server() as running:
        yield running


@pytest.fixture
def rotator(rotating_server):
    rotating_server.reset()  # of what other tests have rotated by schedule
    rotator = Rotator()
    rotating_server.app.services._loaded["lambda"] = functions(rotator)
    return rotator


@pytest.fixture
def aws(rotating_server):
    clients = Clients(rotating_server.endpoint)
    yield clients
    clients.close()


class SettlingClock(ServerClock):
    """A clock that lets invocations end, which take place beside the clock, before it moves and before it is done."""

    def __init__(self, running):
        super().__init__(running)
        self.running = running

    def advance(self, **duration):
        self.settle()
        super().advance(**duration)
        self.settle()

    def settle(self):
        deadline = time.monotonic() + 10
        while self._due() and time.monotonic() < deadline:
            time.sleep(0.005)

    def _due(self):
        app = self.running.app
        now = app.clock.now()
        return any(task.due / 1e6 <= now for task in self.running.call(app.tasks.list_pending()))


@pytest.fixture
def clock(rotating_server):
    moved = SettlingClock(rotating_server)
    yield moved
    moved.settle()
    moved.reset()


@pytest.fixture
def sm(aws, rotator):
    rotator.sm = aws("secretsmanager")
    return rotator.sm


@pytest.fixture
def secret(sm, version):
    sm.create_secret(Name="db", SecretString="first", ClientRequestToken=version(1))


@pytest.fixture
def rotate(sm, version, clock):
    """Begins a rotation to version 2 and lets it take place."""

    def rotate(number=2, rules=DAILY, **params):
        answer = sm.rotate_secret(
            SecretId="db",
            RotationLambdaARN=FUNCTION,
            RotationRules=rules,
            ClientRequestToken=version(number),
            **params,
        )
        clock.advance(seconds=1)
        return answer

    return rotate


def today():
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


# -- one rotation


def test_a_rotation_invokes_the_function_for_each_step_with_one_token(sm, secret, rotate, rotator, version):
    answer = rotate()
    assert answer["VersionId"] == version(2)
    assert rotator.steps == ["createSecret", "setSecret", "testSecret", "finishSecret"]
    assert {event["ClientRequestToken"] for event in rotator.events} == {version(2)}
    assert {event["SecretId"] for event in rotator.events} == {answer["ARN"]}
    assert len({event["RotationToken"] for event in rotator.events}) == 1


def test_after_a_rotation_the_new_version_is_current_and_the_old_one_previous(sm, secret, rotate, version, stages):
    rotate()
    assert stages() == {version(1): ["AWSPREVIOUS"], version(2): ["AWSCURRENT", "AWSPENDING"]}
    assert sm.get_secret_value(SecretId="db")["SecretString"] == f"of {version(2)}"


def test_a_secret_without_a_value_gets_its_first_one_by_rotation(sm, rotate, version):
    sm.create_secret(Name="db")
    rotate()
    assert sm.get_secret_value(SecretId="db")["VersionId"] == version(2)


def test_a_rotated_secret_tells_how_and_when(sm, secret, rotate):
    rotate(rules={"AutomaticallyAfterDays": 30})
    found = sm.describe_secret(SecretId="db")
    assert (found["RotationEnabled"], found["RotationLambdaARN"]) == (True, FUNCTION)
    assert found["RotationRules"] == {"AutomaticallyAfterDays": 30}
    assert abs(found["LastRotatedDate"] - datetime.now(UTC)) < timedelta(minutes=1)
    assert found["NextRotationDate"] == today() + timedelta(days=31, seconds=-1)


def test_a_pending_version_has_no_value_before_the_function_gives_it_one(sm, secret, rotate, rotator, version, refused):
    rotator.failing = {"createSecret"}
    rotate()
    assert sm.describe_secret(SecretId="db")["VersionIdsToStages"][version(2)] == ["AWSPENDING"]
    with refused("ResourceNotFoundException", "for staging label: AWSPENDING"):
        sm.get_secret_value(SecretId="db", VersionStage="AWSPENDING")
    listed = sm.list_secret_version_ids(SecretId="db", IncludeDeprecated=True)["Versions"]
    assert [entry["VersionId"] for entry in listed] == [version(1)]


# -- by schedule


def test_a_secret_is_rotated_when_the_window_opens(sm, secret, rotate, rotator, clock):
    rotate()
    clock.advance(days=3)
    assert rotator.steps == list(STEPS) * 4
    assert len({event["ClientRequestToken"] for event in rotator.events}) == 4


def test_a_rotation_that_need_not_be_immediate_only_tries_the_function(
    sm, secret, rotate, rotator, version, stages, clock
):
    rotate(RotateImmediately=False)
    assert rotator.steps == ["testSecret"]
    assert stages() == {version(1): ["AWSCURRENT"]}
    clock.advance(days=1)
    assert rotator.steps == ["testSecret", *STEPS]


def test_a_new_value_by_hand_counts_as_a_rotation_where_days_are_counted(sm, secret, rotate, clock):
    rotate(rules={"AutomaticallyAfterDays": 10})
    clock.advance(days=4)
    sm.put_secret_value(SecretId="db", SecretString="by hand")
    assert sm.describe_secret(SecretId="db")["NextRotationDate"] == today() + timedelta(days=15, seconds=-1)


def test_a_cancelled_rotation_does_not_come_back(sm, secret, rotate, rotator, clock):
    rotate()
    sm.cancel_rotate_secret(SecretId="db")
    clock.advance(days=3)
    assert rotator.steps == list(STEPS)
    found = sm.describe_secret(SecretId="db")
    assert (found["RotationEnabled"], found["RotationRules"]) == (False, DAILY)
    assert "NextRotationDate" not in found


def test_rotation_goes_on_with_what_was_configured(sm, secret, rotate, rotator, clock, version):
    rotate()
    sm.cancel_rotate_secret(SecretId="db")
    sm.rotate_secret(SecretId="db", ClientRequestToken=version(3))
    clock.advance(seconds=1)
    assert sm.get_secret_value(SecretId="db")["VersionId"] == version(3)
    assert sm.describe_secret(SecretId="db")["RotationEnabled"]


# -- failures


def test_a_failed_rotation_is_tried_again_from_its_first_step(sm, secret, rotate, rotator, clock, version):
    rotator.failing = {"setSecret"}
    rotate()
    assert rotator.steps == ["createSecret", "setSecret"]
    rotator.failing = set()
    clock.advance(minutes=1)
    assert rotator.steps[2:] == list(STEPS)
    assert sm.get_secret_value(SecretId="db")["VersionId"] == version(2)


def test_a_rotation_that_fails_again_and_again_is_given_up(sm, secret, rotate, rotator, clock, version):
    rotator.failing = {"createSecret"}
    rotate(rules={"AutomaticallyAfterDays": 30})
    clock.advance(hours=5)
    assert len(rotator.events) == limits.ROTATION_ATTEMPTS
    assert sm.get_secret_value(SecretId="db")["VersionId"] == version(1)
    assert "LastRotatedDate" not in sm.describe_secret(SecretId="db")


def test_a_rotation_does_not_begin_before_the_one_before_is_complete(
    sm, secret, rotate, rotator, clock, version, refused
):
    rotator.failing = {"testSecret"}
    rotate()
    clock.advance(minutes=10)
    rotator.failing = set()
    with refused("InvalidRequestException", "A previous rotation isn't complete. That rotation will be reattempted."):
        rotate(3)
    clock.advance(seconds=1)
    assert sm.get_secret_value(SecretId="db")["VersionId"] == version(2)


def test_a_function_that_does_not_move_the_label_has_not_rotated(sm, secret, rotate, rotator, clock, version):
    rotator.idle = {"finishSecret"}
    rotate()
    assert sm.get_secret_value(SecretId="db")["VersionId"] == version(1)
    assert "LastRotatedDate" not in sm.describe_secret(SecretId="db")


# -- refusals


def test_a_function_that_is_not_there_is_refused(sm, secret, refused):
    with refused("ResourceNotFoundException", "Lambda does not exist or could not be accessed"):
        sm.rotate_secret(SecretId="db", RotationLambdaARN=FUNCTION + "2", RotationRules=DAILY)
    assert "RotationEnabled" not in sm.describe_secret(SecretId="db")


def test_a_secret_without_a_function_is_not_rotated(sm, secret, refused):
    with refused("InvalidRequestException", "No Lambda rotation function ARN is associated with this secret."):
        sm.rotate_secret(SecretId="db")


@pytest.mark.parametrize(
    "rules",
    [{}, {"AutomaticallyAfterDays": 1, **DAILY}, {"ScheduleExpression": "rate(2 hours)"}, {"Duration": "3h"}],
)
def test_rules_that_make_no_schedule_are_refused(secret, rotate, refused, rules):
    with refused("InvalidParameterException"):
        rotate(rules=rules)


def test_a_value_comes_with_the_token_of_the_rotation_or_without_one(sm, secret, rotate, rotator, version, refused):
    rotator.failing = {"setSecret"}
    rotate()
    token = rotator.events[0]["RotationToken"]
    params = {"SecretId": "db", "SecretString": f"of {version(2)}", "ClientRequestToken": version(2)}
    sm.put_secret_value(**params, RotationToken=token)
    with refused("InvalidParameterException", "RotationToken"):
        sm.put_secret_value(**params, RotationToken="x" * 36)


# -- the table


def test_every_step_that_goes_well_leads_to_the_end():
    state, passed = FIRST, []
    while state in STEPS:
        passed.append(state)
        state = TABLE[state, "done"].state
    assert (tuple(passed), state) == (STEPS, "rotated")


@pytest.mark.parametrize("step", STEPS)
def test_every_step_that_fails_starts_all_over_until_it_is_given_up(step):
    for attempt in range(1, limits.ROTATION_ATTEMPTS):
        move = TABLE[step, event_of(False, attempt)]
        assert move.state == FIRST
        assert move.delay > 0
    assert TABLE[step, event_of(False, limits.ROTATION_ATTEMPTS)] == ("given up", 0)
