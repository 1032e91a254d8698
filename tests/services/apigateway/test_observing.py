"""What is told of requests: metrics and traces. Logs are in test_definitions."""

import json
import time
from datetime import UTC, datetime, timedelta

TRACE = "1-5759e988-bd862e3fe1be46a994272793"


def test_requests_are_counted(apis, clock):
    api, _ = apis.make()
    apis.deploy(api)
    for path in ("orders", "orders", "nothing"):
        apis.visit(api, f"/prod/{path}")
    clock.advance(seconds=60)

    def total(name):
        found = apis.aws("cloudwatch").get_metric_statistics(
            Namespace="AWS/ApiGateway",
            MetricName=name,
            Dimensions=[{"Name": "ApiName", "Value": "shop"}, {"Name": "Stage", "Value": "prod"}],
            StartTime=datetime.now(UTC) - timedelta(days=1000),
            EndTime=datetime.now(UTC) + timedelta(days=1000),
            Period=86400 * 3000,
            Statistics=["Sum"],
        )
        return sum(point["Sum"] for point in found["Datapoints"])

    assert (total("Count"), total("4XXError"), total("5XXError")) == (3, 1, 0)


def test_a_traced_stage_is_the_parent_of_the_function_behind_it(apis):
    api, _ = apis.proxy()
    of_stage = [{"op": "replace", "path": "/tracingEnabled", "value": "true"}]
    apis.client.update_stage(restApiId=api, stageName="prod", patchOperations=of_stage)
    assert apis.visit(api, "/prod/orders", headers={"X-Amzn-Trace-Id": f"Root={TRACE}"}).status == 200
    found = {}
    for _ in range(100):
        traces = apis.aws("xray").batch_get_traces(TraceIds=[TRACE])["Traces"]
        documents = [json.loads(each["Document"]) for trace in traces for each in trace["Segments"]]
        found = {each.get("origin"): each for each in documents}
        if {"AWS::ApiGateway::Stage", "AWS::Lambda"} <= found.keys():
            break
        time.sleep(0.05)
    assert found["AWS::ApiGateway::Stage"]["name"] == "shop/prod"
    assert found["AWS::Lambda"]["parent_id"] == found["AWS::ApiGateway::Stage"]["id"]
