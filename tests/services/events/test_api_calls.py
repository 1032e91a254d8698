"""Events of API calls, as EventBridge makes them for whoever sees the calls."""

import pytest

from fogbank.identity.principals import root
from fogbank.kernel import call_records


@pytest.fixture
def calls(aws, fogbank_server):
    """Asks EventBridge about calls of DynamoDB in the test's account."""

    class Calls:
        async def _context(self):
            app = fogbank_server.app
            ctx = app.system_context("dynamodb", aws.account, "us-east-1", "create_table")
            ctx.principal = root(aws.account)
            return app.services.get("events").provided["api_calls"], ctx

        def wanted(self):
            async def ask():
                api_calls, ctx = await self._context()
                return await api_calls.wanted(ctx)

            return fogbank_server.call(ask())

        def record(self, name, request, response=None, error=None):
            async def put():
                api_calls, ctx = await self._context()
                await api_calls.put(ctx, call_records.of_call(ctx, name, request, response, error))

            fogbank_server.call(put())

    return Calls()


def test_calls_are_wanted_where_a_rule_might_match_them(calls, queue, make_rule):
    assert not calls.wanted()
    make_rule(queue.arn, "shop")
    assert not calls.wanted()
    make_rule(queue.arn, "calls", pattern={"source": ["aws.dynamodb"]})
    assert calls.wanted()


def test_a_call_is_an_event_with_cloudtrails_record(aws, calls, queue, make_rule):
    make_rule(
        queue.arn, pattern={"detail-type": ["AWS API Call via CloudTrail"], "detail": {"eventName": ["CreateTable"]}}
    )
    calls.record("CreateTable", {"TableName": "t", "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}]}, {})
    (event,) = queue.events()
    assert (event["source"], event["detail-type"]) == ("aws.dynamodb", "AWS API Call via CloudTrail")
    detail = event["detail"]
    assert detail["eventSource"] == "dynamodb.amazonaws.com"
    assert detail["requestParameters"] == {
        "tableName": "t",
        "keySchema": [{"attributeName": "a", "keyType": "HASH"}],
    }
    assert detail["userIdentity"]["type"] == "Root"
    assert detail["userIdentity"]["accountId"] == aws.account
    assert detail["readOnly"] is False


def test_calls_that_only_read_are_for_rules_that_say_so(calls, queue, make_queue, make_rule):
    all_calls = make_queue("all")
    pattern = {"source": ["aws.dynamodb"]}
    make_rule(queue.arn, "writes", pattern=pattern)
    make_rule(all_calls.arn, "all", pattern=pattern, State="ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")
    calls.record("DescribeTable", {"TableName": "t"}, {})
    calls.record("DeleteTable", {"TableName": "t"}, {})
    assert [event["detail"]["eventName"] for event in queue.events()] == ["DeleteTable"]
    assert [event["detail"]["eventName"] for event in all_calls.events()] == ["DescribeTable", "DeleteTable"]


def test_a_call_over_http_is_an_event(aws, queue, make_rule):
    make_rule(queue.arn, pattern={"source": ["aws.iam"], "detail": {"eventName": ["CreateUser"]}})
    aws("iam").create_user(UserName="ann")
    (event,) = queue.events()
    assert event["detail"]["requestParameters"] == {"userName": "ann"}
    assert event["detail"]["responseElements"]["user"]["userName"] == "ann"


def test_a_refused_call_is_an_event_with_its_error(aws, queue, make_rule):
    make_rule(queue.arn, pattern={"source": ["aws.iam"], "detail": {"eventName": ["DeleteUser"]}})
    iam = aws("iam")
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.delete_user(UserName="ghost")
    (event,) = queue.events()
    assert event["detail"]["errorCode"] == "NoSuchEntityException"


def test_calls_of_the_data_plane_are_no_events(aws, queue, make_rule):
    make_rule(queue.arn, pattern={"source": ["aws.s3"]})
    s3 = aws("s3")
    s3.create_bucket(Bucket="calls-of-the-data-plane")
    s3.put_object(Bucket="calls-of-the-data-plane", Key="k", Body=b"x")
    assert [event["detail"]["eventName"] for event in queue.events()] == ["CreateBucket"]
