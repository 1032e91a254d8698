"""Analyzers and their tags."""

from datetime import UTC, datetime, timedelta

import pytest


def test_an_analyzer_is_answered_with_its_defaults(aws, analyzer_client, analyzer):
    assert analyzer == f"arn:aws:access-analyzer:us-east-1:{aws.account}:analyzer/analyzer"
    shown = analyzer_client.get_analyzer(analyzerName="analyzer")["analyzer"]
    assert shown["arn"] == analyzer
    assert (shown["name"], shown["type"], shown["status"], shown["tags"]) == ("analyzer", "ACCOUNT", "ACTIVE", {})
    assert datetime.now(UTC) - shown["createdAt"] < timedelta(minutes=1)
    assert "configuration" not in shown


def test_the_service_gets_its_role_with_the_first_analyzer(aws, analyzer):
    role = aws("iam").get_role(RoleName="AWSServiceRoleForAccessAnalyzer")["Role"]
    assert role["Path"] == "/aws-service-role/access-analyzer.amazonaws.com/"


def test_the_role_stays_as_long_as_there_is_an_analyzer(aws, analyzer_client, analyzer, clock):
    iam = aws("iam")

    def delete():
        task = iam.delete_service_linked_role(RoleName="AWSServiceRoleForAccessAnalyzer")["DeletionTaskId"]
        clock.advance(seconds=2)
        return iam.get_service_linked_role_deletion_status(DeletionTaskId=task)

    refused = delete()
    assert refused["Status"] == "FAILED"
    assert refused["Reason"]["RoleUsageList"] == [{"Region": "us-east-1", "Resources": [analyzer]}]
    analyzer_client.delete_analyzer(analyzerName="analyzer")
    assert delete()["Status"] == "SUCCEEDED"


def test_a_caller_has_to_be_allowed_to_have_the_role_made(aws, policy):
    iam = aws("iam")
    iam.create_user(UserName="user")
    allow = {"Effect": "Allow", "Action": "access-analyzer:*", "Resource": "*"}
    iam.put_user_policy(UserName="user", PolicyName="p", PolicyDocument=policy(allow))
    client = aws("accessanalyzer", credentials=iam.create_access_key(UserName="user")["AccessKey"])
    with pytest.raises(client.exceptions.ClientError, match="iam:CreateServiceLinkedRole"):
        client.create_analyzer(analyzerName="analyzer", type="ACCOUNT")
    iam.put_user_policy(
        UserName="user", PolicyName="q", PolicyDocument=policy({**allow, "Action": "iam:CreateServiceLinkedRole"})
    )
    client.create_analyzer(analyzerName="analyzer", type="ACCOUNT")


def test_a_name_is_taken_once(make_analyzer, analyzer, refused):
    with refused("ConflictException", "analyzer"):
        make_analyzer(kind="ACCOUNT_UNUSED_ACCESS")


def test_a_region_has_one_analyzer_of_the_account(aws, make_analyzer, analyzer, refused):
    with refused("ServiceQuotaExceededException"):
        make_analyzer("other")
    make_analyzer("other", "ACCOUNT_UNUSED_ACCESS")
    aws("accessanalyzer", region="eu-west-1").create_analyzer(analyzerName="other", type="ACCOUNT")


def test_an_organization_is_needed_for_an_analyzer_of_it(make_analyzer, refused):
    with refused("ValidationException", "organization"):
        make_analyzer(kind="ORGANIZATION")


def test_internal_access_is_not_there_yet(make_analyzer, refused):
    with refused("NotImplemented"):
        make_analyzer(kind="ACCOUNT_INTERNAL_ACCESS")


def test_analyzers_are_listed_by_type(analyzer_client, make_analyzer, analyzer):
    unused = make_analyzer("unused", "ACCOUNT_UNUSED_ACCESS")
    listed = analyzer_client.list_analyzers()["analyzers"]
    assert [each["arn"] for each in listed] == [analyzer, unused]
    (only,) = analyzer_client.list_analyzers(type="ACCOUNT")["analyzers"]
    assert only["arn"] == analyzer
    pages = list(analyzer_client.get_paginator("list_analyzers").paginate(PaginationConfig={"PageSize": 1}))
    assert [each["name"] for page in pages for each in page["analyzers"]] == ["analyzer", "unused"]


def test_an_unused_access_analyzer_has_a_configuration(analyzer_client, make_analyzer, refused):
    make_analyzer(kind="ACCOUNT_UNUSED_ACCESS")
    shown = analyzer_client.get_analyzer(analyzerName="analyzer")["analyzer"]
    assert shown["configuration"] == {"unusedAccess": {"unusedAccessAge": 90}}
    rule = {"exclusions": [{"resourceTags": [{"team": "blue"}]}]}
    changed = analyzer_client.update_analyzer(
        analyzerName="analyzer", configuration={"unusedAccess": {"unusedAccessAge": 30, "analysisRule": rule}}
    )
    assert changed["configuration"] == {"unusedAccess": {"unusedAccessAge": 30, "analysisRule": rule}}
    with refused("ValidationException", "365"):
        analyzer_client.update_analyzer(
            analyzerName="analyzer", configuration={"unusedAccess": {"unusedAccessAge": 366}}
        )


def test_an_external_access_analyzer_has_none(analyzer_client, make_analyzer, refused):
    with refused("ValidationException"):
        make_analyzer(configuration={"unusedAccess": {"unusedAccessAge": 30}})
    make_analyzer()
    with refused("ValidationException"):
        analyzer_client.update_analyzer(analyzerName="analyzer", configuration={"unusedAccess": {"unusedAccessAge": 5}})


def test_a_deleted_analyzer_is_gone_with_all_that_it_found(analyzer_client, analyzer, shared_queue, scanned, refused):
    shared_queue()
    assert scanned(analyzer)
    analyzer_client.delete_analyzer(analyzerName="analyzer")
    for call in (analyzer_client.get_analyzer, analyzer_client.delete_analyzer):
        with refused("ResourceNotFoundException", "analyzer"):
            call(analyzerName="analyzer")
    with refused("ResourceNotFoundException", analyzer):
        analyzer_client.list_findings(analyzerArn=analyzer)


def test_an_analyzer_made_anew_knows_nothing(analyzer_client, analyzer, make_analyzer, shared_queue, scanned):
    arn = shared_queue()
    scanned(analyzer)
    analyzer_client.update_findings(analyzerArn=analyzer, resourceArn=arn, status="ARCHIVED")
    analyzer_client.delete_analyzer(analyzerName="analyzer")
    assert [each["status"] for each in scanned(make_analyzer())] == ["ACTIVE"]


def test_service_linked_analyzers_are_for_services(analyzer_client, analyzer, refused):
    with refused("AccessDeniedException"):
        analyzer_client.create_service_linked_analyzer(type="ACCOUNT")
    with refused("ValidationException"):
        analyzer_client.delete_service_linked_analyzer(analyzerName="analyzer")


def test_an_analyzer_has_tags(analyzer_client, make_analyzer, refused):
    arn = make_analyzer(tags={"team": "blue"})
    analyzer_client.tag_resource(resourceArn=arn, tags={"desk": "4"})
    analyzer_client.untag_resource(resourceArn=arn, tagKeys=["team"])
    assert analyzer_client.list_tags_for_resource(resourceArn=arn)["tags"] == {"desk": "4"}
    with refused("ValidationException", "aws:"):
        analyzer_client.tag_resource(resourceArn=arn, tags={"aws:x": "y"})
    with refused("ResourceNotFoundException"):
        analyzer_client.list_tags_for_resource(resourceArn=arn + "x")


def test_a_bad_token_is_refused(analyzer_client, refused):
    with refused("ValidationException", "nextToken"):
        analyzer_client.list_analyzers(nextToken="garbage")


# -- archive rules


CROSS = {"resourceType": {"eq": ["AWS::SQS::Queue"]}, "isPublic": {"eq": ["false"]}}


def test_a_rule_is_answered_as_it_was_made(analyzer_client, analyzer):
    analyzer_client.create_archive_rule(analyzerName="analyzer", ruleName="Rule", filter=CROSS)
    rule = analyzer_client.get_archive_rule(analyzerName="analyzer", ruleName="Rule")["archiveRule"]
    assert rule["filter"] == CROSS
    assert rule["createdAt"] == rule["updatedAt"]
    assert analyzer_client.list_archive_rules(analyzerName="analyzer")["archiveRules"] == [rule]


def test_rules_may_come_with_the_analyzer(analyzer_client, make_analyzer):
    make_analyzer(archiveRules=[{"ruleName": "Rule", "filter": CROSS}])
    assert analyzer_client.get_archive_rule(analyzerName="analyzer", ruleName="Rule")


def test_a_rule_is_changed_and_deleted(analyzer_client, analyzer, refused):
    one = {"analyzerName": "analyzer", "ruleName": "Rule"}
    analyzer_client.create_archive_rule(**one, filter=CROSS)
    with refused("ConflictException"):
        analyzer_client.create_archive_rule(**one, filter=CROSS)
    changed = {"resource": {"contains": ["test"]}}
    analyzer_client.update_archive_rule(**one, filter=changed)
    assert analyzer_client.get_archive_rule(**one)["archiveRule"]["filter"] == changed
    analyzer_client.delete_archive_rule(**one)
    for call in (analyzer_client.get_archive_rule, analyzer_client.delete_archive_rule):
        with refused("ResourceNotFoundException", "Rule"):
            call(**one)


@pytest.mark.parametrize("criteria", [{}, {"colour": {"eq": ["blue"]}}, {"resource": {}}])
def test_a_rule_needs_criteria_that_make_sense(analyzer_client, analyzer, refused, criteria):
    with refused("ValidationException"):
        analyzer_client.create_archive_rule(analyzerName="analyzer", ruleName="Rule", filter=criteria)


def test_a_rule_archives_what_is_found_from_now_on(analyzer_client, analyzer, shared_queue, scanned):
    shared_queue({"AWS": "111122223333"}, "before")
    scanned(analyzer)
    analyzer_client.create_archive_rule(analyzerName="analyzer", ruleName="Rule", filter=CROSS)
    shared_queue({"AWS": "111122223333"}, "after")
    shared_queue("*", "public")
    statuses = {each["resource"].rpartition(":")[2]: each["status"] for each in scanned(analyzer)}
    assert statuses == {"before": "ACTIVE", "after": "ARCHIVED", "public": "ACTIVE"}
    analyzer_client.apply_archive_rule(analyzerArn=analyzer, ruleName="Rule")
    statuses = {each["resource"].rpartition(":")[2]: each["status"] for each in scanned(analyzer)}
    assert statuses == {"before": "ARCHIVED", "after": "ARCHIVED", "public": "ACTIVE"}


def test_a_rule_may_be_about_conditions_and_principals(analyzer_client, analyzer, shared_queue, scanned):
    criteria = {"condition.aws:username": {"exists": False}, "principal.AWS": {"neq": ["*"], "contains": ["1111"]}}
    analyzer_client.create_archive_rule(analyzerName="analyzer", ruleName="Rule", filter=criteria)
    shared_queue({"AWS": "111122223333"}, "one")
    shared_queue({"AWS": "444455556666"}, "other")
    statuses = {each["resource"].rpartition(":")[2]: each["status"] for each in scanned(analyzer)}
    assert statuses == {"one": "ARCHIVED", "other": "ACTIVE"}
