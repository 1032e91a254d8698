"""PutLogEvents and GetLogEvents."""

HOUR = 3_600_000
DAY = 24 * HOUR


def read(logs, **params):
    return logs.get_log_events(logGroupName="/app", logStreamName="one", **params)


def messages(answer):
    return [event["message"] for event in answer["events"]]


# -- writing


def test_events_come_back_in_the_order_of_their_times(logs, group, put, now):
    moment = now() - HOUR
    put((moment + 120_000, "late"))
    put((moment, "early"), (moment + 120_000, "late too"))
    assert messages(read(logs, startFromHead=True)) == ["early", "late", "late too"]


def test_events_out_of_order_in_a_batch_are_refused(group, put, now, refused):
    moment = now()
    with refused("InvalidParameterException", "must be in chronological order"):
        put((moment, "b"), (moment - 1, "a"))


def test_a_batch_spans_no_more_than_a_day(group, put, now, refused):
    moment = now()
    with refused("InvalidParameterException", "cannot span more than 24 hours"):
        put((moment - DAY - 1, "a"), (moment, "b"))


def test_events_that_are_too_old_or_too_new_are_left_out_and_told(logs, group, put, now):
    moment = now()
    answer = put((moment - 15 * DAY, "old"), (moment, "a"), (moment + 3 * HOUR, "new"))
    assert answer["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 2}
    assert messages(read(logs)) == ["a"]


def test_events_past_the_retention_are_left_out_and_told(logs, group, put, now):
    logs.put_retention_policy(logGroupName=group, retentionInDays=1)
    moment = now()
    assert put((moment - 2 * DAY, "old"), (moment, "a"))["rejectedLogEventsInfo"] == {"expiredLogEventEndIndex": 1}


def test_what_was_taken_as_a_whole_says_nothing_of_refusals(group, put):
    assert "rejectedLogEventsInfo" not in put("a")


def test_a_batch_is_one_mebibyte_with_26_bytes_for_each_event(group, put, refused):
    put("x" * (1_048_576 - 26))
    with refused("InvalidParameterException", "Upload too large: 1048577 bytes exceeds limit of 1048576"):
        put("x" * (1_048_577 - 26))


def test_a_batch_has_no_more_than_ten_thousand_events(group, put, refused):
    put(*["x"] * 10_000)
    with refused("InvalidParameterException", "logEvents"):
        put(*["x"] * 10_001)


def test_sequence_tokens_do_not_matter(logs, group, put):
    put("a", sequenceToken="whatever")
    put("b", sequenceToken="whatever")
    assert sorted(messages(read(logs))) == ["a", "b"]


def test_there_has_to_be_a_stream(group, put, refused):
    with refused("ResourceNotFoundException", "The specified log stream does not exist."):
        put("a", stream="nowhere")


# -- reading


def test_the_newest_come_first_unless_told_otherwise(logs, group, put):
    put("a", "b", "c")
    assert messages(read(logs, limit=2)) == ["b", "c"]
    assert messages(read(logs, limit=2, startFromHead=True)) == ["a", "b"]


def test_tokens_lead_forwards_to_the_end_and_then_stay(logs, group, put):
    put("a", "b", "c")
    first = read(logs, limit=2, startFromHead=True)
    second = read(logs, limit=2, nextToken=first["nextForwardToken"])
    third = read(logs, limit=2, nextToken=second["nextForwardToken"])
    assert (messages(second), messages(third)) == (["c"], [])
    assert third["nextForwardToken"] == second["nextForwardToken"]
    put("d")
    assert messages(read(logs, nextToken=third["nextForwardToken"])) == ["d"]


def test_tokens_lead_backwards_to_the_beginning_and_then_stay(logs, group, put):
    put("a", "b", "c")
    last = read(logs, limit=2)
    before = read(logs, limit=2, nextToken=last["nextBackwardToken"])
    end = read(logs, limit=2, nextToken=before["nextBackwardToken"])
    assert (messages(before), messages(end)) == (["a"], [])
    assert end["nextBackwardToken"] == before["nextBackwardToken"]


def test_a_walk_over_many_chunks_sees_each_event_once(logs, group, put, now):
    moment = now() - 5 * HOUR
    for nth in range(60):
        put((moment + nth * 30_000, f"a{nth}"), (moment + nth * 30_000 + 70_000, f"b{nth}"))
    seen, token = [], None
    while True:
        page = read(logs, limit=33, **({"nextToken": token} if token else {"startFromHead": True}))
        if page["nextForwardToken"] == token:
            break
        seen += page["events"]
        token = page["nextForwardToken"]
    assert len({event["message"] for event in seen}) == len(seen) == 120
    assert [event["timestamp"] for event in seen] == sorted(event["timestamp"] for event in seen)


def test_a_time_range_includes_its_start_and_not_its_end(logs, group, put, now):
    moment = now() - HOUR
    put(*[(moment + nth, str(nth)) for nth in range(4)])
    assert messages(read(logs, startTime=moment + 1, endTime=moment + 3)) == ["1", "2"]


def test_an_answer_is_no_larger_than_a_mebibyte(logs, group, put):
    for _ in range(3):
        put("x" * 500_000)
    assert len(read(logs, startFromHead=True)["events"]) == 2


def test_a_bad_token_is_refused(logs, group, refused):
    with refused("InvalidParameterException", "The specified nextToken is invalid."):
        read(logs, nextToken="f/12/s")
