"""What is measured of a request, and what the log says of it: nothing, unless it failed, was slow, or all are asked for."""

from __future__ import annotations

import logging
from time import perf_counter

from fogbank.telemetry.metrics import SECONDS, Distribution, Family, Sample
from fogbank.telemetry.trace import Trace, current

log = logging.getLogger("fogbank.requests")


class RequestMeter:
    """Requests by service, operation and class of status. It costs a request 1 us.

    slow      from how many seconds on a request is logged as slow; None for never
    log_all   log every request
    """

    def __init__(self, slow: float | None = None, log_all: bool = False) -> None:
        self._slow = float("inf") if slow is None else slow
        self._log_all = log_all
        self._begun = 0
        self._abandoned = 0
        self._answers: dict[tuple[str, str, int], Distribution] = {}

    def begin(self) -> Trace:
        """A request arrived. What is logged from here on is logged as done for it."""
        self._begun += 1
        trace = Trace()
        current.set(trace)
        return trace

    def answered(self, trace: Trace, status: int) -> None:
        """The request's answer was handed to the front."""
        trace.answered = True
        seconds = perf_counter() - trace.started - trace.waited
        key = (trace.service, trace.operation, status // 100)
        answers = self._answers.get(key)
        if answers is None:
            answers = self._answers[key] = Distribution.within(SECONDS)
        answers.add(seconds)
        if seconds >= self._slow or status >= 500 or self._log_all:
            self._report(trace, status, seconds)

    def abandoned(self, trace: Trace) -> None:
        """The request's client went away before there was an answer."""
        trace.answered = True
        self._abandoned += 1

    # -- telling

    def _report(self, trace: Trace, status: int, seconds: float) -> None:
        slow = seconds >= self._slow
        level = logging.ERROR if status >= 500 else logging.WARNING if slow else logging.INFO
        what = "failed request" if status >= 500 else "slow request" if slow else "request"
        name = " ".join(part for part in (trace.service, trace.operation) if part) or "unknown"
        stages = stages_of(trace) if slow else {}
        text = f"{what}: {name} {status} in {_milliseconds(seconds)} ms"
        if trace.account:
            text += f", account {trace.account}"
        if stages:
            text += "; " + ", ".join(f"{stage} {time} ms" for stage, time in stages.items())
        fields = {
            "event": what,
            "service": trace.service,
            "operation": trace.operation,
            "account": trace.account,
            "status": status,
            "ms": _milliseconds(seconds),
            **({"stages": stages} if stages else {}),
        }
        log.log(level, "%s", text, extra={"request_id": trace.request_id, "fields": fields})

    def families(self) -> list[Family]:
        answers = [
            ({"service": service, "operation": operation, "status": f"{status}xx"}, distribution)
            for (service, operation, status), distribution in sorted(self._answers.items())
        ]
        counts = [(labels, distribution.count) for labels, distribution in answers]
        in_flight = self._begun - self._abandoned - sum(count for _, count in counts)
        return [
            Family("fogbank_requests", "counter", "Requests answered.", [Sample(*each) for each in counts]),
            Family(
                "fogbank_request_duration_seconds",
                "histogram",
                "From the arrival of a request until its answer leaves, without the time that it waited for its own client.",
                [Sample(*each) for each in answers],
            ),
            Family("fogbank_requests_in_flight", "gauge", "Requests without an answer yet.", [Sample({}, in_flight)]),
            Family(
                "fogbank_requests_abandoned",
                "counter",
                "Requests whose client went away before the answer.",
                [Sample({}, self._abandoned)],
            ),
        ]


def stages_of(trace: Trace) -> dict[str, float]:
    """How long each stage took that the request went through, in milliseconds, and how long it was made to wait."""
    moments = (
        ("authenticate", trace.authenticated),
        ("parse", trace.parsed),
        ("operation", trace.operated),
        ("commit", perf_counter()),
    )
    stages: dict[str, float] = {}
    before = trace.started
    for stage, moment in moments:
        if moment:
            stages[stage] = _milliseconds(moment - before)
            before = moment
    if trace.waited:
        stages["waited"] = _milliseconds(trace.waited)
    return stages


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)
