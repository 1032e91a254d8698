"""Events: rules that route them to functions, topics and queues; schedules; replays; what is undeliverable."""

import json
from datetime import UTC, datetime, timedelta

from tests.flows.conftest import NOTING, policy

ORDERS = {"source": ["com.shop.orders"], "detail": {"amount": [{"numeric": [">", 100]}]}}


def order(amount, **options):
    detail = json.dumps({"amount": amount})
    return {"Source": "com.shop.orders", "DetailType": "OrderPlaced", "Detail": detail, **options}


def route(aws, pattern, *targets, rule="rule", **options):
    """A rule of that pattern; a target is an ARN, or a dict with more. Returns the rule's ARN."""
    events = aws("events")
    arn = events.put_rule(Name=rule, EventPattern=json.dumps(pattern), **options)["RuleArn"]
    given = [target if isinstance(target, dict) else {"Arn": target} for target in targets]
    numbered = [{"Id": str(number), **target} for number, target in enumerate(given)]
    assert events.put_targets(Rule=rule, Targets=numbered, **options)["FailedEntryCount"] == 0
    return arn


def test_an_event_reaches_the_function_whose_rule_it_fits(aws, cloud, notes):
    route(aws, ORDERS, cloud.function(NOTING, callers=("events",), NOTES=notes.url))
    aws("events").put_events(Entries=[order(50), order(150)])
    (event,) = notes.documents()
    assert (event["detail"], event["detail-type"], event["account"]) == ({"amount": 150}, "OrderPlaced", aws.account)
    assert notes.is_empty()


def test_one_event_reaches_a_function_a_topic_and_a_queue_each_in_its_form(aws, cloud, notes):
    topic, behind, queue = cloud.topic(), cloud.queue("behind"), cloud.queue()
    publishing = policy(Principal={"Service": "events.amazonaws.com"}, Action="sns:Publish", Resource=topic)
    aws("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=publishing)
    cloud.subscribe(topic, behind.arn, RawMessageDelivery="true")
    transformer = {"InputPathsMap": {"amount": "$.detail.amount"}, "InputTemplate": '{"paid": <amount>}'}
    function = cloud.function(NOTING, callers=("events",), NOTES=notes.url)
    route(
        aws,
        ORDERS,
        {"Arn": function, "InputTransformer": transformer},
        {"Arn": topic, "InputPath": "$.detail"},
        queue.arn,
    )
    aws("events").put_events(Entries=[order(150)])
    assert notes.documents() == [{"paid": 150}]
    assert behind.documents() == [{"amount": 150}]
    assert queue.documents()[0]["detail"] == {"amount": 150}


def test_an_event_for_a_function_that_does_not_let_the_rule_in_is_a_dead_letter(aws, cloud):
    dead, function = cloud.queue("dead"), cloud.function(NOTING)
    rule = route(aws, ORDERS, {"Arn": function, "DeadLetterConfig": {"Arn": dead.arn}})
    aws("events").put_events(Entries=[order(150)])
    (message,) = dead.messages()
    attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert json.loads(message["Body"])["detail"] == {"amount": 150}
    assert (attributes["ERROR_CODE"], attributes["RULE_ARN"]) == ("NO_PERMISSIONS", rule)
    assert attributes["TARGET_ARN"] == function


def test_a_replay_runs_the_function_again(aws, cloud, notes):
    events = aws("events")
    bus = events.create_event_bus(Name="shop")["EventBusArn"]
    function = cloud.function(NOTING, callers=("events",), NOTES=notes.url)
    rule = route(aws, ORDERS, function, EventBusName="shop")
    archive = events.create_archive(ArchiveName="orders", EventSourceArn=bus)["ArchiveArn"]
    events.put_events(Entries=[order(150, EventBusName="shop")])
    assert "replay-name" not in notes.documents()[0]
    now = datetime.now(UTC)
    events.start_replay(
        ReplayName="again",
        EventSourceArn=archive,
        EventStartTime=now - timedelta(hours=1),
        EventEndTime=now + timedelta(hours=1),
        Destination={"Arn": bus, "FilterArns": [rule]},
    )
    (event,) = notes.documents()
    assert (event["replay-name"], event["detail"]) == ("again", {"amount": 150})


def test_a_rule_with_a_rate_runs_a_function_each_time(aws, cloud, notes, clock):
    events = aws("events")
    function = cloud.function(NOTING, callers=("events",), NOTES=notes.url)
    arn = events.put_rule(Name="rule", ScheduleExpression="rate(5 minutes)")["RuleArn"]
    events.put_targets(Rule="rule", Targets=[{"Id": "1", "Arn": function}])
    clock.advance(minutes=5)
    clock.advance(minutes=5)
    told = notes.documents(2)
    assert {event["detail-type"] for event in told} == {"Scheduled Event"}
    assert [event["resources"] for event in told] == [[arn], [arn]]
    events.disable_rule(Name="rule")


def test_a_schedule_runs_a_function_as_its_role(aws, cloud, notes, clock):
    scheduler = aws("scheduler")
    at = datetime.fromtimestamp(clock.now() + 3600, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    scheduler.create_schedule(
        Name="once",
        ScheduleExpression=f"at({at})",
        FlexibleTimeWindow={"Mode": "OFF"},
        ActionAfterCompletion="DELETE",
        Target={"Arn": cloud.function(NOTING, NOTES=notes.url), "RoleArn": cloud.role, "Input": '{"go": true}'},
    )
    clock.advance(hours=1, seconds=1)
    assert notes.documents() == [{"go": True}]
    assert scheduler.list_schedules()["Schedules"] == []


def test_an_object_is_an_event_whose_rule_leads_to_a_queue(aws, cloud):
    bucket, queue = cloud.bucket(), cloud.queue()
    aws("s3").put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    route(aws, {"source": ["aws.s3"], "detail": {"object": {"key": [{"suffix": ".csv"}]}}}, queue.arn)
    for key in ("a.txt", "a.csv"):
        aws("s3").put_object(Bucket=bucket, Key=key, Body=b"1,2")
    (event,) = queue.documents()
    assert event["detail-type"] == "Object Created"
    assert (event["detail"]["bucket"]["name"], event["detail"]["object"]["key"]) == (bucket, "a.csv")
    assert queue.is_empty()


def test_what_becomes_of_a_function_is_an_event_for_the_next(aws, cloud, notes):
    """A function's success is sent to the bus, whose rule runs another function."""
    bus = f"arn:aws:events:us-east-1:{aws.account}:event-bus/default"
    cloud.function("def handler(event, context):\n    return {'made': event['id']}", "first")
    route(aws, {"source": ["lambda"]}, cloud.function(NOTING, "second", ("events",), NOTES=notes.url))
    aws("lambda").put_function_event_invoke_config(
        FunctionName="first", DestinationConfig={"OnSuccess": {"Destination": bus}}
    )
    aws("lambda").invoke(FunctionName="first", InvocationType="Event", Payload='{"id": 7}')
    (event,) = notes.documents()
    assert event["detail-type"] == "Lambda Function Invocation Result - Success"
    assert event["detail"]["responsePayload"] == {"made": 7}
