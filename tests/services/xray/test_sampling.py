"""Sampling rules, and the reservoirs that clients share."""

import secrets

RULE = {
    "RuleName": "orders",
    "Priority": 100,
    "FixedRate": 0.1,
    "ReservoirSize": 5,
    "ServiceName": "*",
    "ServiceType": "*",
    "Host": "*",
    "HTTPMethod": "POST",
    "URLPath": "/orders/*",
    "ResourceARN": "*",
    "Version": 1,
}


def rules(xray):
    return [each["SamplingRule"] for each in xray.get_sampling_rules()["SamplingRuleRecords"]]


def test_everybody_has_the_default_rule(xray):
    (default,) = rules(xray)
    assert default["RuleARN"].endswith(":sampling-rule/Default")
    assert (default["Priority"], default["FixedRate"], default["ReservoirSize"]) == (10000, 0.05, 1)


def test_a_rule_is_made_changed_and_deleted(xray, refused):
    made = xray.create_sampling_rule(SamplingRule=RULE)["SamplingRuleRecord"]
    assert made["SamplingRule"] == {**RULE, "RuleARN": made["SamplingRule"]["RuleARN"], "Attributes": {}}
    change = {"RuleARN": made["SamplingRule"]["RuleARN"], "FixedRate": 0.5}
    assert (
        xray.update_sampling_rule(SamplingRuleUpdate=change)["SamplingRuleRecord"]["SamplingRule"]["FixedRate"] == 0.5
    )
    assert [each["RuleName"] for each in rules(xray)] == ["orders", "Default"]
    xray.delete_sampling_rule(RuleName="orders")
    with refused(message="does not exist"):
        xray.delete_sampling_rule(RuleName="orders")


def test_rules_that_cannot_be_are_refused(xray, refused):
    xray.create_sampling_rule(SamplingRule=RULE)
    with refused(message="already exists"):
        xray.create_sampling_rule(SamplingRule=RULE)
    with refused(message="Version"):
        xray.create_sampling_rule(SamplingRule={**RULE, "RuleName": "other", "Version": 2})
    with refused(message="FixedRate"):
        xray.update_sampling_rule(SamplingRuleUpdate={"RuleName": "orders", "FixedRate": 2.0})
    with refused(message="not both"):
        xray.delete_sampling_rule()
    with refused(message="default sampling rule"):
        xray.delete_sampling_rule(RuleName="Default")
    with refused(message="default sampling rule"):
        xray.update_sampling_rule(SamplingRuleUpdate={"RuleName": "Default", "Priority": 1})


def test_the_default_rule_has_another_rate(xray):
    xray.update_sampling_rule(SamplingRuleUpdate={"RuleName": "Default", "FixedRate": 1.0, "ReservoirSize": 10})
    assert rules(xray)[0]["FixedRate"] == 1.0


def test_there_are_at_most_25_rules(xray, refused):
    for number in range(25):
        xray.create_sampling_rule(SamplingRule={**RULE, "RuleName": f"r{number}"})
    with refused("RuleLimitExceededException"):
        xray.create_sampling_rule(SamplingRule=RULE)


class Client:
    """An application that samples by a rule."""

    def __init__(self, xray, clock):
        self.xray, self.clock, self.id = xray, clock, secrets.token_hex(12)

    def report(self, rule="orders", **options):
        document = {
            "RuleName": rule,
            "ClientID": self.id,
            "Timestamp": self.clock.now(),
            "RequestCount": 10,
            "SampledCount": 3,
            "BorrowCount": 1,
        }
        return self.xray.get_sampling_targets(SamplingStatisticsDocuments=[document], **options)

    def quota(self):
        (target,) = self.report()["SamplingTargetDocuments"]
        assert target["Interval"] == 10
        return target["ReservoirQuota"]


def test_clients_share_a_reservoir_and_never_have_more_than_it(xray, clock):
    xray.create_sampling_rule(SamplingRule=RULE)
    one, two = Client(xray, clock), Client(xray, clock)
    assert one.quota() == 5
    assert two.quota() == 0
    clock.advance(seconds=10)
    assert one.quota() == 3
    assert two.quota() == 2


def test_who_does_not_come_back_loses_its_part(xray, clock):
    xray.create_sampling_rule(SamplingRule=RULE)
    one, two = Client(xray, clock), Client(xray, clock)
    one.quota()
    clock.advance(seconds=20)
    assert two.quota() == 5


def test_rules_that_are_not_there_have_no_targets(xray, clock):
    answer = Client(xray, clock).report("nobody")
    assert not answer["SamplingTargetDocuments"]
    assert answer["UnprocessedStatistics"] == [{"RuleName": "nobody", "ErrorCode": "400", "Message": "Unknown rule"}]


def test_what_clients_tell_is_summed_up(xray, clock):
    xray.create_sampling_rule(SamplingRule=RULE)
    clock.advance(seconds=10 - clock.now() % 10)
    Client(xray, clock).report()
    Client(xray, clock).report()
    (found,) = xray.get_sampling_statistic_summaries()["SamplingStatisticSummaries"]
    del found["Timestamp"]
    assert found == {"RuleName": "orders", "RequestCount": 20, "SampledCount": 6, "BorrowCount": 2}


def test_anomalies_boost_a_rule_once_in_a_while(xray, clock):
    xray.create_sampling_rule(SamplingRule={**RULE, "SamplingRateBoost": {"MaxRate": 0.6, "CooldownWindowMinutes": 5}})
    client = Client(xray, clock)

    def boost(anomalies):
        document = {"RuleName": "orders", "ServiceName": "shop", "Timestamp": clock.now(), "TotalCount": 10}
        document |= {"AnomalyCount": anomalies, "SampledAnomalyCount": 0}
        (target,) = client.report(SamplingBoostStatisticsDocuments=[document])["SamplingTargetDocuments"]
        return target.get("SamplingBoost", {}).get("BoostRate")

    assert [boost(0), boost(5), boost(0)] == [None, 0.5, 0.5]
    clock.advance(minutes=2)
    assert boost(9) is None
    clock.advance(minutes=4)
    assert boost(9) == 0.6
