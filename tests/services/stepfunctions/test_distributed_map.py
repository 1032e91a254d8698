"""Distributed Map states. https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html"""

from __future__ import annotations

import json

import pytest


def each(states, kind="STANDARD", **about):
    config = {"Mode": "DISTRIBUTED", "ExecutionType": kind}
    processor = {"ProcessorConfig": config, "StartAt": next(iter(states)), "States": states}
    return {"M": {"Type": "Map", "ItemProcessor": processor, "Label": "each", "End": True, **about}}


PASS = {"P": {"Type": "Pass", "End": True}}
PICKY = {
    "C": {"Type": "Choice", "Choices": [{"Variable": "$", "NumericGreaterThan": 1, "Next": "F"}], "Default": "S"},
    "F": {"Type": "Fail", "Error": "TooMuch"},
    "S": {"Type": "Succeed"},
}


@pytest.mark.parametrize("kind", ["STANDARD", "EXPRESS"])
def test_children_give_their_outputs_in_order(machines, kind):
    states = {"P": {"Type": "Pass", "Parameters": {"v.$": "$.v"}, "End": True}}
    selector = {"v.$": "$$.Map.Item.Value", "i.$": "$$.Map.Item.Index"}
    execution = machines.start(
        each(states, kind, ItemsPath="$.l", ItemSelector=selector, MaxConcurrency=1), {"l": [5, 6, 7]}
    )
    assert machines.ended(execution)["output"] == [{"v": 5}, {"v": 6}, {"v": 7}]
    assert machines.types(execution)[2:6] == [
        "MapStateStarted",
        "MapRunStarted",
        "MapRunSucceeded",
        "MapStateSucceeded",
    ]


def test_map_run_is_described_with_its_counts_until_it_is_forgotten(machines, sfn, clock, refused):
    execution = machines.start(each(PASS), [1, 2])
    machines.ended(execution)
    listed = sfn.list_map_runs(executionArn=execution)["mapRuns"]
    arn = listed[0]["mapRunArn"]
    found = sfn.describe_map_run(mapRunArn=arn)
    assert (found["status"], found["executionArn"], arn.split(":")[6][-5:]) == ("SUCCEEDED", execution, "/each")
    assert (found["itemCounts"]["succeeded"], found["executionCounts"]["total"]) == (2, 2)
    children = sfn.list_executions(mapRunArn=arn)["executions"]
    clock.advance(days=91)
    with refused("ResourceNotFound", f"Map Run does not exist: '{arn}'"):
        sfn.describe_map_run(mapRunArn=arn)
    assert [(child["mapRunArn"], child["itemCount"]) for child in children] == [(arn, 1)] * 2


def test_failure_that_is_not_tolerated_fails_the_run(machines, sfn):
    states = each(PICKY, Catch=[{"ErrorEquals": ["States.ExceedToleratedFailureThreshold"], "Next": "N"}])
    states["N"] = {"Type": "Succeed"}
    execution = machines.start(states, [1, 2])
    assert machines.ended(execution)["output"]["Error"] == "States.ExceedToleratedFailureThreshold"
    run = sfn.list_map_runs(executionArn=execution)["mapRuns"][0]["mapRunArn"]
    assert sfn.describe_map_run(mapRunArn=run)["status"] == "FAILED"


def test_failures_are_tolerated_up_to_a_number(machines):
    found = machines.run(each(PICKY, ToleratedFailureCount=1), [1, 2])
    assert (found["output"][0], found["output"][1]["Error"]) == (1, "TooMuch")


def test_items_are_batched_with_common_input(machines):
    batcher = {"MaxItemsPerBatch": 2, "BatchInput": {"factor.$": "$.factor"}}
    found = machines.run(each(PASS, ItemsPath="$.l", ItemBatcher=batcher), {"l": [1, 2, 3], "factor": 9})
    assert found["output"] == [
        {"BatchInput": {"factor": 9}, "Items": [1, 2]},
        {"BatchInput": {"factor": 9}, "Items": [3]},
    ]


@pytest.fixture
def bucket(aws):
    name = f"maps-{aws.account}"
    aws("s3").create_bucket(Bucket=name)
    return name


def test_items_are_rows_and_results_are_objects(machines, aws, bucket):
    s3 = aws("s3")
    s3.put_object(Bucket=bucket, Key="in.csv", Body="id,n\na,1\nb,2\nc,3\n")
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW", "MaxItems": 2},
        "Parameters": {"Bucket": bucket, "Key.$": "$.key"},
    }
    writer = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": bucket, "Prefix": "out"}}
    found = machines.run(each(PASS, ItemReader=reader, ResultWriter=writer), {"key": "in.csv"})
    place = found["output"]["ResultWriterDetails"]
    manifest = json.loads(s3.get_object(Bucket=bucket, Key=place["Key"])["Body"].read())
    assert manifest["MapRunArn"] == found["output"]["MapRunArn"]
    written = s3.get_object(Bucket=bucket, Key=manifest["ResultFiles"]["SUCCEEDED"][0]["Key"])["Body"].read()
    assert [json.loads(each["Output"]) for each in json.loads(written)] == [
        {"id": "a", "n": "1"},
        {"id": "b", "n": "2"},
    ]


def test_items_are_the_objects_of_a_bucket(machines, aws, bucket):
    for key in ("a/1", "a/2", "b/1"):
        aws("s3").put_object(Bucket=bucket, Key=key, Body="x")
    reader = {"Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": {"Bucket": bucket, "Prefix": "a/"}}
    found = machines.run(each(PASS, ItemReader=reader))
    assert [entry["Key"] for entry in found["output"]] == ["a/1", "a/2"]


def test_items_that_cannot_be_read_fail_the_run(machines, bucket):
    reader = {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": bucket, "Key": "none.json"}}
    found = machines.run(each(PASS, ItemReader=reader))
    assert (found["status"], found["error"]) == ("FAILED", "States.ItemReaderFailed")


def test_stopping_the_parent_stops_its_children(machines, sfn):
    execution = machines.start(each({"W": {"Type": "Wait", "Seconds": 1000, "End": True}}), [1])
    machines.until(execution, "MapRunStarted")
    run = sfn.list_map_runs(executionArn=execution)["mapRuns"][0]["mapRunArn"]
    while not (children := sfn.list_executions(mapRunArn=run)["executions"]):
        pass
    sfn.stop_execution(executionArn=execution)
    assert machines.ended(children[0]["executionArn"])["status"] == "ABORTED"
    assert sfn.describe_map_run(mapRunArn=run)["status"] == "ABORTED"


@pytest.mark.parametrize("kind", ["STANDARD", "EXPRESS"])
def test_redriving_tries_the_children_that_failed(machines, sfn, aws, kind):
    lookup = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sqs:getQueueUrl",
        "Parameters": {"QueueName.$": "$"},
        "OutputPath": "$.QueueUrl",
        "End": True,
    }
    urls = [aws("sqs").create_queue(QueueName="here")["QueueUrl"]]
    execution = machines.start(each({"L": lookup}, kind, MaxConcurrency=1), ["here", "later"])
    assert machines.ended(execution)["error"] == "States.ExceedToleratedFailureThreshold"
    urls.append(aws("sqs").create_queue(QueueName="later")["QueueUrl"])
    sfn.redrive_execution(executionArn=execution)
    assert machines.ended(execution)["output"] == urls
    assert "MapRunRedriven" in machines.types(execution)
    run = sfn.list_map_runs(executionArn=execution)["mapRuns"][0]["mapRunArn"]
    found = sfn.describe_map_run(mapRunArn=run)
    assert (found["status"], found["redriveCount"], found["itemCounts"]["succeeded"]) == ("SUCCEEDED", 1, 2)
