"""What is answered over DNS, by routing policy and health."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest


def test_names_are_answered_with_their_values(zone):
    zone.create(
        zone.record("www", "192.0.2.1", "192.0.2.2"),
        zone.record("www", "2001:db8::1", kind="AAAA"),
        zone.record("", '"v=spf1 -all"', kind="TXT"),
        zone.record("dkim", '"long""er"', kind="TXT"),
        zone.record("", "10 mail.example.com", kind="MX"),
    )
    assert zone.ask("www") == ["192.0.2.1", "192.0.2.2"]
    assert zone.ask("www", "AAAA") == ["2001:db8::1"]
    assert zone.ask("", "TXT") == ['"v=spf1 -all"']
    assert zone.ask("dkim", "TXT") == ['"long" "er"']
    assert zone.ask("", "MX") == ["10 mail.example.com."]
    assert len(zone.ask("", "NS")) == 4


def test_names_that_are_not_there_and_types_that_are_not(zone):
    zone.create(zone.record("a.b", "192.0.2.1"))
    assert zone.code("none") == "NXDOMAIN"
    assert (zone.code("a.b", "TXT"), zone.code("b")) == ("NOERROR", "NOERROR")
    (authority,) = zone.response("none").authority
    assert authority[0].to_text().startswith("ns-")


def test_nobody_answers_for_foreign_names(zone):
    zone.name = "not-here.invalid"
    assert zone.code("www") == "REFUSED"


def test_aliases_are_followed_within_the_zone(zone):
    zone.create(zone.record("www", f"web.{zone.name}", kind="CNAME"), zone.record("web", "192.0.2.1"))
    assert (zone.ask("www"), zone.ask("www", "CNAME")) == (["192.0.2.1"], [f"web.{zone.name}."])
    target = {"HostedZoneId": zone.id, "DNSName": f"web.{zone.name}", "EvaluateTargetHealth": False}
    zone.create({"Name": zone.name, "Type": "A", "AliasTarget": target})
    assert zone.ask("") == ["192.0.2.1"]


def test_wildcards_stand_for_names_that_are_not_there(zone):
    zone.create(zone.record("*.apps", "192.0.2.1"), zone.record("own.apps", "192.0.2.2"))
    assert (zone.ask("any.apps"), zone.ask("own.apps")) == (["192.0.2.1"], ["192.0.2.2"])
    assert zone.ask("any.apps", "TXT") == []
    assert zone.records()[-2]["Name"].startswith("\\052.apps.") or zone.records()[-1]["Name"].startswith("\\052.apps.")


def test_parts_that_are_delegated_are_referred(zone):
    zone.create(zone.record("sub", "ns1.example.net", kind="NS"))
    response = zone.response("www.sub")
    assert (response.answer, response.authority[0][0].to_text()) == ([], "ns1.example.net.")


def weighted(zone, weights):
    zone.create(
        *(
            zone.record("w", f"192.0.2.{index}", SetIdentifier=str(index), Weight=each)
            for index, each in enumerate(weights, 1)
        )
    )


def test_weights_share_the_answers(zone):
    weighted(zone, [3, 1, 0])
    answers = [value for _ in range(100) for value in zone.ask("w")]
    assert len(answers) == 100
    assert 0 < answers.count("192.0.2.2") < answers.count("192.0.2.1")
    assert "192.0.2.3" not in answers


def test_of_many_values_eight_are_answered(zone):
    zone.create(*(zone.record("m", f"192.0.2.{n}", SetIdentifier=str(n), MultiValueAnswer=True) for n in range(1, 11)))
    assert len(zone.ask("m")) == 8


def test_whoever_is_nowhere_gets_the_default_location(zone):
    zone.create(
        zone.record("g", "192.0.2.1", SetIdentifier="de", GeoLocation={"CountryCode": "DE"}),
        zone.record("g", "192.0.2.2", SetIdentifier="any", GeoLocation={"CountryCode": "*"}),
        zone.record("l", "192.0.2.3", SetIdentifier="eu", Region="eu-west-1"),
        zone.record("l", "192.0.2.4", SetIdentifier="us", Region="us-east-1"),
    )
    assert (zone.ask("g"), zone.ask("l")) == (["192.0.2.2"], ["192.0.2.4"])


def test_the_api_tells_the_answer_too(route53, zone):
    zone.create(zone.record("www", "192.0.2.1"))
    found = route53.test_dns_answer(HostedZoneId=zone.id, RecordName=f"www.{zone.name}", RecordType="A")
    assert (found["ResponseCode"], found["RecordData"], found["Protocol"]) == ("NOERROR", ["192.0.2.1"], "UDP")
    missing = route53.test_dns_answer(HostedZoneId=zone.id, RecordName=f"no.{zone.name}", RecordType="A")
    assert (missing["ResponseCode"], missing["RecordData"]) == ("NXDOMAIN", [])


def test_questions_are_logged_where_that_is_wanted(aws, route53, zone, clock):
    logs = aws("logs")
    logs.create_log_group(logGroupName="/aws/route53/z")
    group = logs.describe_log_groups()["logGroups"][0]["arn"]
    request = {"HostedZoneId": zone.id, "CloudWatchLogsLogGroupArn": group.removesuffix(":*")}
    with pytest.raises(route53.exceptions.InsufficientCloudWatchLogsResourcePolicy):
        route53.create_query_logging_config(**request)
    allowed = {"Effect": "Allow", "Principal": {"Service": "route53.amazonaws.com"}, "Resource": "*"}
    allowed["Action"] = ["logs:CreateLogStream", "logs:PutLogEvents"]
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    logs.put_resource_policy(policyName="route53", policyDocument=policy)
    route53.create_query_logging_config(**request)
    zone.code("nowhere", "TXT")
    clock.advance(seconds=1)
    (event,) = logs.filter_log_events(logGroupName="/aws/route53/z")["events"]
    assert f"{zone.id} nowhere.{zone.name} TXT NXDOMAIN UDP" in event["message"]


# -- health


class Web:
    """A web server with a status."""

    def __init__(self):
        web = self
        self.status, self.body, self.asked = 200, b"all is well", 0

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                web.asked += 1
                self.send_response(web.status)
                self.end_headers()
                self.wfile.write(web.body)

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def web():
    served = Web()
    yield served
    served.server.shutdown()
    served.server.server_close()


@pytest.fixture
def check(route53, web):
    """Makes a health check of the web server. Returns its id."""

    def make(**more):
        config = {
            "Type": "HTTP",
            "IPAddress": "127.0.0.1",
            "Port": web.port,
            "RequestInterval": 10,
            "FailureThreshold": 1,
        }
        made = route53.create_health_check(CallerReference=str(more), HealthCheckConfig={**config, **more})
        return made["HealthCheck"]["Id"]

    return make


def until(look, clock):
    """Looks again and again, with a moved clock so that checks look, too."""
    for _ in range(200):
        if look():
            return
        clock.advance(seconds=10)
        time.sleep(0.02)
    raise AssertionError("never")


def test_the_secondary_answers_while_the_primary_is_not_well(zone, web, check, clock):
    zone.create(
        zone.record("api", "192.0.2.1", SetIdentifier="p", Failover="PRIMARY", HealthCheckId=check()),
        zone.record("api", "192.0.2.2", SetIdentifier="s", Failover="SECONDARY"),
    )
    assert zone.ask("api") == ["192.0.2.1"]
    web.status = 503
    until(lambda: zone.ask("api") == ["192.0.2.2"], clock)
    web.status = 200
    until(lambda: zone.ask("api") == ["192.0.2.1"], clock)


def test_the_way_of_a_moved_clock_is_not_looked_at(web, check, aws, clock):
    check()
    until(lambda: web.asked, clock)
    aws("events").put_rule(Name="often", ScheduleExpression="rate(1 minute)")
    before = web.asked
    clock.advance(seconds=7200)
    assert web.asked - before < 60


def test_a_check_tells_what_it_saw(route53, web, check, clock):
    ident = check(Type="HTTP_STR_MATCH", SearchString="well")

    def told():
        found = route53.get_health_check_status(HealthCheckId=ident)["HealthCheckObservations"]
        return found[0]["StatusReport"]["Status"] if found else ""

    until(lambda: told() == "Success: HTTP Status Code 200, OK", clock)
    web.body = b"it is over"
    until(lambda: "The SearchString was not found" in told(), clock)
    failures = route53.get_health_check_last_failure_reason(HealthCheckId=ident)["HealthCheckObservations"]
    assert len(failures) == 8


def test_a_calculated_check_counts_its_children(route53, zone, web, check, clock):
    children = [check(), check(ResourcePath="/2")]
    config = {"Type": "CALCULATED", "ChildHealthChecks": children, "HealthThreshold": 1, "Inverted": True}
    parent = route53.create_health_check(CallerReference="c", HealthCheckConfig=config)["HealthCheck"]["Id"]
    zone.create(
        zone.record("m", "192.0.2.1", SetIdentifier="1", MultiValueAnswer=True, HealthCheckId=parent),
        zone.record("m", "192.0.2.2", SetIdentifier="2", MultiValueAnswer=True),
    )
    until(lambda: zone.ask("m") == ["192.0.2.2"], clock)
    web.status = 500
    until(lambda: zone.ask("m") == ["192.0.2.1", "192.0.2.2"], clock)
    with pytest.raises(route53.exceptions.HealthCheckInUse):
        route53.delete_health_check(HealthCheckId=children[0])


def test_bad_checks_are_refused(route53, check):
    for config in (
        {"Type": "HTTP"},
        {"Type": "HTTP", "IPAddress": "1.2.3"},
        {"Type": "TCP", "IPAddress": "127.0.0.1"},
        {"Type": "HTTP", "IPAddress": "127.0.0.1", "RequestInterval": 20},
        {"Type": "HTTP", "IPAddress": "127.0.0.1", "SearchString": "x"},
        {"Type": "CALCULATED", "HealthThreshold": 1},
        {"Type": "CLOUDWATCH_METRIC"},
    ):
        with pytest.raises(route53.exceptions.InvalidInput):
            route53.create_health_check(CallerReference="r", HealthCheckConfig=config)
    assert route53.get_health_check_count()["HealthCheckCount"] == 0


def test_checks_are_changed_listed_and_deleted(route53, check):
    ident = check()
    changed = route53.update_health_check(HealthCheckId=ident, HealthCheckVersion=1, FailureThreshold=5)["HealthCheck"]
    assert (changed["HealthCheckVersion"], changed["HealthCheckConfig"]["FailureThreshold"]) == (2, 5)
    with pytest.raises(route53.exceptions.HealthCheckVersionMismatch):
        route53.update_health_check(HealthCheckId=ident, HealthCheckVersion=1, FailureThreshold=5)
    assert [each["Id"] for each in route53.list_health_checks()["HealthChecks"]] == [ident]
    route53.delete_health_check(HealthCheckId=ident)
    with pytest.raises(route53.exceptions.NoSuchHealthCheck):
        route53.get_health_check(HealthCheckId=ident)
