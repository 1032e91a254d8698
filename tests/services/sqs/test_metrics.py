"""What queues tell CloudWatch: `AWS/SQS`, on the virtual clock."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

SIX_HOURS = 6 * 3600


@pytest.fixture
def cloudwatch(aws):
    return aws("cloudwatch")


@pytest.fixture
def data(cloudwatch, clock):
    """The datapoints of a metric of a queue over the last days, in order of time."""

    def data(name, queue="queue", statistic="Maximum", period=60):
        now = datetime.fromtimestamp(clock.now(), UTC)
        found = cloudwatch.get_metric_statistics(
            Namespace="AWS/SQS",
            MetricName=name,
            Dimensions=[{"Name": "QueueName", "Value": queue}],
            StartTime=now - timedelta(hours=20),
            EndTime=now + timedelta(minutes=1),
            Period=period,
            Statistics=[statistic],
        )["Datapoints"]
        return [each[statistic] for each in sorted(found, key=lambda each: each["Timestamp"])]

    return data


def names(cloudwatch, queue="queue"):
    dimensions = [{"Name": "QueueName", "Value": queue}]
    return {
        each["MetricName"] for each in cloudwatch.list_metrics(Namespace="AWS/SQS", Dimensions=dimensions)["Metrics"]
    }


@pytest.fixture
def at_the_minute(clock):
    """What a test does then is done within one minute."""
    clock.advance(seconds=60 - clock.now() % 60 + 0.5)


@pytest.mark.usefixtures("at_the_minute")
class TestGauges:
    def test_messages_that_can_be_received_are_visible(self, queue, send, clock, data):
        send(queue, "one")
        send(queue, "two")
        clock.advance(seconds=60)
        assert data("ApproximateNumberOfMessagesVisible") == [2]

    def test_messages_in_flight_are_not_visible(self, queue, send, receive, clock, data):
        send(queue, "one")
        receive(queue, VisibilityTimeout=90)
        clock.advance(seconds=120)
        assert data("ApproximateNumberOfMessagesNotVisible") == [1, 0]
        assert data("ApproximateNumberOfMessagesVisible") == [0, 1]

    def test_delayed_messages_are_counted(self, queue, send, clock, data):
        send(queue, "one", DelaySeconds=90)
        clock.advance(seconds=120)
        assert data("ApproximateNumberOfMessagesDelayed") == [1, 0]

    def test_what_is_not_of_noisy_tenants_is_told_by_itself(self, sqs, queue, send, receive, clock, data):
        for _ in range(4):
            entries = [{"Id": str(number), "MessageBody": "m", "MessageGroupId": "loud"} for number in range(10)]
            sqs.send_message_batch(QueueUrl=queue, Entries=entries)
        for _ in range(3):
            receive(queue, VisibilityTimeout=90)
        send(queue, "m", MessageGroupId="quiet")
        send(queue, "m", MessageGroupId="quiet", DelaySeconds=90)
        clock.advance(seconds=60)
        of_quiet = "ApproximateNumberOfMessages{}InQuietGroups"
        assert data("ApproximateNumberOfNoisyGroups") == [1]
        assert data("ApproximateNumberOfMessagesVisible") == [11]
        assert [data(of_quiet.format(state)) for state in ("Visible", "NotVisible", "Delayed")] == [[1], [0], [1]]
        assert [round(age) for age in data("ApproximateAgeOfOldestMessageInQuietGroups")] == [59]

    def test_the_oldest_message_has_an_age(self, queue, send, clock, data):
        send(queue, "one")
        clock.advance(seconds=180)
        ages = data("ApproximateAgeOfOldestMessage")
        assert [round(age) for age in ages] == [59, 119, 179]

    def test_an_empty_queue_has_no_age(self, queue, send, sqs, receive, clock, cloudwatch):
        send(queue, "one")
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=receive(queue)[0]["ReceiptHandle"])
        clock.advance(seconds=60)
        assert "ApproximateAgeOfOldestMessage" not in names(cloudwatch)

    def test_a_message_received_three_times_is_no_part_of_the_age(self, queue, send, receive, clock, cloudwatch):
        send(queue, "one")
        for _ in range(3):
            receive(queue, VisibilityTimeout=0)
        clock.advance(seconds=60)
        assert "ApproximateAgeOfOldestMessage" not in names(cloudwatch)

    def test_groups_with_messages_in_flight_are_counted(self, fifo, send, receive, clock, data):
        for group in "ab":
            send(fifo, group, MessageGroupId=group)
        receive(fifo, VisibilityTimeout=90)
        clock.advance(seconds=120)
        assert data("ApproximateNumberOfGroupsWithInflightMessages", "queue.fifo") == [2, 0]

    def test_a_purged_queue_is_empty_in_the_same_minute(self, queue, send, sqs, clock, data):
        send(queue, "one")
        sqs.purge_queue(QueueUrl=queue)
        clock.advance(seconds=60)
        assert data("ApproximateNumberOfMessagesVisible") == [0]
        assert data("NumberOfMessagesSent") == [1]


@pytest.mark.usefixtures("at_the_minute")
class TestCounters:
    def test_messages_sent_are_counted_with_their_sizes(self, queue, sqs, send, clock, data):
        send(queue, "123")
        entries = [{"Id": "1", "MessageBody": "1"}, {"Id": "2", "MessageBody": "12345"}]
        sqs.send_message_batch(QueueUrl=queue, Entries=entries)
        clock.advance(seconds=60)
        assert data("NumberOfMessagesSent") == [3]
        sizes = {of: data("SentMessageSize", statistic=of) for of in ("SampleCount", "Sum", "Minimum", "Maximum")}
        assert sizes == {"SampleCount": [3], "Sum": [9], "Minimum": [1], "Maximum": [5]}

    def test_each_minute_counts_anew(self, queue, send, clock, data):
        send(queue, "one")
        clock.advance(seconds=60)
        send(queue, "two")
        send(queue, "three")
        clock.advance(seconds=120)
        assert data("NumberOfMessagesSent") == [1, 2, 0]

    def test_messages_received_and_deleted_are_counted(self, queue, send, sqs, receive, clock, data):
        send(queue, "one")
        send(queue, "two")
        first, _ = receive(queue)
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=first["ReceiptHandle"])
        clock.advance(seconds=60)
        assert (data("NumberOfMessagesReceived"), data("NumberOfMessagesDeleted")) == ([2], [1])

    def test_a_message_that_is_gone_is_not_deleted_again(self, queue, send, sqs, receive, clock, data):
        send(queue, "one")
        handle = receive(queue)[0]["ReceiptHandle"]
        for _ in range(2):
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=handle)
        clock.advance(seconds=60)
        assert data("NumberOfMessagesDeleted") == [1]

    def test_receives_of_nothing_are_counted(self, queue, receive, clock, data):
        receive(queue)
        receive(queue, WaitTimeSeconds=1)
        clock.advance(seconds=60)
        assert data("NumberOfEmptyReceives") == [2]

    def test_duplicates_are_not_sent(self, fifo, send, clock, data):
        for _ in range(3):
            send(fifo, "one", MessageGroupId="g")
        clock.advance(seconds=60)
        assert data("NumberOfDeduplicatedSentMessages", "queue.fifo") == [2]
        assert data("NumberOfMessagesSent", "queue.fifo") == [1]


@pytest.mark.usefixtures("at_the_minute")
class TestActivity:
    def test_a_queue_that_was_never_used_tells_nothing(self, queue, clock, cloudwatch):
        clock.advance(seconds=300)
        assert names(cloudwatch) == set()

    def test_a_queue_is_active_for_six_hours_after_its_last_use(self, queue, send, clock, data):
        send(queue, "one")
        clock.advance(seconds=SIX_HOURS + 3600)
        visible = data("ApproximateNumberOfMessagesVisible")
        assert 360 <= len(visible) <= 375 and set(visible) == {1}
        ages = data("ApproximateAgeOfOldestMessage")
        assert ages == sorted(ages) and len(ages) == len(visible)

    def test_a_resting_queue_tells_what_happens_in_its_minute(self, queue, send, clock, data):
        send(queue, "one")
        clock.advance(seconds=1500)
        send(queue, "two")
        clock.advance(seconds=60)
        assert data("ApproximateNumberOfMessagesVisible") == [1] * 25 + [2]
        assert data("NumberOfMessagesSent")[-1] == 1

    def test_a_deleted_queue_tells_nothing_more(self, queue, send, sqs, clock, cloudwatch):
        send(queue, "one")
        sqs.delete_queue(QueueUrl=queue)
        clock.advance(seconds=120)
        assert names(cloudwatch) == set()


class TestAlarms:
    @pytest.fixture
    def dead(self, make_queue):
        return make_queue("dead")

    @pytest.fixture
    def state(self, cloudwatch):
        cloudwatch.put_metric_alarm(
            AlarmName="letters",
            Namespace="AWS/SQS",
            MetricName="ApproximateNumberOfMessagesVisible",
            Dimensions=[{"Name": "QueueName", "Value": "dead"}],
            Statistic="Maximum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=0,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="notBreaching",
        )
        return lambda: cloudwatch.describe_alarms(AlarmNames=["letters"])["MetricAlarms"][0]["StateValue"]

    @pytest.fixture
    def bury(self, dead, make_queue, send, receive):
        """Sends a message to a queue that gives it up after one receive."""
        account = dead.split("/")[-2]
        policy = {"deadLetterTargetArn": f"arn:aws:sqs:us-east-1:{account}:dead", "maxReceiveCount": 1}
        url = make_queue("work", VisibilityTimeout=0, RedrivePolicy=json.dumps(policy))
        send(url, "doomed")
        receive(url)
        receive(url)

    def test_a_dead_letter_raises_the_alarm_within_a_minute_and_keeps_it_raised(
        self, state, dead, bury, sqs, receive, clock
    ):
        clock.advance(seconds=60)
        assert state() == "ALARM"
        clock.advance(seconds=8 * 3600)
        assert state() == "ALARM"
        message = receive(dead)[0]
        sqs.delete_message(QueueUrl=dead, ReceiptHandle=message["ReceiptHandle"])
        clock.advance(seconds=300)
        assert state() == "OK"

    @pytest.mark.usefixtures("bury")
    def test_a_dead_letter_was_not_sent(self, clock, data):
        clock.advance(seconds=60)
        assert set(data("NumberOfMessagesSent", "dead")) == {0}
