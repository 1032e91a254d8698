"""Targets: what they are given, what is refused when they are put, and what becomes of what cannot be delivered."""

import json

import pytest

from tests.services.events.conftest import ROLE

# -- input


@pytest.mark.parametrize(
    "target, expected",
    [
        ({"Input": '{"fixed": 1}'}, '{"fixed": 1}'),
        ({"InputPath": "$.detail"}, '{"instance":"i-1","tags":["a","b"],"n":5}'),
        ({"InputPath": "$.detail.instance"}, '"i-1"'),
        ({"InputPath": "$.detail.tags[1]"}, '"b"'),
        ({"InputPath": "$.nothing"}, "null"),
    ],
)
def test_a_target_is_given_a_constant_or_a_part(queue, make_rule, put, target, expected):
    make_rule(queue.arn, target=target)
    put({"instance": "i-1", "tags": ["a", "b"], "n": 5})
    assert queue.bodies() == [expected]


@pytest.mark.parametrize(
    "template, expected",
    [
        ('"instance <instance> is in <state>"', '"instance i-1 is in RUNNING"'),
        ('"instance \\"<instance>\\" is in <state>"', '"instance \\"i-1\\" is in RUNNING"'),
        ('{"instance": <instance>, "state": <state>}', '{"instance":"i-1","state":"RUNNING"}'),
        ('{"state": "<state>", "all": [9, <state>, true]}', '{"state":"RUNNING","all":[9,"RUNNING",true]}'),
        ('{"text": "instance \\"<instance>\\""}', '{"text":"instance \\"i-1\\""}'),
        ('{"whole": <all>}', '{"whole":{"instance":"i-1","state":"RUNNING"}}'),
        ('"all: <all>"', '"all: {instance:i-1,state:RUNNING}"'),
        ('{"gone": <missing>, "text": "<missing>!"}', '{"gone":"","text":"!"}'),
        ('"<aws.events.rule-name> triggered"', '"rule triggered"'),
        ('"first <instance>"\n"second <state>"', '"first i-1"\n"second RUNNING"'),
    ],
)
def test_a_template_is_filled_in(queue, make_rule, put, template, expected):
    paths = {"instance": "$.detail.instance", "state": "$.detail.state", "all": "$.detail", "missing": "$.detail.x"}
    make_rule(queue.arn, target={"InputTransformer": {"InputPathsMap": paths, "InputTemplate": template}})
    put({"instance": "i-1", "state": "RUNNING"})
    assert queue.bodies() == [expected]


def test_a_template_knows_the_event_and_the_rule(queue, make_rule, put):
    template = """{"rule": <aws.events.rule-arn>, "event": <aws.events.event>, "json": <aws.events.event.json>,
                   "at": <aws.events.event.ingestion-time>}"""
    arn = make_rule(queue.arn, target={"InputTransformer": {"InputTemplate": template}})
    id = put({"x": 1})["EventId"]
    (found,) = queue.events()
    assert found["rule"] == arn
    assert found["event"]["id"] == found["json"]["id"] == id
    assert "detail" not in found["event"]
    assert found["json"]["detail"] == {"x": 1}
    assert found["at"].endswith("Z")


@pytest.mark.parametrize(
    "target, message",
    [
        ({"Input": "{"}, "JSON syntax error in input for target arn:aws:sqs"),
        ({"InputPath": "detail"}, "Invalid JsonPath detail for target 1."),
        ({"Input": "{}", "InputPath": "$"}, "Only one of Input, InputPath, or InputTransformer must be provided"),
        (
            {"InputTransformer": {"InputTemplate": "<x> is up"}},
            "InputTemplate for target 1 contains invalid placeholder x.",
        ),
        (
            {"InputTransformer": {"InputPathsMap": {"x": "$.x"}, "InputTemplate": "<x> is up"}},
            'Invalid InputTemplate for target 1 : [Source: (String)"<x> is up"; line: 1, column: 3].',
        ),
        (
            {"InputTransformer": {"InputPathsMap": {"awsX": "$.x"}, "InputTemplate": "<awsX>"}},
            "contains the key awsX, which starts with AWS",
        ),
        ({"Arn": "arn:aws:sqs:eu-west-1:123456789012:q"}, "Provided Arn is not in correct format."),
        (
            {"InputTransformer": {"InputPathsMap": {"x": "$.x"}, "InputTemplate": "{<x>: 1}"}},
            "Invalid InputTemplate for target 1 : [Source:",
        ),
        ({"Arn": "queue"}, "Parameter queue is not valid. Reason: Provided Arn is not in correct format."),
        ({"DeadLetterConfig": {"Arn": "arn:aws:sns:us-east-1:1:x"}}, "Parameter DeadLetterConfig is not valid."),
    ],
)
def test_refused(events, queue, refused, target, message):
    events.put_rule(Name="rule", EventPattern='{"source": ["shop"]}')
    with refused("ValidationException", message):
        events.put_targets(Rule="rule", Targets=[{"Id": "1", "Arn": queue.arn, **target}])
    assert events.list_targets_by_rule(Rule="rule")["Targets"] == []


def test_a_rule_has_five_targets(events, queue, make_rule, refused):
    make_rule(queue.arn)
    with refused("LimitExceededException"):
        events.put_targets(Rule="rule", Targets=[{"Id": f"t{n}", "Arn": queue.arn} for n in range(5)])
    assert len(events.list_targets_by_rule(Rule="rule")["Targets"]) == 1


def test_a_target_that_nothing_could_deliver_to_fails_alone(events, queue):
    events.put_rule(Name="rule", EventPattern='{"source": ["shop"]}')
    targets = [
        {"Id": "queue", "Arn": queue.arn},
        {"Id": "assessment", "Arn": "arn:aws:inspector:us-east-1:123456789012:target/0-1/template/0-2"},
    ]
    answer = events.put_targets(Rule="rule", Targets=targets)
    assert answer["FailedEntryCount"] == 1
    assert answer["FailedEntries"][0]["TargetId"] == "assessment"
    assert "does not deliver events to" in answer["FailedEntries"][0]["ErrorMessage"]
    assert [target["Id"] for target in events.list_targets_by_rule(Rule="rule")["Targets"]] == ["queue"]


def test_targets_are_removed_by_id(events, queue, make_rule):
    make_rule(queue.arn)
    answer = events.remove_targets(Rule="rule", Ids=["1", "2"])
    assert [entry["TargetId"] for entry in answer["FailedEntries"]] == ["2"]
    assert events.list_targets_by_rule(Rule="rule")["Targets"] == []


def test_rules_are_found_by_their_target(events, queue, make_rule):
    make_rule(queue.arn, "b")
    make_rule(queue.arn, "a")
    events.put_rule(Name="c", EventPattern='{"source": ["shop"]}')
    assert events.list_rule_names_by_target(TargetArn=queue.arn)["RuleNames"] == ["a", "b"]


# -- roles


def test_a_target_of_some_kinds_needs_a_role(events, refused):
    events.put_rule(Name="rule", EventPattern='{"source": ["shop"]}')
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:workflow"
    with refused("ValidationException", f"RoleArn is required for target {arn}."):
        events.put_targets(Rule="rule", Targets=[{"Id": "1", "Arn": arn}])


def test_a_role_has_to_trust_eventbridge(events, queue, make_role, refused):
    role = make_role(trust={**ROLE, "Principal": {"Service": "ec2.amazonaws.com"}})
    events.put_rule(Name="rule", EventPattern='{"source": ["shop"]}')
    with refused(
        "ValidationException", f"Provided role '{role}' cannot be assumed by principal 'events.amazonaws.com'."
    ):
        events.put_targets(Rule="rule", Targets=[{"Id": "1", "Arn": queue.arn, "RoleArn": role}])


def test_a_target_is_reached_with_its_role(sqs, queue, make_role, make_rule, put):
    sqs.set_queue_attributes(QueueUrl=queue.url, Attributes={"Policy": ""})
    make_rule(queue.arn, target={"RoleArn": make_role("sqs:SendMessage")})
    put()
    assert len(queue.bodies()) == 1


# -- kinds


def test_a_fifo_queue_needs_a_message_group(events, make_queue, make_rule, put, refused):
    fifo = make_queue("queue.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    events.put_rule(Name="rule", EventPattern='{"source": ["shop"]}')
    with refused("ValidationException", "Parameter(s) SqsParameters must be specified for target: 1."):
        events.put_targets(Rule="rule", Targets=[{"Id": "1", "Arn": fifo.arn}])
    make_rule(fifo.arn, target={"SqsParameters": {"MessageGroupId": "$.detail.customer"}})
    put({"customer": "c1"})
    assert [message["Attributes"]["MessageGroupId"] for message in fifo.messages()] == ["c1"]


def test_a_stream_gets_a_record(aws, make_role, make_rule, put):
    kinesis = aws("kinesis")
    kinesis.create_stream(StreamName="stream", ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName="stream")
    arn = kinesis.describe_stream(StreamName="stream")["StreamDescription"]["StreamARN"]
    role = make_role("kinesis:PutRecord")
    make_rule(arn, target={"RoleArn": role, "KinesisParameters": {"PartitionKeyPath": "$.detail.key"}})
    put({"key": "k"})
    shard = kinesis.list_shards(StreamName="stream")["Shards"][0]["ShardId"]
    iterator = kinesis.get_shard_iterator(StreamName="stream", ShardId=shard, ShardIteratorType="TRIM_HORIZON")

    def look():
        return kinesis.get_records(ShardIterator=iterator["ShardIterator"])["Records"]

    found = eventually(look)
    assert found[0]["PartitionKey"] == "k"
    assert json.loads(found[0]["Data"])["detail"] == {"key": "k"}


def eventually(look, seconds=5):
    """What `look` finds, for work that goes on in tasks: it is looked for until then."""
    import time

    end = time.monotonic() + seconds
    while not (found := look()) and time.monotonic() < end:
        time.sleep(0.02)
    return found


# -- failures


def test_what_a_queue_does_not_take_goes_to_the_dead_letter_queue(sqs, make_queue, make_rule, put):
    closed, dead = make_queue("closed", Policy=""), make_queue("dead")
    arn = make_rule(closed.arn, target={"DeadLetterConfig": {"Arn": dead.arn}})
    put({"order": 1})
    (message,) = dead.messages()
    attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert attributes["RULE_ARN"] == arn
    assert attributes["TARGET_ARN"] == closed.arn
    assert attributes["ERROR_CODE"] == "NO_PERMISSIONS"
    assert attributes["ERROR_MESSAGE"]
    assert json.loads(message["Body"])["detail"] == {"order": 1}


def test_what_finds_no_queue_goes_to_the_dead_letter_queue(sqs, queue, make_queue, make_rule, put):
    dead = make_queue("dead")
    make_rule(queue.arn, target={"DeadLetterConfig": {"Arn": dead.arn}})
    sqs.delete_queue(QueueUrl=queue.url)
    assert "EventId" in put()
    (message,) = dead.messages()
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_RESOURCE"


def test_a_failure_at_one_target_is_none_at_another(events, make_queue, make_rule, put):
    closed, open_ = make_queue("closed", Policy=""), make_queue("open")
    make_rule(closed.arn)
    events.put_targets(Rule="rule", Targets=[{"Id": "2", "Arn": open_.arn}])
    put()
    assert len(open_.bodies()) == 1


def test_a_topic_gets_a_message(aws, queue, sqs, make_rule, put):
    sns = aws("sns")
    topic = sns.create_topic(Name="topic")["TopicArn"]

    def policy(service, action, resource):
        principal = {"Service": f"{service}.amazonaws.com"}
        statement = {"Sid": "s", "Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource}
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    allow_events = policy("events", "sns:Publish", topic)
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=allow_events)
    sqs.set_queue_attributes(QueueUrl=queue.url, Attributes={"Policy": policy("sns", "sqs:SendMessage", queue.arn)})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)
    make_rule(topic, target={"InputPath": "$.detail"})
    put({"order": 1})
    (body,) = eventually(queue.bodies)
    assert json.loads(body)["Message"] == '{"order":1}'


def test_a_method_of_an_api_is_asked_with_what_the_target_says(aws, events, clock, make_queue, put):
    gateway, queue = aws("apigateway"), make_queue("behind")
    trust = {"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam = aws("iam")
    policy = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName="sender", AssumeRolePolicyDocument=policy)["Role"]["Arn"]
    allowed = {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_role_policy(RoleName="sender", PolicyName="p", PolicyDocument=document)
    api = gateway.create_rest_api(name="shop")["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    resource = gateway.create_resource(restApiId=api, parentId=root, pathPart="{order}")["id"]
    method = {"restApiId": api, "resourceId": resource, "httpMethod": "POST"}
    gateway.put_method(**method, authorizationType="NONE", requestParameters={"method.request.path.order": True})
    template = (
        "Action=SendMessage&MessageBody="
        "$util.urlEncode(\"$input.params('order') $input.params('x-kind') $input.path('$.detail.n')\")"
    )
    gateway.put_integration(
        **method,
        type="AWS",
        integrationHttpMethod="POST",
        uri=f"arn:aws:apigateway:us-east-1:sqs:path/{aws.account}/behind",
        credentials=role,
        requestParameters={"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"},
        requestTemplates={"application/json": template},
    )
    gateway.put_method_response(**method, statusCode="200")
    gateway.put_integration_response(**method, statusCode="200")
    gateway.create_deployment(restApiId=api, stageName="prod")
    arn = f"arn:aws:execute-api:us-east-1:{aws.account}:{api}/prod/POST/*"
    events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    parameters = {"PathParameterValues": ["$.detail.id"], "HeaderParameters": {"x-kind": "$.detail-type"}}
    answer = events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn, "HttpParameters": parameters}])
    assert answer["FailedEntries"] == []
    put({"id": "o-1", "n": 7})
    clock.advance(seconds=1)
    assert queue.bodies() == ["o-1 Order 7"]
