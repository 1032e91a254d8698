"""Documents of any content: whatever is accepted can be put together, summed up, drawn and searched."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fogbank.services.xray import filters, spans
from fogbank.services.xray.documents import Refused, read
from fogbank.services.xray.graphs import Graph
from fogbank.services.xray.summaries import summary
from fogbank.services.xray.traces import compiled

TRACE = "1-58406520-a006649127e371903a2de979"
FILTER = filters.parse(
    'service() { fault } OR edge("a", "b") { error } OR http.url CONTAINS "x" OR rootcause.fault.exception { message = "x" }'
    ' OR annotation.a > 1 OR instance.id = "i" OR http.status > 3 OR user CONTAINS "" OR rootcause.responsetime.entity { last }'
)

ids = st.sampled_from([f"{number:016x}" for number in range(6)])
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 500)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["request", "response", "status", "url", "ec2", "exceptions", "type", "message", "table_name", "a"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)
MEMBERS = (
    "http",
    "aws",
    "sql",
    "cause",
    "annotations",
    "metadata",
    "user",
    "origin",
    "fault",
    "error",
    "subsegments",
    "end_time",
)


def entities(inner):
    needed = {"id": ids, "name": st.sampled_from(["a", "b", "dynamodb"]), "start_time": st.integers(1, 9)}
    likely = {"end_time": st.integers(9, 12), "namespace": st.sampled_from(["aws", "remote"]), "fault": st.booleans()}
    odd = st.dictionaries(st.sampled_from(MEMBERS), values, max_size=3)
    below = st.fixed_dictionaries(
        needed,
        optional={
            **likely,
            "parent_id": ids,
            "subsegments": st.lists(inner, max_size=2) if inner is not None else st.just([]),
        },
    )
    return st.builds(lambda entity, others: {**others, **entity}, below, odd)


documents = st.lists(
    st.recursive(entities(None), entities, max_leaves=4).flatmap(
        lambda entity: st.sampled_from([entity, {**entity, "type": "subsegment"}])
    ),
    max_size=5,
)


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(documents)
def test_whatever_is_accepted_can_be_looked_at(sent):
    accepted = {}
    for document in sent:
        try:
            (found,) = read(json.dumps({"trace_id": TRACE, **document}))
        except Refused:
            continue
        accepted[found["id"]] = found
    if not accepted:
        return
    for document in accepted.values():
        assert all(json.dumps(span) for span in spans.of_segment(document))
    trace = compiled(TRACE, accepted.values(), "1")
    assert summary(trace, 1)["Id"] == TRACE
    graph = Graph()
    graph.add(trace)
    numbers = {node["ReferenceId"] for node in graph.services}
    assert all(edge["ReferenceId"] in numbers for node in graph.services for edge in node["Edges"])
    filters.matches(FILTER, trace, {})


def test_chains_of_any_length_are_put_together():
    chain = [
        {"trace_id": TRACE, "id": f"{number:016x}", "name": "n", "start_time": number, "end_time": number + 1}
        for number in range(1500)
    ]
    for number, subsegment in enumerate(chain[1:]):
        subsegment |= {"type": "subsegment", "parent_id": f"{number:016x}"}
    trace = compiled(TRACE, chain, "1")
    assert len(trace.segments) == 1 and len(trace.strays) > 1000
