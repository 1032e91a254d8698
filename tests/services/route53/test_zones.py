"""Hosted zones, their record sets and tags."""

import json

import pytest
from botocore.exceptions import ClientError


def error_of(error):
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


def test_a_zone_begins_with_its_servers(route53, zone):
    found = route53.get_hosted_zone(Id=zone.id)
    assert (found["HostedZone"]["Name"], found["HostedZone"]["ResourceRecordSetCount"]) == (f"{zone.name}.", 2)
    servers = found["DelegationSet"]["NameServers"]
    assert len(servers) == 4
    ns, soa = zone.records()
    assert [each["Value"] for each in ns["ResourceRecords"]] == [f"{server}." for server in servers]
    assert (ns["TTL"], soa["Type"]) == (172800, "SOA")


def test_zones_are_not_signed(route53, zone):
    found = route53.get_dnssec(HostedZoneId=zone.id)
    assert (found["Status"]["ServeSignature"], found["KeySigningKeys"]) == ("NOT_SIGNING", [])


def test_the_same_reference_makes_no_second_zone(route53, zone):
    with pytest.raises(ClientError) as error:
        route53.create_hosted_zone(Name="other.example.com", CallerReference=zone.name)
    assert error_of(error)[0] == "HostedZoneAlreadyExists"


def test_bad_names_and_foreign_networks_are_refused(route53):
    for request, code in (
        ({"Name": "two..dots.com"}, "InvalidDomainName"),
        ({"Name": "a" * 64 + ".com"}, "InvalidDomainName"),
        ({"Name": "a.com", "VPC": {"VPCRegion": "us-east-1", "VPCId": "vpc-1"}}, "InvalidVPCId"),
    ):
        with pytest.raises(ClientError) as error:
            route53.create_hosted_zone(CallerReference="r", **request)
        assert error_of(error)[0] == code
    assert route53.get_hosted_zone_count()["HostedZoneCount"] == 0


def test_a_zone_is_deleted_only_when_it_is_empty(route53, zone):
    zone.create(zone.record("www", "192.0.2.1"))
    with pytest.raises(ClientError) as error:
        route53.delete_hosted_zone(Id=zone.id)
    assert error_of(error)[0] == "HostedZoneNotEmpty"
    zone.change("DELETE", zone.record("www", "192.0.2.1"))
    route53.delete_hosted_zone(Id=zone.id)
    with pytest.raises(ClientError) as error:
        route53.get_hosted_zone(Id=zone.id)
    assert error_of(error) == ("NoSuchHostedZone", f"No hosted zone found with ID: {zone.id}")


def test_zones_are_listed_by_name_and_in_pages(route53):
    for name in ("b.com", "a.org", "a.com"):
        route53.create_hosted_zone(Name=name, CallerReference=name)
    names = [each["Name"] for each in route53.list_hosted_zones_by_name()["HostedZones"]]
    assert names == ["a.com.", "b.com.", "a.org."]
    page = route53.list_hosted_zones_by_name(DNSName="b.com", MaxItems="1")
    assert ([each["Name"] for each in page["HostedZones"]], page["NextDNSName"]) == (["b.com."], "a.org.")
    pages = route53.get_paginator("list_hosted_zones").paginate(PaginationConfig={"PageSize": 2})
    assert sorted(each["Name"] for page in pages for each in page["HostedZones"]) == ["a.com.", "a.org.", "b.com."]


def test_a_change_is_known_everywhere_soon(route53, zone, clock):
    change = zone.create(zone.record("www", "192.0.2.1"))
    assert change["Status"] == "PENDING"
    clock.advance(minutes=1)
    assert route53.get_change(Id=change["Id"])["ChangeInfo"]["Status"] == "INSYNC"
    with pytest.raises(ClientError) as error:
        route53.get_change(Id="CNONE")
    assert error_of(error)[0] == "NoSuchChange"


def test_record_sets_are_listed_by_reversed_names(route53, zone):
    zone.create(*(zone.record(name, "192.0.2.1") for name in ("b", "a.b", "a")))
    names = [each["Name"].removesuffix(f"{zone.name}.") for each in zone.records()]
    assert names == ["", "", "a.", "b.", "a.b."]
    pages = route53.get_paginator("list_resource_record_sets").paginate(
        HostedZoneId=zone.id, PaginationConfig={"PageSize": 2}
    )
    assert [len(page["ResourceRecordSets"]) for page in pages] == [2, 2, 1]


def test_a_batch_is_done_as_a_whole_or_not_at_all(zone):
    with pytest.raises(ClientError) as error:
        zone.create(zone.record("ok", "192.0.2.1"), zone.record("bad", "not an address"))
    code, message = error_of(error)
    assert code == "InvalidChangeBatch"
    assert "ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with 'not an address'" in message
    assert len(zone.records()) == 2


def test_what_is_there_is_not_created_again_but_replaced(zone):
    zone.create(zone.record("www", "192.0.2.1"))
    with pytest.raises(ClientError) as error:
        zone.create(zone.record("www", "192.0.2.2"))
    name = f"www.{zone.name}."
    expected = f"[Tried to create resource record set [name='{name}', type='A'] but it already exists]"
    assert error_of(error) == ("InvalidChangeBatch", expected)
    zone.change("UPSERT", zone.record("www", "192.0.2.2"))
    assert zone.records()[-1]["ResourceRecords"] == [{"Value": "192.0.2.2"}]


def test_what_is_deleted_has_to_be_told_as_it_is(zone):
    zone.create(zone.record("www", "192.0.2.1"))
    for record, words in (
        (zone.record("none", "192.0.2.1"), "but it was not found"),
        (zone.record("www", "192.0.2.2"), "but the values provided do not match the current values"),
    ):
        with pytest.raises(ClientError) as error:
            zone.change("DELETE", record)
        assert words in error_of(error)[1]


@pytest.mark.parametrize(
    ("name", "values", "kind", "more", "words"),
    [
        ("", ["example.com"], "CNAME", {}, "is not permitted at apex in zone"),
        ("t", ["unquoted"], "TXT", {}, "Value should be enclosed in quotation marks"),
        ("m", ["mail.example.com"], "MX", {}, "Invalid Resource Record"),
        ("w", ["192.0.2.1", "192.0.2.1"], "A", {}, "Duplicate Resource Record"),
    ],
)
def test_record_sets_that_cannot_be_are_refused(zone, name, values, kind, more, words):
    with pytest.raises(ClientError) as error:
        zone.create(zone.record(name, *values, kind=kind, **more))
    assert error_of(error)[0] == "InvalidChangeBatch"
    assert words in error_of(error)[1]


def test_names_of_other_zones_and_of_aliases_are_taken(zone):
    foreign = {**zone.record("x", "192.0.2.1"), "Name": "www.elsewhere.org"}
    zone.create(zone.record("alias", "example.org", kind="CNAME"))
    for record, words in (
        (foreign, "is not permitted in zone"),
        (zone.record("alias", "192.0.2.1"), "conflicting RRSet"),
    ):
        with pytest.raises(ClientError) as error:
            zone.create(record)
        assert words in error_of(error)[1]


@pytest.mark.parametrize("missing", ["SetIdentifier", "Weight", "TTL"])
def test_incomplete_record_sets_are_refused(zone, missing):
    record = zone.record("www", "192.0.2.1", SetIdentifier="a", Weight=1)
    del record[missing]
    with pytest.raises(ClientError) as error:
        zone.create(record)
    assert error_of(error)[0] == "InvalidInput"


def test_the_zones_own_servers_stay(zone):
    ns = zone.records()[0]
    with pytest.raises(ClientError) as error:
        zone.change("DELETE", ns)
    assert "at least one NS record" in error_of(error)[1]


def test_zones_have_tags(route53, zone):
    route53.change_tags_for_resource(
        ResourceType="hostedzone", ResourceId=zone.id, AddTags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    )
    route53.change_tags_for_resource(ResourceType="hostedzone", ResourceId=zone.id, RemoveTagKeys=["a"])
    found = route53.list_tags_for_resource(ResourceType="hostedzone", ResourceId=zone.id)["ResourceTagSet"]
    assert found == {"ResourceType": "hostedzone", "ResourceId": zone.id, "Tags": [{"Key": "b", "Value": "2"}]}


def test_templates_make_zones_records_and_checks(aws, route53):
    name = f"t{aws.account}.example.com"
    check = {"Type": "TCP", "IPAddress": "127.0.0.1", "Port": 1}
    resources = {
        "Zone": {"Type": "AWS::Route53::HostedZone", "Properties": {"Name": name}},
        "Check": {"Type": "AWS::Route53::HealthCheck", "Properties": {"HealthCheckConfig": check}},
        "Record": {
            "Type": "AWS::Route53::RecordSet",
            "Properties": {
                "HostedZoneId": {"Ref": "Zone"},
                "Name": f"www.{name}",
                "Type": "A",
                "TTL": "300",
                "ResourceRecords": ["192.0.2.1"],
            },
        },
    }
    outputs = {"Zone": {"Value": {"Ref": "Zone"}}, "Record": {"Value": {"Ref": "Record"}}}
    cloudformation = aws("cloudformation")
    template = json.dumps({"Resources": resources, "Outputs": outputs})
    waits = {"Delay": 0.02, "MaxAttempts": 1500}
    cloudformation.create_stack(StackName="s", TemplateBody=template)
    cloudformation.get_waiter("stack_create_complete").wait(StackName="s", WaiterConfig=waits)
    told = cloudformation.describe_stacks(StackName="s")["Stacks"][0]["Outputs"]
    values = {each["OutputKey"]: each["OutputValue"] for each in told}
    assert values["Record"] == f"www.{name}"
    found = route53.list_resource_record_sets(HostedZoneId=values["Zone"])["ResourceRecordSets"]
    assert found[-1]["TTL"] == 300
    cloudformation.delete_stack(StackName="s")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="s", WaiterConfig=waits)
    assert route53.get_hosted_zone_count()["HostedZoneCount"] == 0
