"""AWS::AccessAnalyzer::Analyzer, by way of Cloud Control."""

import pytest

from tests.services.cloud_client import Cloud

TYPE = "AWS::AccessAnalyzer::Analyzer"
TAGS = [{"Key": "team", "Value": "blue"}]


def rule(name, *accounts):
    return {"RuleName": name, "Filter": [{"Property": "principal.AWS", "Eq": list(accounts)}]}


def unused(days, *exclusions):
    return {"UnusedAccessConfiguration": {"UnusedAccessAge": days, "AnalysisRule": {"Exclusions": list(exclusions)}}}


@pytest.fixture
def cloud(aws, clock):
    return Cloud(aws("cloudcontrol"), clock)


def test_an_analyzer_with_rules(aws, cloud, analyzer_client):
    rules = [
        rule("partner", "111122223333"),
        {"RuleName": "public", "Filter": [{"Property": "isPublic", "Eq": ["true"]}]},
    ]
    arn = cloud.create(TYPE, Type="ACCOUNT", AnalyzerName="main", Tags=TAGS, ArchiveRules=rules)
    assert arn == f"arn:aws:access-analyzer:us-east-1:{aws.account}:analyzer/main"
    made = {"Arn": arn, "AnalyzerName": "main", "Type": "ACCOUNT", "Tags": TAGS, "ArchiveRules": rules}
    assert cloud.read(TYPE, arn) == made
    listed = cloud.client.list_resources(TypeName=TYPE)["ResourceDescriptions"]
    assert [each["Identifier"] for each in listed] == [arn]
    cloud.delete(TYPE, arn)
    assert analyzer_client.list_analyzers()["analyzers"] == []


def test_rules_and_tags_are_changed_in_place(cloud):
    arn = cloud.create(TYPE, Type="ACCOUNT", Tags=TAGS, ArchiveRules=[rule("kept", "111122223333"), rule("gone", "1")])
    rules = [rule("kept", "444455556666"), rule("new", "777788889999")]
    change = {"op": "add", "path": "/ArchiveRules", "value": rules}
    cloud.update(TYPE, arn, change, {"op": "add", "path": "/Tags", "value": [{"Key": "stage", "Value": "test"}]})
    found = cloud.read(TYPE, arn)
    assert found["ArchiveRules"] == rules
    assert found["Tags"] == [{"Key": "stage", "Value": "test"}]


def test_the_configuration_of_unused_access(cloud):
    first = unused(30, {"ResourceTags": [[{"Key": "keep", "Value": "yes"}]]})
    arn = cloud.create(TYPE, Type="ACCOUNT_UNUSED_ACCESS", AnalyzerConfiguration=first)
    assert cloud.read(TYPE, arn)["AnalyzerConfiguration"] == first
    second = unused(60, {"AccountIds": ["111122223333"]})
    cloud.update(TYPE, arn, {"op": "replace", "path": "/AnalyzerConfiguration", "value": second})
    assert cloud.read(TYPE, arn)["AnalyzerConfiguration"] == second
