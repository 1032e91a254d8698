"""Lookup tables, and scheduled queries."""

from __future__ import annotations

import json
import time

import pytest

HOURLY = "cron(0 * * * ? *)"
CSV = "id,name\n1,Ann\n2,Bob\n"


# -- lookup tables


def test_queries_are_enriched_by_a_table(logs, group, put, answered):
    logs.create_lookup_table(lookupTableName="users", tableBody=CSV)
    put('{"user": 1}', '{"user": 3}')
    found = answered("lookup users id as user OUTPUT name | display user, name | sort user asc")
    assert [(row["user"], row.get("name")) for row in found] == [("1", "Ann"), ("3", None)]


def test_a_query_needs_its_tables(logs, group, start, refused):
    with refused("ResourceNotFoundException", "lookup table"):
        start("lookup none id as user OUTPUT name")


def test_a_table_is_described_changed_and_deleted(logs, refused):
    arn = logs.create_lookup_table(lookupTableName="users", tableBody=CSV, description="who")["lookupTableArn"]
    (shown,) = logs.describe_lookup_tables(lookupTableNamePrefix="us")["lookupTables"]
    assert (shown["tableFields"], shown["recordsCount"], shown["sizeBytes"]) == (["id", "name"], 2, len(CSV))
    logs.update_lookup_table(lookupTableArn=arn, tableBody="id\n7\n")
    found = logs.get_lookup_table(lookupTableArn=arn)
    assert (found["tableBody"], found["description"]) == ("id\n7\n", "who")
    logs.delete_lookup_table(lookupTableArn=arn)
    with refused("ResourceNotFoundException"):
        logs.get_lookup_table(lookupTableArn=arn)


def test_large_tables_are_kept_whole(logs):
    body = "id,text\n" + "".join(f"{nth},{'x' * 100}\n" for nth in range(3000))
    arn = logs.create_lookup_table(lookupTableName="big", tableBody=body)["lookupTableArn"]
    assert logs.get_lookup_table(lookupTableArn=arn)["tableBody"] == body


def test_the_result_of_a_query_becomes_a_table(logs, group, put, start, finished):
    put('{"user": 1, "name": "Ann"}')
    query = start("fields user, name")
    finished(query)
    arn = logs.create_lookup_table(lookupTableName="t", queryId=query)["lookupTableArn"]
    assert logs.get_lookup_table(lookupTableArn=arn)["tableBody"] == "user,name\n1,Ann\n"


@pytest.mark.parametrize(
    "given, message",
    [
        ({}, "Exactly one of"),
        ({"tableBody": "a,a\n1,2\n"}, "names that differ"),
        ({"tableBody": "a,b\n1\n"}, "as many values"),
        ({"tableBody": 'a\n"x'}, "not valid CSV"),
    ],
)
def test_what_is_no_table_is_refused(logs, refused, given, message):
    with refused("InvalidParameterException", message):
        logs.create_lookup_table(lookupTableName="t", **given)


def test_names_of_tables_differ(logs, refused):
    logs.create_lookup_table(lookupTableName="t", tableBody=CSV)
    with refused("ResourceAlreadyExistsException"):
        logs.create_lookup_table(lookupTableName="t", tableBody=CSV)


# -- scheduled queries


@pytest.fixture
def role(aws):
    """A role of everything that scheduled queries need."""
    iam = aws("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "logs.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn = iam.create_role(RoleName="queries", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    allowed = {"Effect": "Allow", "Action": ["logs:*", "s3:PutObject"], "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_role_policy(RoleName="queries", PolicyName="p", PolicyDocument=policy)
    return arn


@pytest.fixture
def make(logs, role):
    def make(query="stats count(*) as n", **params):
        given = {
            "name": "q",
            "queryLanguage": "CWLI",
            "queryString": query,
            "logGroupIdentifiers": ["/app"],
            "scheduleExpression": HOURLY,
            "executionRoleArn": role,
        }
        return logs.create_scheduled_query(**given | params)["scheduledQueryArn"]

    return make


@pytest.fixture
def history(logs, now):
    """The history of `q`, once its newest start has ended."""

    def history():
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            given = {"identifier": "q", "startTime": 0, "endTime": now() + 86_400_000}
            found = logs.get_scheduled_query_history(**given)["triggerHistory"]
            if found and found[0]["executionStatus"] != "Running":
                return found
            time.sleep(0.01)
        raise AssertionError("the query does not end")

    return history


def test_a_query_runs_at_its_time_and_is_delivered_to_a_bucket(aws, logs, group, put, make, role, history, clock):
    s3, bucket = aws("s3"), f"results-{aws.account}"
    s3.create_bucket(Bucket=bucket)
    destination = {"s3Configuration": {"destinationIdentifier": f"s3://{bucket}/out", "roleArn": role}}
    make(destinationConfiguration=destination, startTimeOffset=7200)
    put("a", "b")
    clock.advance(seconds=3600)
    (found,) = history()
    assert found["executionStatus"] == "Complete"
    (delivered,) = found["destinations"]
    assert (delivered["destinationType"], delivered["status"]) == ("S3", "COMPLETE")
    key = delivered["processedIdentifier"].removeprefix(f"s3://{bucket}/")
    body = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    assert body == {"results": [{"n": "2"}]}
    assert logs.get_scheduled_query(identifier="q")["lastExecutionStatus"] == "Complete"


def test_results_refresh_a_lookup_table(logs, group, put, make, role, history, clock):
    destination = {"lookupTableConfiguration": {"tableName": "seen", "roleArn": role}}
    arn = make("stats count(*) as n by user", destinationConfiguration=destination, startTimeOffset=86_400)
    put('{"user": "ann"}')
    clock.advance(seconds=3600)
    assert history()[0]["destinations"][0]["status"] == "COMPLETE"
    table = arn.replace(":scheduled-query:q", ":lookup-table:seen")
    assert logs.get_lookup_table(lookupTableArn=table)["tableBody"] == "user,n\nann,1\n"


def test_the_role_has_to_be_allowed_to_query(aws, logs, group, make, history, clock):
    make()
    aws("iam").delete_role_policy(RoleName="queries", PolicyName="p")
    clock.advance(seconds=3600)
    (found,) = history()
    assert found["executionStatus"] == "Failed"
    assert "StartQuery" in found["errorMessage"]


def test_a_disabled_query_does_not_run(logs, group, make, clock, now, role):
    make(state="DISABLED")
    clock.advance(seconds=7200)
    assert logs.get_scheduled_query_history(identifier="q", startTime=0, endTime=now())["triggerHistory"] == []
    given = {"queryLanguage": "CWLI", "queryString": "fields a", "scheduleExpression": HOURLY}
    logs.update_scheduled_query(
        identifier="q", executionRoleArn=role, logGroupIdentifiers=["/app"], state="ENABLED", **given
    )
    clock.advance(seconds=3600)
    assert len(logs.get_scheduled_query_history(identifier="q", startTime=0, endTime=now())["triggerHistory"]) == 1


def test_scheduled_queries_are_listed_and_deleted(logs, group, make, refused):
    arn = make()
    (shown,) = logs.list_scheduled_queries(state="ENABLED")["scheduledQueries"]
    assert (shown["name"], shown["scheduledQueryArn"], shown["scheduleExpression"]) == ("q", arn, HOURLY)
    logs.delete_scheduled_query(identifier=arn)
    with refused("ResourceNotFoundException", "scheduled query"):
        logs.get_scheduled_query(identifier="q")


def test_names_of_scheduled_queries_differ(make, refused):
    make()
    with refused("ConflictException"):
        make()


@pytest.mark.parametrize(
    "params, message",
    [
        ({"queryString": "bogus"}, "unexpected symbol found bogus"),
        ({"scheduleExpression": "every day"}, "every day"),
        ({"queryLanguage": "SQL"}, "Logs Insights QL"),
        ({"scheduleStartTime": 2, "scheduleEndTime": 1}, "must be before"),
        ({"startTimeOffset": 1, "endTimeOffset": 2}, "greater than endTimeOffset"),
    ],
)
def test_what_is_no_scheduled_query_is_refused(make, refused, params, message):
    with refused("ValidationException", message):
        make(**params)
