"""Service graphs and statistics."""


def _shop(traces, seconds=1.0, **members):
    """A request to `shop`, which reads a table and calls `stock`."""
    table = traces.segment("DynamoDB", seconds=0.25, namespace="aws", aws={"table_name": "orders"})
    call = traces.segment("stock", seconds=0.5, namespace="remote", **members)
    shop = traces.segment(seconds=seconds, subsegments=[table, call], origin="AWS::EC2::Instance")
    return traces.send(shop, traces.segment("stock", seconds=0.4, parent_id=call["id"], **members))


def test_a_graph_has_clients_services_and_what_they_call(traces):
    _shop(traces)
    _shop(traces, seconds=2.0, fault=True)
    graph = traces.graph()
    client, shop = graph["shop", "client"], graph["shop", "AWS::EC2::Instance"]
    table, stock = graph["orders", "AWS::DynamoDB::Table"], graph["stock", None]
    assert shop["Root"] and shop["State"] == "active" and table["State"] == "unknown"
    assert [edge["ReferenceId"] for edge in client["Edges"]] == [shop["ReferenceId"]]
    edges = {edge["ReferenceId"]: edge for edge in shop["Edges"]}
    assert edges.keys() == {table["ReferenceId"], stock["ReferenceId"]}
    statistics = edges[stock["ReferenceId"]]["SummaryStatistics"]
    assert statistics["OkCount"] == 1 and statistics["FaultStatistics"] == {"OtherCount": 1, "TotalCount": 1}
    assert statistics["TotalResponseTime"] == 1.0
    assert shop["ResponseTimeHistogram"] == [{"Value": 1.0, "Count": 1}, {"Value": 2.0, "Count": 1}]
    assert table["SummaryStatistics"]["TotalCount"] == 2
    assert "SummaryStatistics" not in client


def test_errors_and_throttles_are_counted_apart(traces):
    traces.send(traces.segment(error=True, throttle=True))
    traces.send(traces.segment(error=True))
    statistics = traces.graph()["shop", None]["SummaryStatistics"]
    assert statistics["ErrorStatistics"] == {"ThrottleCount": 1, "OtherCount": 1, "TotalCount": 2}


def test_the_graph_of_some_traces(xray, traces):
    first, _ = _shop(traces), traces.send(traces.segment("else"))
    services = xray.get_trace_graph(TraceIds=[first])["Services"]
    assert {each["Name"] for each in services} == {"shop", "orders", "stock"}


def test_the_graph_of_a_group(xray, traces, refused):
    xray.create_group(GroupName="faults", FilterExpression='service("stock") { fault }')
    _shop(traces)
    assert traces.graph(GroupName="faults") == {}
    _shop(traces, fault=True)
    assert traces.graph(GroupName="faults")["stock", None]["SummaryStatistics"]["TotalCount"] == 1
    with refused(message="Group not found"):
        traces.graph(GroupName="nobody")


def test_what_happened_at_another_time_is_not_in_the_graph(xray, traces, refused):
    _shop(traces)
    now = traces.now
    assert not xray.get_service_graph(StartTime=now - 7200, EndTime=now - 3600)["Services"]
    with refused(message="Time range cannot be longer than 6 hours"):
        xray.get_service_graph(StartTime=now - 7 * 3600, EndTime=now)


def test_statistics_by_the_minute(xray, traces, refused):
    _shop(traces)
    _shop(traces, fault=True)
    ask = xray.get_time_series_service_statistics

    def total(member, **options):
        rows = ask(**traces.range, **options)["TimeSeriesServiceStatistics"]
        return sum(row[member]["TotalCount"] for row in rows)

    assert total("EdgeSummaryStatistics") == 6
    assert total("EdgeSummaryStatistics", EntitySelectorExpression='edge("shop", "stock")') == 2
    assert total("ServiceSummaryStatistics", EntitySelectorExpression='service("orders")', Period=300) == 2
    one = {"EntitySelectorExpression": 'id(name: "stock")', "ForecastStatistics": True}
    row = ask(**traces.range, **one)["TimeSeriesServiceStatistics"][0]
    assert row["ServiceForecastStatistics"]["FaultCountHigh"] >= 1
    with refused(message="Period"):
        ask(**traces.range, Period=7)
    with refused(message="ForecastStatistics"):
        ask(**traces.range, ForecastStatistics=True)
