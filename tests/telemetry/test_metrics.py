"""What /_fogbank/metrics tells, read by Prometheus's own parsers, and how it is told."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from botocore.exceptions import ClientError
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from fogbank.telemetry import exposition, trace
from fogbank.telemetry.metrics import Distribution, Family, Sample, StoreMeter, TaskMeter, counter, of_processes
from fogbank.telemetry.requests import RequestMeter
from fogbank.testing import Clients, InProcessServer, server

OPENMETRICS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"


@pytest.fixture(scope="module")
def running() -> Iterator[InProcessServer]:
    with server() as one:
        yield one


@pytest.fixture
def aws(running: InProcessServer) -> Iterator[Clients]:
    clients = Clients(running.endpoint)
    yield clients
    clients.close()


def scrape(running: InProcessServer, accept: str = "") -> tuple[str, str]:
    """(content type, text)."""
    with urlopen(Request(running.endpoint + "/_fogbank/metrics", headers={"accept": accept})) as answer:
        return answer.headers["content-type"], answer.read().decode()


@pytest.fixture
def value(running: InProcessServer) -> Callable[..., float]:
    """value(sample name, label=...) is the sum of the samples that have these labels."""

    def value(name: str, **labels: str) -> float:
        samples = [sample for family in parse_text(scrape(running)[1]) for sample in family.samples]
        return sum(each.value for each in samples if each.name == name and labels.items() <= each.labels.items())

    return value


# -- requests


def test_requests_are_counted_by_service_operation_and_class_of_status(aws, value):
    sqs = aws("sqs")
    sqs.create_queue(QueueName="counted")
    for _ in range(3):
        with pytest.raises(ClientError):
            sqs.get_queue_url(QueueName="missing")
    assert value("fogbank_requests_total", service="sqs", operation="CreateQueue", status="2xx") == 1
    assert value("fogbank_requests_total", service="sqs", operation="GetQueueUrl", status="4xx") == 3


def test_a_request_without_an_implementation_counts_as_failed(aws, value):
    with pytest.raises(ClientError):
        aws("snowball", retries={"total_max_attempts": 1}).list_jobs()
    assert value("fogbank_requests_total", service="snowball", operation="ListJobs", status="5xx") == 1


def test_durations_have_a_histogram_for_each_operation(aws, value):
    aws("sts").get_caller_identity()
    labels = {"service": "sts", "operation": "GetCallerIdentity"}
    count = value("fogbank_request_duration_seconds_count", **labels)
    assert count == value("fogbank_requests_total", **labels) >= 1
    assert value("fogbank_request_duration_seconds_bucket", le="+Inf", **labels) == count
    assert 0 < value("fogbank_request_duration_seconds_sum", **labels) < 10


def test_a_path_of_the_admin_api_that_is_not_there_makes_no_label(running, value):
    with pytest.raises(HTTPError):
        urlopen(running.endpoint + "/_fogbank/no-such-thing")
    assert value("fogbank_requests_total", service="fogbank", operation="unknown", status="4xx") >= 1


def test_a_long_poll_is_in_flight_until_it_is_answered(running, aws, value):
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName="polled")["QueueUrl"]
    poll = threading.Thread(target=lambda: sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20))
    poll.start()
    began = time.monotonic()
    while value("fogbank_requests_in_flight") < 2 and time.monotonic() < began + 10:  # this one, and the poll
        pass
    assert value("fogbank_requests_in_flight") == 2
    aws("sqs").send_message(QueueUrl=url, MessageBody="x")
    poll.join()
    assert value("fogbank_requests_in_flight") == 1


def test_what_a_long_poll_waits_is_not_its_duration(monkeypatch):
    meter = RequestMeter()
    poll = meter.begin()
    poll.started -= 20
    moments = iter((100.0, 120.0))
    monkeypatch.setattr(trace, "perf_counter", lambda: next(moments))
    with trace.waiting():
        pass
    meter.answered(poll, 200)
    durations = next(each for each in meter.families() if each.name == "fogbank_request_duration_seconds")
    assert durations.samples[0].value.total < 1


# -- the rest of the server


def test_clients_and_process_and_version_are_told(running, aws, value):
    aws("sts").get_caller_identity()
    assert value("fogbank_connections") >= 2
    assert value("process_cpu_seconds_total") > 0
    assert value("process_resident_memory_bytes") > 10_000_000
    assert value("process_open_fds") > 3
    assert value("fogbank_build_info", version=running.app.version) == 1


def test_the_clock_tells_how_far_it_was_moved(running, value):
    running.call(running.app.advance(3600))
    assert value("fogbank_clock_offset_seconds") == pytest.approx(3600, abs=5)
    running.call(running.app.reset_clock())


def test_caches_count_hits_and_misses(aws, value):
    sts = aws("sts")
    sts.get_caller_identity()
    hits, misses = (
        value("fogbank_cache_hits_total", cache="codecs"),
        value("fogbank_cache_misses_total", cache="codecs"),
    )
    sts.get_caller_identity()
    assert value("fogbank_cache_hits_total", cache="codecs") == hits + 1
    assert value("fogbank_cache_misses_total", cache="codecs") == misses


def test_blobs_and_the_store_have_a_size():
    with server() as fresh:
        clients = Clients(fresh.endpoint)
        clients("s3").create_bucket(Bucket="bytes")
        clients("s3").put_object(Bucket="bytes", Key="large", Body=b"x" * 300_000)
        samples = {each.name: each.samples[0].value for each in parse_text(scrape(fresh)[1]) if each.samples}
        clients.close()
    assert samples["fogbank_blobs"] == 1
    assert 300_000 < samples["fogbank_blobs_bytes"] < 301_000  # encrypted
    assert samples["fogbank_store_bytes"] > 0


# -- the text


def test_prometheus_is_answered_in_its_text_format(running):
    content_type, text = scrape(running)
    assert content_type == "text/plain; version=0.0.4; charset=utf-8"
    assert not text.endswith("# EOF\n")


def test_who_accepts_openmetrics_is_answered_in_it(running):
    content_type, text = scrape(running, OPENMETRICS)
    assert content_type.startswith("application/openmetrics-text; version=1.0.0")
    families = {family.name: family.type for family in parse_openmetrics(text)}
    assert families["fogbank_requests"] == "counter"
    assert families["fogbank_request_duration_seconds"] == "histogram"


def test_every_metric_has_a_help_text_and_a_unit_that_prometheus_knows(running):
    for family in parse_text(scrape(running)[1]):
        assert family.documentation
        assert not family.name.endswith(("_ms", "_milliseconds", "_count", "_sum"))


def test_labels_are_escaped():
    family = Family("odd", "gauge", "A \\ and\na line", [Sample({"text": 'a "b" \\ c\nd'}, 1.5)])
    text = exposition.render([family], exposition.TEXT).decode()
    parsed = next(iter(parse_text(text)))
    assert parsed.samples[0].labels == {"text": 'a "b" \\ c\nd'}
    assert parsed.documentation == "A \\ and\na line"


def test_a_family_without_samples_is_not_told():
    assert exposition.render([Family("none", "gauge", "Nothing.", [])], exposition.TEXT) == b"\n"


# -- counting


def test_a_distribution_counts_up_to_and_including_its_bounds():
    distribution = Distribution.within((1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 3.0):
        distribution.add(value)
    assert (distribution.counts, distribution.total, distribution.count) == ([2, 1, 1], 6.0, 4)


def test_the_store_meter_notes_rows_transactions_and_time_of_commits():
    meter = StoreMeter()
    meter.committed(rows=5, transactions=2, seconds=0.001)
    meter.committed(rows=1, transactions=1, seconds=0.002)
    assert (meter.rows.total, meter.transactions.total, meter.seconds.count) == (6, 3, 2)


def test_the_task_meter_notes_outcomes_and_time_of_runs():
    meter = TaskMeter()
    meter.ran("sqs", "expire", "failed", 0.1)
    meter.ran("sqs", "expire", "done", 0.2)
    assert meter.runs == {("sqs", "expire", "failed"): 1, ("sqs", "expire", "done"): 1}
    assert meter.seconds["sqs", "expire"].total == pytest.approx(0.3)


# -- several processes


def test_the_samples_of_each_process_say_its_worker():
    merged = of_processes({"0": [counter("requests", "", 2)], "1": [counter("requests", "", 3)]})
    assert [(sample.labels, sample.value) for sample in merged[0].samples] == [
        ({"worker": "0"}, 2),
        ({"worker": "1"}, 3),
    ]


def test_families_can_be_sent_from_process_to_process():
    import msgspec

    distribution = Distribution.within((1.0,))
    distribution.add(0.5)
    families = [Family("some", "histogram", "Some.", [Sample({"a": "b"}, distribution)]), counter("other", "", 1)]
    packed = msgspec.msgpack.encode(families)
    assert msgspec.msgpack.decode(packed, type=list[Family]) == families


# -- what is documented


def test_the_documentation_names_exactly_what_there_is(running, aws):
    aws("sqs").create_queue(QueueName="documented")
    running.call(running.app.advance(1))
    page = (Path(__file__).parents[2] / "docs" / "observability.md").read_text()
    documented = set(re.findall(r"`((?:fogbank|process)_\w+)`", page))
    told = {
        f"{family.name}_total" if family.type == "counter" else family.name for family in parse_text(scrape(running)[1])
    }
    sometimes = {"fogbank_task_runs_total", "fogbank_task_duration_seconds"}  # once a task has run
    assert documented | sometimes == told | sometimes
