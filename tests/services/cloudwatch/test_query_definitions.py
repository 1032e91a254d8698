"""Queries of metrics that are kept; the dataset of an account."""

from __future__ import annotations

import pytest


@pytest.fixture
def keep(cloudwatch):
    def keep(path="team/errors", **params):
        given = {"Expression": "SELECT SUM(Errors) FROM App", "Type": "SQL", **params}
        return cloudwatch.put_metric_data_query_definition(Path=path, **given)

    return keep


def test_a_definition_is_made_changed_and_removed(cloudwatch, keep, clock, refused):
    made = keep(Tags=[{"Key": "a", "Value": "1"}])
    clock.advance(seconds=10)
    keep("team/rate", Id=made["Id"], Expression="m1 / m2", Type="METRIC_MATH")
    found = cloudwatch.get_metric_data_query_definition(Id=made["Id"])
    assert (found["Path"], found["Expression"], found["Type"]) == ("team/rate", "m1 / m2", "METRIC_MATH")
    assert found["CreatedAt"] == made["CreatedAt"] < found["UpdatedAt"]
    assert cloudwatch.list_tags_for_resource(ResourceARN=made["Arn"])["Tags"] == [{"Key": "a", "Value": "1"}]
    for _ in range(2):
        cloudwatch.delete_metric_data_query_definition(Id=made["Id"])
    with refused("ResourceNotFoundException"):
        cloudwatch.get_metric_data_query_definition(Id=made["Id"])


def test_a_path_is_taken_once(keep, refused):
    keep()
    with refused("ConflictException", "team/errors"):
        keep()


def test_definitions_come_in_pages(cloudwatch, keep, refused):
    ids = {keep(f"path/{nth}")["Id"] for nth in range(3)}
    first = cloudwatch.list_metric_data_query_definitions(MaxResults=2)
    rest = cloudwatch.list_metric_data_query_definitions(NextToken=first["NextToken"])
    assert {item["Id"] for item in first["Items"] + rest["Items"]} == ids
    with refused("InvalidNextToken"):
        cloudwatch.list_metric_data_query_definitions(NextToken="garbage")


def test_an_account_has_its_dataset(cloudwatch, aws, refused):
    found = cloudwatch.get_dataset(DatasetIdentifier="default")
    assert found["Arn"] == f"arn:aws:cloudwatch:us-east-1:{aws.account}:dataset/default"
    assert "KmsKeyArn" not in found
    with refused("ResourceNotFoundException", "no associated"):
        cloudwatch.disassociate_dataset_kms_key(DatasetIdentifier="default")


def test_metrics_are_not_enriched(cloudwatch, refused):
    cloudwatch.stop_otel_enrichment()
    assert cloudwatch.get_otel_enrichment()["Status"] == "Stopped"
    with refused("ResourceNotFoundException"):
        cloudwatch.update_otel_enrichment()
