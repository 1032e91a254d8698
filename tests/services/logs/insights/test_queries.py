"""StartQuery, its results, and what can be asked about them."""

from __future__ import annotations

import json

import pytest

DAY = 86_400


def test_errors_are_found_by_the_words_of_a_tutorial(group, put, answered):
    put("INFO fine", "ERROR boom", "java.lang.Exception: x")
    found = answered(
        "fields @timestamp, @message | filter @message like /ERROR|Exception/ | sort @timestamp desc | limit 50"
    )
    assert [row["@message"] for row in found] == ["java.lang.Exception: x", "ERROR boom"]


def test_statistics_tell_what_was_scanned_and_what_matched(group, put, start, finished):
    put("a", "bb", "ccc")
    answer = finished(start("fields @message | filter @message like 'b' | limit 1"))
    statistics = answer["statistics"]
    assert (statistics["recordsScanned"], statistics["recordsMatched"], statistics["resultCount"]) == (3, 1, 1)
    assert statistics["bytesScanned"] == 6 + 3 * 26
    assert (answer["queryLanguage"], answer["status"]) == ("CWLI", "Complete")


def test_a_pointer_leads_to_the_whole_event(logs, group, put, answered, now):
    put('{"level": "error", "n": 1}')
    (row,) = answered("fields level")
    record = logs.get_log_record(logRecordPointer=row["@ptr"])["logRecord"]
    assert record["@message"] == '{"level": "error", "n": 1}'
    assert (record["level"], record["n"], record["@logStream"]) == ("error", "1", "one")
    assert int(record["@timestamp"]) <= now()


def test_several_groups_are_queried_together(aws, logs, group, put, answered):
    logs.create_log_group(logGroupName="/other")
    logs.create_log_stream(logGroupName="/other", logStreamName="one")
    put("a")
    put("b", group="/other")
    found = answered("stats count(*) as n by @log | sort @log asc", logGroupNames=["/app", "/other"])
    assert found == [{"@log": f"{aws.account}:/app", "n": "1"}, {"@log": f"{aws.account}:/other", "n": "1"}]


def test_the_source_of_a_query_may_be_in_its_text(logs, group, put, answered):
    put("a")
    found = answered("SOURCE logGroups(namePrefix: ['/a']) | stats count(*) as n")
    assert found == [{"n": "1"}]


def test_events_outside_of_the_time_are_not_asked(group, put, answered, now, clock):
    put((now() - 7_200_000, "old"), (now(), "new"))
    assert [row["@message"] for row in answered("fields @message")] == ["new"]
    start = int(clock.now()) - 7201
    assert [row["@message"] for row in answered("fields @message", startTime=start, endTime=start + 2)] == ["old"]


def test_a_join_reads_the_other_group(logs, group, put, answered):
    logs.create_log_group(logGroupName="/other")
    logs.create_log_stream(logGroupName="/other", logStreamName="one")
    put('{"id": 1}', '{"id": 2}')
    put('{"rid": 2, "took": 5}', group="/other")
    found = answered("join left=a right=b where a.id=b.rid (SOURCE '/other') | display a.id, b.took")
    assert [(row["a.id"], row["b.took"]) for row in found] == [("2", "5")]


def test_a_subquery_reads_the_other_group(logs, group, put, answered):
    logs.create_log_group(logGroupName="/other")
    logs.create_log_stream(logGroupName="/other", logStreamName="one")
    put('{"id": 1}', '{"id": 2}')
    put('{"id": 2, "error": "x"}', group="/other")
    found = answered("filter id in (SOURCE '/other' | filter ispresent(error) | fields id) | display id")
    assert [row["id"] for row in found] == ["2"]


def test_results_come_in_pages(group, put, start, finished, logs):
    put(*(str(nth) for nth in range(25)))
    query = start("fields @message | sort @timestamp asc")
    answer = finished(query, maxItems=10)
    found = []
    while True:
        found += [row[0]["value"] for row in answer["results"]]
        if "nextToken" not in answer:
            break
        answer = logs.get_query_results(queryId=query, maxItems=10, nextToken=answer["nextToken"])
    assert found == [str(nth) for nth in range(25)]


def test_large_results_are_kept_in_parts(group, put, start, finished):
    for _ in range(3):
        put(*(letter * 40_000 for letter in "abcdefgh"))
    answer = finished(start("fields @message | sort @message asc"))
    assert "".join(row[0]["value"][0] for row in answer["results"]) == "aaabbbcccdddeeefffggghhh"


def test_a_token_of_another_query_is_refused(group, put, start, finished, logs, refused):
    put("a", "b")
    first, second = start("fields @message"), start("fields @message")
    token = finished(first, maxItems=1)["nextToken"]
    finished(second)
    with refused("InvalidParameterException", "nextToken"):
        logs.get_query_results(queryId=second, nextToken=token)


def test_results_are_gone_after_a_week(group, put, start, finished, logs, clock, refused):
    put("a")
    query = start("fields @message")
    finished(query)
    clock.advance(seconds=7 * DAY + 1)
    with refused("ResourceNotFoundException"):
        logs.get_query_results(queryId=query)


def test_a_malformed_query_is_located(logs, group, start):
    with pytest.raises(logs.exceptions.MalformedQueryException) as raised:
        start("fields @message | bogus")
    assert "unexpected symbol found bogus at line 1 and position 18" in raised.value.response["Error"]["Message"]
    assert raised.value.response["queryCompileError"]["location"] == {"startCharOffset": 18, "endCharOffset": 23}


def test_a_query_has_one_kind_of_source(group, start, refused):
    with refused("InvalidParameterException", "Exactly one of"):
        start("fields @message", logGroupName="/app", logGroupNames=["/app"])
    with refused("InvalidParameterException", "Exactly one of"):
        start("SOURCE logGroups(namePrefix: ['/a']) | fields @message", logGroupName="/app")


def test_a_group_that_is_not_there_cannot_be_queried(start, refused):
    with refused("ResourceNotFoundException", "log group does not exist"):
        start("fields @message", logGroupName="/none")


def test_time_runs_forwards(group, start, refused, clock):
    with refused("InvalidParameterException", "start time"):
        start("fields @message", startTime=int(clock.now()), endTime=int(clock.now()) - 60)


def test_a_time_that_is_past_the_retention_is_refused(logs, group, start, refused, clock):
    logs.put_retention_policy(logGroupName="/app", retentionInDays=1)
    with refused("MalformedQueryException", "exceeds the log groups log retention settings"):
        start("fields @message", startTime=int(clock.now()) - 3 * DAY, endTime=int(clock.now()) - 2 * DAY)


def test_other_languages_are_refused(group, start, refused):
    with refused("InvalidParameterException", "Logs Insights QL"):
        start("SELECT * FROM `/app`", queryLanguage="SQL")


def test_a_query_that_has_ended_cannot_be_stopped(logs, group, start, finished, refused):
    query = start("fields @message")
    finished(query)
    with refused("InvalidParameterException", "is not running"):
        logs.stop_query(queryId=query)


def test_queries_are_described_the_newest_first(aws, logs, group, start, finished, clock):
    first = start("fields @message")
    finished(first)
    clock.advance(seconds=5)
    second = start("fields @timestamp")
    finished(second)
    pages = [logs.describe_queries(maxResults=1)]
    pages.append(logs.describe_queries(maxResults=1, nextToken=pages[0]["nextToken"]))
    described = [page["queries"][0] for page in pages]
    assert [each["queryId"] for each in described] == [second, first]
    assert described[0]["queryString"] == "fields @timestamp"
    assert (described[0]["status"], described[0]["logGroupName"]) == ("Complete", "/app")
    assert logs.describe_queries(status="Running")["queries"] == []
    assert logs.describe_queries(logGroupName="/other")["queries"] == []


def test_the_groups_of_a_query_are_listed(aws, logs, group, start):
    answer = logs.list_log_groups_for_query(queryId=start("fields @message"))
    assert answer["logGroupIdentifiers"] == [f"arn:aws:logs:us-east-1:{aws.account}:log-group:/app"]


def test_queries_of_others_are_not_there(aws, logs, group, start, refused):
    query = start("fields @message")
    other = aws("logs", account="999988887777")
    with pytest.raises(other.exceptions.ResourceNotFoundException):
        other.get_query_results(queryId=query)


def test_a_pointer_that_is_none_is_refused(logs, refused):
    with refused("InvalidParameterException", "pointer"):
        logs.get_log_record(logRecordPointer="nonsense")


@pytest.mark.parametrize("query", ["pattern @message", "fields unmask(@message)"])
def test_some_commands_are_for_the_class_standard_alone(logs, start, refused, query):
    logs.create_log_group(logGroupName="/ia", logGroupClass="INFREQUENT_ACCESS")
    assert start("fields @message", logGroupName="/ia")
    with refused("InvalidOperationException", "INFREQUENT_ACCESS"):
        start(query, logGroupName="/ia")


def test_results_of_queries_can_be_encrypted(aws, logs, group, put, start, finished):
    kms = aws("kms")
    key = kms.create_key()["KeyMetadata"]
    identifier = f"arn:aws:logs:us-east-1:{aws.account}:query-result:*"
    statements = [
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{aws.account}:root"},
            "Action": "kms:*",
            "Resource": "*",
        },
        {
            "Effect": "Allow",
            "Principal": {"Service": "logs.us-east-1.amazonaws.com"},
            "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
            "Resource": "*",
            "Condition": {"StringEquals": {"kms:EncryptionContext:aws:logs:arn": identifier}},
        },
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    kms.put_key_policy(KeyId=key["KeyId"], Policy=document)
    logs.associate_kms_key(resourceIdentifier=identifier, kmsKeyId=key["Arn"])
    put("a")
    query = start("fields @message")
    answer = finished(query)
    assert (answer["encryptionKey"], answer["results"][0][0]["value"]) == (key["Arn"], "a")
    kms.disable_key(KeyId=key["KeyId"])
    with pytest.raises(logs.exceptions.ClientError) as raised:
        logs.get_query_results(queryId=query)
    assert raised.value.response["Error"]["Code"] == "AccessDeniedException"
    logs.disassociate_kms_key(resourceIdentifier=identifier)
    assert "encryptionKey" not in finished(start("fields @message"))


# -- fields of a group


def test_fields_of_a_group_come_with_how_many_events_have_them(logs, group, put):
    put('{"level": "info"}', '{"level": "warn", "n": 1}', "text", "text")
    fields = {
        each["name"]: each["percent"] for each in logs.get_log_group_fields(logGroupName="/app")["logGroupFields"]
    }
    assert (fields["@message"], fields["level"], fields["n"]) == (100, 50, 25)
    assert "@ptr" not in fields


def test_fields_of_another_time_are_others(logs, group, put, clock):
    put('{"level": "info"}')
    assert logs.get_log_group_fields(logGroupName="/app", time=int(clock.now()) - 7200)["logGroupFields"] == []


def test_there_are_no_data_sources(logs, refused):
    with refused("ResourceNotFoundException"):
        logs.get_log_fields(dataSourceName="aws", dataSourceType="cloudtrail")


# -- definitions


def test_a_definition_is_kept_changed_found_by_name_and_deleted(logs, group, refused):
    made = logs.put_query_definition(name="shop/errors", queryString="fields @message", logGroupNames=["/app"])
    logs.put_query_definition(name="other", queryString="fields a")
    (found,) = logs.describe_query_definitions(queryDefinitionNamePrefix="shop/")["queryDefinitions"]
    assert (found["queryString"], found["logGroupNames"]) == ("fields @message", ["/app"])
    logs.put_query_definition(queryDefinitionId=made["queryDefinitionId"], name="shop/errors", queryString="fields b")
    (found,) = logs.describe_query_definitions(queryDefinitionNamePrefix="shop/")["queryDefinitions"]
    assert (found["queryString"], found["logGroupNames"]) == ("fields b", [])
    assert logs.delete_query_definition(queryDefinitionId=made["queryDefinitionId"])["success"]
    with refused("ResourceNotFoundException"):
        logs.delete_query_definition(queryDefinitionId=made["queryDefinitionId"])


def test_the_same_token_makes_the_same_definition(logs):
    given = {"name": "a", "queryString": "fields b", "clientToken": "x" * 36}
    first, second = (logs.put_query_definition(**given)["queryDefinitionId"] for _ in range(2))
    assert first == second
    assert len(logs.describe_query_definitions()["queryDefinitions"]) == 1


def test_a_definition_that_is_not_there_cannot_be_changed(logs, refused):
    with refused("ResourceNotFoundException", "query definition"):
        logs.put_query_definition(queryDefinitionId="none", name="a", queryString="fields b")


# -- permissions


@pytest.fixture
def user(aws):
    """A client of a user who may do everything in `/other` only."""
    iam = aws("iam")
    iam.create_user(UserName="u")
    resource = f"arn:aws:logs:us-east-1:{aws.account}:log-group:/other*"
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": resource}]}
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=json.dumps(document))
    return aws("logs", credentials=iam.create_access_key(UserName="u")["AccessKey"])


@pytest.mark.parametrize("given", [{"logGroupName": "/app"}, {"logGroupNames": ["/other", "/app"]}])
def test_each_group_of_a_query_needs_permission(logs, user, group, clock, given):
    logs.create_log_group(logGroupName="/other")
    now = int(clock.now())
    times = {"startTime": now - 60, "endTime": now, "queryString": "fields @message"}
    assert user.start_query(logGroupName="/other", **times)["queryId"]
    with pytest.raises(user.exceptions.ClientError) as raised:
        user.start_query(**given, **times)
    assert raised.value.response["Error"]["Code"] == "AccessDeniedException"
