"""Tags of queues."""

import pytest


def test_a_queue_has_the_tags_it_was_created_with(sqs):
    url = sqs.create_queue(QueueName="queue", tags={"team": "a", "empty": ""})["QueueUrl"]
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"team": "a", "empty": ""}


def test_tags_are_added_replaced_and_removed(sqs, queue):
    sqs.tag_queue(QueueUrl=queue, Tags={"a": "1", "b": "1"})
    sqs.tag_queue(QueueUrl=queue, Tags={"b": "2", "c": "2"})
    sqs.untag_queue(QueueUrl=queue, TagKeys=["a", "nothing"])
    assert sqs.list_queue_tags(QueueUrl=queue)["Tags"] == {"b": "2", "c": "2"}


def test_a_queue_without_tags_lists_none(sqs, queue):
    assert "Tags" not in sqs.list_queue_tags(QueueUrl=queue)


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({"": "x"}, "Tag keys must be between 1 and 128 characters in length."),
        ({"k" * 129: "x"}, "Tag keys must be between 1 and 128 characters in length."),
        ({"k": "x" * 257}, "Tag values must be at most 256 characters in length."),
        ({"aws:k": "x"}, "cannot start with 'aws:'"),
        ({f"k{number}": "x" for number in range(51)}, "Too many tags added for queue queue."),
    ],
)
def test_bad_tags_are_refused(sqs, queue, refused, tags, reason):
    with refused("InvalidParameterValue", reason):
        sqs.tag_queue(QueueUrl=queue, Tags=tags)
    assert "Tags" not in sqs.list_queue_tags(QueueUrl=queue)


def test_tagging_with_nothing_is_refused(sqs, queue, refused):
    with refused("MissingParameter", "The request must contain the parameter Tags."):
        sqs.tag_queue(QueueUrl=queue, Tags={})


def test_tags_of_a_queue_that_is_not_there_are_refused(sqs, queue, refused):
    with refused("AWS.SimpleQueueService.NonExistentQueue"):
        sqs.list_queue_tags(QueueUrl=queue + "x")
