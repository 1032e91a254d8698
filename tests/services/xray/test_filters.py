"""Filter expressions. The expressions are those of AWS's page on them, and variations."""

import pytest

from fogbank.kernel import AWSError
from fogbank.services.xray import filters
from fogbank.services.xray.traces import compiled

WEB, API, TABLE = "www.example.com", "api.example.com", "scores"


def entity(name, id, start, end, **members):
    return {"name": name, "id": f"{id:016x}", "start_time": start, "end_time": end, **members}


@pytest.fixture(scope="module")
def trace():
    """A slow request to a web site, whose API got a fault from its table."""
    raised = [{"type": "ThrottlingException", "message": "Access Denied for account_id: 1"}]
    table = entity(
        "DynamoDB", 4, 3, 8, namespace="aws", aws={"table_name": TABLE}, fault=True, cause={"exceptions": raised}
    )
    call = entity(API, 2, 1, 9, namespace="remote", error=True, fault=True)
    http = {
        "request": {"url": "http://www.example.com/api/game/", "method": "POST", "client_ip": "1.2.3.4"},
        "response": {"status": 500},
    }
    ec2 = {"ec2": {"instance_id": "i-1", "availability_zone": "us-west-2c"}}
    web = entity(WEB, 1, 0, 10, http=http, user="alice", subsegments=[call], fault=True, origin="AWS::EC2::Instance")
    web |= {"aws": ec2, "resource_arn": "arn:aws:ec2:::instance/i-1"}
    api = entity(API, 3, 2, 8.5, parent_id=call["id"], subsegments=[table], fault=True)
    api["annotations"] = {"gameid": "817DL6VO", "age": 30, "new": False, "a.b": 1}
    return compiled("1-00000000-0", [{**each, "trace_id": "1-00000000-0"} for each in (web, api)], "1")


@pytest.mark.parametrize(
    "expression",
    [
        "responsetime > 5",
        "duration >= 5 AND duration <= 10",
        "fault",
        "!ok",
        "ok = false",
        "fault = true !partial duration<11",
        "inferred",
        "http.status != 200",
        'http.url CONTAINS "/api/game/"',
        'http.url AND responseTime > 2 and http.method = "POST"',
        'user CONTAINS ""',
        'http.clientip BEGINSWITH "1.2." AND http.url ENDSWITH "/game/"',
        'instance.id = "i-1" AND availabilityzone = "us-west-2c" AND resource.arn BEGINSWITH "arn:aws:ec2"',
        'service("api.example.com") { fault }',
        "service() { fault }",
        'service("www.example.com") {root = true and fault = true}',
        'service(id(name: "scores", type:"AWS::DynamoDB::Table")) { inferred AND responsetime = 5 }',
        'edge("www.example.com", "api.example.com") { error }',
        'edge(id(name: "www.example.com"), id(name: "api.example.com", account.id: "1"))',
        "edge(id(), id())",
        '!service("backend.example.com") AND http.url BEGINSWITH "http://www"',
        'annotation.gameid = "817DL6VO"',
        'annotation[gameid] BEGINSWITH "817"',
        'annotation["a.b"] = 1',
        "annotation.age",
        "!annotation.size AND annotation.age > 29",
        "annotation.new = false",
        'group.name = "slow" AND user = "alice"',
        'rootcause.fault.entity { last and name = "DynamoDB" }',
        'rootcause.fault.exception { last and message = "Access Denied for account_id: 1" }',
        "rootcause.fault.service { inferred and name = scores }",
        "rootcause.responsetime.entity { remote and coverage > 0.7 }",
        "rootcause.fault.service { index > 1 }",
        'rootcause.json = #[{"Services": [{"Name": "www.example.com", "EntityPath": [{"Name": "www.example.com"}, {}]}, {}, {}]}]',
        '(user = "bob" OR user = "alice") AND (fault)',
        'id(name: "scores")',
    ],
)
def test_expressions_that_fit(trace, expression):
    groups = {("name", "slow"): filters.parse("responsetime > 3")}
    assert filters.matches(filters.parse(expression), trace, groups)


@pytest.mark.parametrize(
    "expression",
    [
        "ok",
        "error",
        "responsetime < 5",
        "partial",
        'service("www.example.com") { error }',
        'edge("api.example.com", "www.example.com")',
        'edge("www.example.com", "api.example.com") { throttle }',
        "annotation.age < 30",
        "annotation.new",
        'annotation.age = "30"',
        'user != "alice"',
        'group.name = "nobody"',
        'rootcause.error.service { name = "scores" }',
        "rootcause.fault.service { index > 2 }",
        'rootcause.json = #[{"Services": [{"Name": "www.example.com"}]}]',
        '!(user = "alice" OR ok)',
    ],
)
def test_expressions_that_do_not_fit(trace, expression):
    assert not filters.matches(filters.parse(expression), trace, {})


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "fault AND",
        "(fault",
        "speed > 1",
        'responsetime = "5"',
        "user > 1",
        "ok > true",
        'service("a" { fault }',
        "service() { annotation.key }",
        'edge("a")',
        "rootcause.fault.thing { last }",
        "rootcause.json = #[{",
        'user = "alice',
        "fault }",
        "(" * 60,
    ],
)
def test_what_is_no_expression_is_refused(expression):
    with pytest.raises(AWSError) as raised:
        filters.parse(expression)
    assert raised.value.code == "InvalidRequestException"
