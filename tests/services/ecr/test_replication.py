"""Replication to other regions and accounts, and what repositories that come about by themselves are like."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.services.ecr.containers import digest_of, index_of

OTHER = "210987654321"


def code(error):
    return error.value.response["Error"]["Code"]


def replicate(ecr, account, region, *prefixes):
    rule = {"destinations": [{"region": region, "registryId": account}]}
    if prefixes:
        rule["repositoryFilters"] = [{"filter": each, "filterType": "PREFIX_MATCH"} for each in prefixes]
    ecr.put_replication_configuration(replicationConfiguration={"rules": [rule]})


@pytest.fixture
def arrived(eventually):
    """Waits until an image of a repository has been copied everywhere, or has not."""

    def wait(ecr, container, repository="app"):
        def statuses():
            found = ecr.describe_image_replication_status(
                repositoryName=repository, imageId={"imageDigest": container.digest}
            )["replicationStatuses"]
            return found if found and all(each["status"] != "IN_PROGRESS" for each in found) else None

        return eventually(statuses)

    return wait


def test_a_push_arrives_in_another_region(aws, ecr, registry, registry_for, repository, container, arrived):
    there = aws("ecr", region="eu-west-1")
    replicate(ecr, aws.account, "eu-west-1")
    registry.push(repository, container, "v1")
    (status,) = arrived(ecr, container)
    assert (status["region"], status["registryId"], status["status"]) == ("eu-west-1", aws.account, "COMPLETE")
    far = registry_for(there)
    assert far.ask("GET", f"{repository}/manifests/v1")[2] == container.manifest
    assert far.ask("GET", f"{repository}/blobs/{digest_of(container.layers[0])}")[2] == container.layers[0]
    ecr.delete_repository(repositoryName=repository, force=True)
    assert far.ask("GET", f"{repository}/blobs/{digest_of(container.layers[0])}")[0] == 200


def test_an_index_arrives_with_its_images(aws, ecr, registry, registry_for, repository, container, arrived):
    registry.push(repository, container)
    replicate(ecr, aws.account, "eu-west-1")
    registry.put(repository, index_of(container), "multi")
    far = registry_for(aws("ecr", region="eu-west-1"))

    class Index:
        digest = digest_of(index_of(container))

    arrived(ecr, Index)
    assert far.ask("GET", f"{repository}/manifests/{container.digest}")[0] == 200


def test_only_chosen_repositories_are_copied(aws, ecr, registry, repository, container):
    replicate(ecr, aws.account, "eu-west-1", "prod/")
    registry.push(repository, container, "v1")
    found = ecr.describe_image_replication_status(repositoryName=repository, imageId={"imageTag": "v1"})
    assert found["replicationStatuses"] == []


def test_another_account_has_to_let_it_in(aws, ecr, registry, registry_for, repository, make_container, arrived):
    there = aws("ecr", account=OTHER)
    replicate(ecr, OTHER, "us-east-1")
    refused, let_in = make_container(1), make_container(2)
    registry.push(repository, refused, "one")
    (status,) = arrived(ecr, refused)
    assert (status["status"], status["failureCode"]) == ("FAILED", "AccessDeniedException")
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{aws.account}:root"},
        "Action": ["ecr:ReplicateImage", "ecr:CreateRepository"],
        "Resource": f"arn:aws:ecr:us-east-1:{OTHER}:repository/*",
    }
    there.put_registry_policy(policyText=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    try:
        registry.push(repository, let_in, "two")
        assert arrived(ecr, let_in)[0]["status"] == "COMPLETE"
        far = registry_for(there)
        assert far.ask("GET", f"{repository}/blobs/{digest_of(let_in.layers[0])}")[2] == let_in.layers[0]
    finally:
        there.delete_registry_policy()
        there.delete_repository(repositoryName=repository, force=True)


def test_a_registry_is_not_its_own_destination(aws, ecr):
    with pytest.raises(ClientError) as error:
        replicate(ecr, aws.account, "us-east-1")
    assert code(error) == "InvalidParameterException"


def test_the_configuration_is_that_of_the_registry(aws, ecr):
    assert ecr.describe_registry()["replicationConfiguration"] == {"rules": []}
    replicate(ecr, aws.account, "eu-west-1")
    (rule,) = ecr.describe_registry()["replicationConfiguration"]["rules"]
    assert rule["destinations"] == [{"region": "eu-west-1", "registryId": aws.account}]


def test_what_was_copied_is_not_copied_on(aws, ecr, registry, repository, container, arrived):
    there = aws("ecr", region="eu-west-1")
    replicate(there, aws.account, "us-west-2")
    replicate(ecr, aws.account, "eu-west-1")
    registry.push(repository, container, "v1")
    arrived(ecr, container)
    found = there.describe_image_replication_status(repositoryName=repository, imageId={"imageTag": "v1"})
    assert found["replicationStatuses"] == []


def test_an_index_arrives_in_another_account_with_its_layers(
    aws, ecr, registry, registry_for, repository, container, arrived
):
    there = aws("ecr", account=OTHER)
    registry.push(repository, container)
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{aws.account}:root"},
        "Action": ["ecr:ReplicateImage", "ecr:CreateRepository"],
        "Resource": "*",
    }
    there.put_registry_policy(policyText=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    try:
        replicate(ecr, OTHER, "us-east-1")
        registry.put(repository, index_of(container), "multi")

        class Index:
            digest = digest_of(index_of(container))

        assert arrived(ecr, Index)[0]["status"] == "COMPLETE"
        far = registry_for(there)
        assert far.ask("GET", f"{repository}/blobs/{digest_of(container.layers[0])}")[2] == container.layers[0]
    finally:
        there.delete_registry_policy()
        there.delete_repository(repositoryName=repository, force=True)


@pytest.mark.parametrize("id, left", [("tag", ["b"]), ("digest", None)])
def test_deletions_are_replicated_where_a_rule_says_so(
    aws, ecr, registry, repository, container, arrived, eventually, id, left
):
    there = aws("ecr", region="eu-west-1")
    rule = {
        "destinations": [{"region": "eu-west-1", "registryId": aws.account}],
        "deleteReplication": {"enabled": True},
    }
    ecr.put_replication_configuration(replicationConfiguration={"rules": [rule]})
    for tag in ("a", "b"):
        registry.push(repository, container, tag)
        arrived(ecr, container)
    image = {"imageTag": "a"} if id == "tag" else {"imageDigest": container.digest}
    ecr.batch_delete_image(repositoryName=repository, imageIds=[image])

    def is_so():
        found = there.describe_images(repositoryName=repository)["imageDetails"]
        return ([each["imageTags"] for each in found] == ([left] if left else [])) or None

    eventually(is_so)


# -- backfills


@pytest.fixture
def ended(eventually):
    """Waits until a backfill is over, and describes it."""

    def wait(ecr, id):
        def described():
            found = ecr.describe_replication_backfill_results(replicationBackfillId=id)
            return found if "endedAt" in found else None

        return eventually(described)

    return wait


def test_what_was_there_before_is_copied_by_a_backfill(aws, ecr, registry, repository, make_container, ended):
    there = aws("ecr", region="eu-west-1")
    one, two = make_container(1), make_container(2)
    registry.push(repository, one, "a")
    registry.push(repository, one, "b")
    registry.push(repository, two)
    replicate(ecr, aws.account, "eu-west-1")
    destination = {"region": "eu-west-1", "registryId": aws.account}
    started = ecr.start_replication_backfill(destination=destination)
    assert (started["status"], started["destination"]) == ("PREPARING", destination)
    found = ended(ecr, started["replicationBackfillId"])
    assert found["status"] == "COMPLETE"
    assert found["progress"]["totalReplicationCount"] == found["progress"]["completedReplicationCount"] == 3
    assert {each["imageId"].get("imageTag") for each in found["results"]} == {"a", "b", None}
    assert len(there.list_images(repositoryName=repository)["imageIds"]) == 3
    (listed,) = ecr.list_replication_backfills()["backfills"]
    assert listed["replicationBackfillId"] == started["replicationBackfillId"]


def test_a_backfill_that_is_not_let_in_says_so(aws, ecr, registry, repository, container, ended):
    registry.push(repository, container, "v1")
    replicate(ecr, OTHER, "us-east-1")
    started = ecr.start_replication_backfill(destination={"region": "us-east-1", "registryId": OTHER})
    found = ended(ecr, started["replicationBackfillId"])
    assert found["progress"]["failureCodes"] == ["AccessDeniedException"]
    (result,) = found["results"]
    assert (result["status"], result["failureCode"]) == ("FAILED", "AccessDeniedException")
    with pytest.raises(ClientError) as error:
        ecr.stop_replication_backfill(replicationBackfillId=started["replicationBackfillId"])
    assert code(error) == "ReplicationBackfillInvalidStatusException"


def test_a_backfill_goes_where_images_go(aws, ecr):
    with pytest.raises(ClientError) as error:
        ecr.start_replication_backfill(destination={"region": "eu-west-1", "registryId": aws.account})
    assert code(error) == "ValidationException"


def test_a_backfill_that_is_not_there_is_not_found(ecr):
    with pytest.raises(ClientError) as error:
        ecr.describe_replication_backfill_results(replicationBackfillId="00000000-0000-0000-0000-000000000000")
    assert code(error) == "ReplicationBackfillNotFoundException"


# -- templates


def test_a_copy_is_made_by_the_template(aws, ecr, registry, repository, container, arrived):
    there = aws("ecr", region="eu-west-1")
    there.create_repository_creation_template(prefix="ROOT", imageTagMutability="IMMUTABLE", appliedFor=["REPLICATION"])
    replicate(ecr, aws.account, "eu-west-1")
    registry.push(repository, container, "v1")
    arrived(ecr, container)
    (made,) = there.describe_repositories()["repositories"]
    assert made["imageTagMutability"] == "IMMUTABLE"


def test_a_push_makes_a_repository_where_a_template_says_so(ecr, registry, container):
    assert registry.code("POST", "team/new/blobs/uploads/") == (404, "NAME_UNKNOWN")
    ecr.create_repository_creation_template(prefix="team", appliedFor=["CREATE_ON_PUSH"])
    registry.push("team/new", container, "v1")
    assert [each["repositoryName"] for each in ecr.describe_repositories()["repositories"]] == ["team/new"]
    assert registry.code("POST", "teams/new/blobs/uploads/") == (404, "NAME_UNKNOWN")


def test_templates_are_changed_and_deleted(ecr):
    request = {"prefix": "team", "appliedFor": ["REPLICATION"]}
    made = ecr.create_repository_creation_template(**request)["repositoryCreationTemplate"]
    assert made["imageTagMutability"] == "MUTABLE"
    with pytest.raises(ClientError) as error:
        ecr.create_repository_creation_template(**request)
    assert code(error) == "TemplateAlreadyExistsException"
    ecr.update_repository_creation_template(prefix="team", description="ours")
    (found,) = ecr.describe_repository_creation_templates(prefixes=["team"])["repositoryCreationTemplates"]
    assert (found["description"], found["appliedFor"]) == ("ours", ["REPLICATION"])
    ecr.delete_repository_creation_template(prefix="team")
    with pytest.raises(ClientError) as error:
        ecr.delete_repository_creation_template(prefix="team")
    assert code(error) == "TemplateNotFoundException"
