"""The logs of buses."""

import json

import pytest


@pytest.fixture
def logged(aws, events, clock):
    """`logged(level)` has a bus `shop` log at that level into groups; then `read(type)` gives the records of a type of logs."""
    logs = aws("logs")

    def begin(level, detail="FULL"):
        arn = events.create_event_bus(Name="shop", LogConfig={"Level": level, "IncludeDetail": detail})["EventBusArn"]
        for kind in ("ERROR_LOGS", "INFO_LOGS", "TRACE_LOGS"):
            logs.create_log_group(logGroupName=kind)
            group = f"arn:aws:logs:us-east-1:{aws.account}:log-group:{kind}"
            logs.put_delivery_source(name=kind, resourceArn=arn, logType=kind)
            place = logs.put_delivery_destination(
                name=kind, deliveryDestinationConfiguration={"destinationResourceArn": group}, outputFormat="json"
            )["deliveryDestination"]["arn"]
            logs.create_delivery(deliverySourceName=kind, deliveryDestinationArn=place)

        def read(kind):
            clock.advance(seconds=1)
            found = logs.filter_log_events(logGroupName=kind)["events"]
            return [json.loads(each["message"]) for each in found]

        return read

    return begin


def test_the_steps_of_an_event_are_logged_by_their_levels(logged, queue, make_rule, put):
    read = logged("TRACE")
    arn = make_rule(queue.arn, bus="shop")
    id = put({"order": 7}, EventBusName="shop")["EventId"]
    match, success = read("INFO_LOGS")
    assert (match["message_type"], match["details"]["rule_arn"]) == ("RULE_MATCH", arn)
    assert (success["message_type"], success["details"]["target_arn"]) == ("INVOCATION_SUCCESS", queue.arn)
    assert success["invocation_id"] == match["details"]["invocation_ids"][0]
    traced = read("TRACE_LOGS")
    assert [record["message_type"] for record in traced][:3] == [
        "EVENT_RECEIPT",
        "EVENT_INGEST_SUCCESS",
        "RULE_MATCH_START",
    ]
    assert {record["event_id"] for record in traced} == {id}
    assert json.loads(traced[0]["details"]["event_detail"]) == {"order": 7}
    assert read("ERROR_LOGS") == []


def test_what_fails_is_logged_as_an_error_and_without_data_unless_it_is_wanted(logged, make_rule, put, aws):
    read = logged("ERROR", detail="NONE")
    make_rule(f"arn:aws:sqs:us-east-1:{aws.account}:missing", bus="shop")
    put(EventBusName="shop")
    attempt, failure = read("ERROR_LOGS")
    kinds = (attempt["message_type"], failure["message_type"])
    assert kinds == ("INVOCATION_ATTEMPT_PERMANENT_FAILURE", "INVOCATION_FAILURE")
    assert (failure["details"]["final_invocation_status"], failure["log_level"]) == ("NO_RESOURCE", "ERROR")
    assert "target_input" not in failure["details"] and failure["error"]["error_message"]
    assert read("INFO_LOGS") == []


def test_an_event_that_no_rule_matches_is_logged(logged, put):
    read = logged("INFO")
    put(EventBusName="shop")
    assert [record["message_type"] for record in read("INFO_LOGS")] == ["NO_STANDARD_RULES_MATCHED"]
