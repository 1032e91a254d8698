"""Repositories: made, described, changed, tagged, deleted."""

import json

import pytest
from botocore.exceptions import ClientError


def code(error):
    return error.value.response["Error"]["Code"]


def test_a_repository_is_answered_with_its_defaults(ecr, aws):
    made = ecr.create_repository(repositoryName="team/app")["repository"]
    assert made["repositoryArn"] == f"arn:aws:ecr:us-east-1:{aws.account}:repository/team/app"
    assert made["registryId"] == aws.account
    assert made["imageTagMutability"] == "MUTABLE"
    assert made["imageScanningConfiguration"] == {"scanOnPush": False}
    assert made["encryptionConfiguration"] == {"encryptionType": "AES256"}
    assert ecr.describe_repositories(repositoryNames=["team/app"])["repositories"] == [made]


def test_a_name_is_taken_once(ecr, aws, repository):
    with pytest.raises(ClientError) as error:
        ecr.create_repository(repositoryName=repository)
    assert code(error) == "RepositoryAlreadyExistsException"
    message = f"The repository with name 'app' already exists in the registry with id '{aws.account}'"
    assert error.value.response["Error"]["Message"] == message


@pytest.mark.parametrize("name", ["App", "a//b", "-a", "a b", "x/"])
def test_a_name_that_ecr_does_not_take_is_refused(ecr, name):
    with pytest.raises(ClientError) as error:
        ecr.create_repository(repositoryName=name)
    assert code(error) == "InvalidParameterException"
    assert "Invalid parameter at 'repositoryName'" in str(error.value)


def test_repositories_are_listed_in_pages(ecr):
    for name in ("c", "a", "b"):
        ecr.create_repository(repositoryName=f"app-{name}")
    pages = list(ecr.get_paginator("describe_repositories").paginate(PaginationConfig={"PageSize": 2}))
    assert [[each["repositoryName"] for each in page["repositories"]] for page in pages] == [
        ["app-a", "app-b"],
        ["app-c"],
    ]


def test_a_token_that_is_none_is_refused(ecr):
    with pytest.raises(ClientError) as error:
        ecr.describe_repositories(nextToken="nonsense")
    assert code(error) == "InvalidParameterException"


def test_a_repository_that_is_not_there_is_not_found(ecr, aws):
    with pytest.raises(ClientError) as error:
        ecr.describe_repositories(repositoryNames=["nothing"])
    message = f"The repository with name 'nothing' does not exist in the registry with id '{aws.account}'"
    assert (code(error), error.value.response["Error"]["Message"]) == ("RepositoryNotFoundException", message)


def test_a_repository_with_images_goes_only_by_force(ecr, repository, registry, container):
    registry.push(repository, container, "latest")
    with pytest.raises(ClientError) as error:
        ecr.delete_repository(repositoryName=repository)
    assert code(error) == "RepositoryNotEmptyException"
    ecr.delete_repository(repositoryName=repository, force=True)
    assert ecr.describe_repositories()["repositories"] == []
    ecr.create_repository(repositoryName=repository)
    assert ecr.list_images(repositoryName=repository)["imageIds"] == []


def test_a_key_of_kms_encrypts_a_repository(ecr, aws):
    key = aws("kms").create_key()["KeyMetadata"]["Arn"]
    chosen = {"encryptionType": "KMS", "kmsKey": key}
    made = ecr.create_repository(repositoryName="sealed", encryptionConfiguration=chosen)["repository"]
    assert made["encryptionConfiguration"] == chosen


def test_a_key_that_is_not_there_is_refused(ecr):
    chosen = {"encryptionType": "KMS", "kmsKey": "0" * 8 + "-0000-0000-0000-" + "0" * 12}
    with pytest.raises(ClientError) as error:
        ecr.create_repository(repositoryName="sealed", encryptionConfiguration=chosen)
    assert code(error) == "KmsException"


def test_tags_are_added_and_taken_off(ecr):
    made = ecr.create_repository(repositoryName="app", tags=[{"Key": "a", "Value": "1"}])["repository"]
    arn = made["repositoryArn"]
    ecr.tag_resource(resourceArn=arn, tags=[{"Key": "b", "Value": "2"}])
    ecr.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert ecr.list_tags_for_resource(resourceArn=arn)["tags"] == [{"Key": "b", "Value": "2"}]


@pytest.mark.parametrize(
    "tags, refused",
    [
        ([{"Key": "aws:x", "Value": "1"}], "InvalidTagParameterException"),
        ([{"Key": str(each), "Value": ""} for each in range(51)], "TooManyTagsException"),
    ],
)
def test_tags_that_ecr_does_not_take_are_refused(ecr, tags, refused):
    with pytest.raises(ClientError) as error:
        ecr.create_repository(repositoryName="app", tags=tags)
    assert code(error) == refused


def test_tags_of_a_repository_that_is_not_there_are_refused(ecr, aws):
    with pytest.raises(ClientError) as error:
        ecr.list_tags_for_resource(resourceArn=f"arn:aws:ecr:us-east-1:{aws.account}:repository/nothing")
    assert code(error) == "RepositoryNotFoundException"


def test_the_same_name_in_two_regions_is_two_repositories(aws, repository, registry, container):
    registry.push(repository, container, "latest")
    there = aws("ecr", region="eu-west-1")
    there.create_repository(repositoryName=repository)
    assert there.list_images(repositoryName=repository)["imageIds"] == []


# -- policies

ALLOW = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": ["ecr:BatchGetImage"]}],
}


def test_a_policy_is_kept_as_it_was_set(ecr, repository):
    text = json.dumps(ALLOW, indent=2)
    ecr.set_repository_policy(repositoryName=repository, policyText=text)
    assert ecr.get_repository_policy(repositoryName=repository)["policyText"] == text
    assert ecr.delete_repository_policy(repositoryName=repository)["policyText"] == text
    with pytest.raises(ClientError) as error:
        ecr.get_repository_policy(repositoryName=repository)
    assert code(error) == "RepositoryPolicyNotFoundException"


@pytest.mark.parametrize("text", ["no json", "{}", '{"Version": "2012-10-17", "Statement": [{"Effect": "Maybe"}]}'])
def test_a_policy_that_is_none_is_refused(ecr, repository, text):
    with pytest.raises(ClientError) as error:
        ecr.set_repository_policy(repositoryName=repository, policyText=text)
    assert code(error) == "InvalidParameterException"


def test_a_policy_that_locks_its_owner_out_needs_force(ecr, repository):
    statement = {"Effect": "Deny", "Principal": "*", "Action": "ecr:SetRepositoryPolicy"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    with pytest.raises(ClientError) as error:
        ecr.set_repository_policy(repositoryName=repository, policyText=text)
    assert code(error) == "InvalidParameterException"
    ecr.set_repository_policy(repositoryName=repository, policyText=text, force=True)
    with pytest.raises(ClientError) as error:
        ecr.set_repository_policy(repositoryName=repository, policyText=text, force=True)
    assert code(error) == "AccessDeniedException"


def test_the_registry_has_a_policy_of_its_own(ecr, aws):
    with pytest.raises(ClientError) as error:
        ecr.get_registry_policy()
    assert code(error) == "RegistryPolicyNotFoundException"
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::210987654321:root"},
        "Action": "ecr:ReplicateImage",
        "Resource": "*",
    }
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    ecr.put_registry_policy(policyText=text)
    assert ecr.get_registry_policy() | {"ResponseMetadata": 0} == {
        "registryId": aws.account,
        "policyText": text,
        "ResponseMetadata": 0,
    }
    ecr.delete_registry_policy()
