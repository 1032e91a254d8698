"""AWS::ECR::*, by way of Cloud Control: what is declared is what the API has."""

import json

import pytest


class Cloud:
    """The verbs on resources of a type: `cloud.create("Repository", RepositoryName=...)` -> identifier."""

    def __init__(self, client, clock):
        self.client = client
        self.clock = clock

    def create(self, noun, **properties):
        answer = self.client.create_resource(TypeName=f"AWS::ECR::{noun}", DesiredState=json.dumps(properties))
        return self._done(answer)["Identifier"]

    def read(self, noun, identifier):
        found = self.client.get_resource(TypeName=f"AWS::ECR::{noun}", Identifier=identifier)
        return json.loads(found["ResourceDescription"]["Properties"])

    def update(self, noun, identifier, **properties):
        patch = [{"op": "add", "path": f"/{name}", "value": value} for name, value in properties.items()]
        request = {"TypeName": f"AWS::ECR::{noun}", "Identifier": identifier, "PatchDocument": json.dumps(patch)}
        self._done(self.client.update_resource(**request))

    def delete(self, noun, identifier):
        self._done(self.client.delete_resource(TypeName=f"AWS::ECR::{noun}", Identifier=identifier))

    def list(self, noun):
        found = self.client.list_resources(TypeName=f"AWS::ECR::{noun}")["ResourceDescriptions"]
        return [each["Identifier"] for each in found]

    def _done(self, answer):
        token = answer["ProgressEvent"]["RequestToken"]
        for _ in range(20):
            event = self.client.get_resource_request_status(RequestToken=token)["ProgressEvent"]
            if event["OperationStatus"] not in ("PENDING", "IN_PROGRESS"):
                assert event["OperationStatus"] == "SUCCESS", event
                return event
            self.clock.advance(seconds=1)
        raise AssertionError(event)


@pytest.fixture
def cloud(aws, clock):
    return Cloud(aws("cloudcontrol"), clock)


RULE = {
    "rulePriority": 1,
    "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 5},
    "action": {"type": "expire"},
}
LIFECYCLE = json.dumps({"rules": [RULE]})
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "ecr:BatchGetImage"}],
}


def test_a_repository_is_made_as_declared(ecr, cloud, aws, fogbank_server):
    declared = {
        "RepositoryName": "app",
        "ImageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
        "ImageTagMutabilityExclusionFilters": [
            {
                "ImageTagMutabilityExclusionFilterType": "WILDCARD",
                "ImageTagMutabilityExclusionFilterValue": "dev-*",
            }
        ],
        "ImageScanningConfiguration": {"ScanOnPush": True},
        "EmptyOnDelete": True,
        "RepositoryPolicyText": POLICY,
        "Tags": [{"Key": "a", "Value": "b"}],
    }
    lifecycle = {"LifecyclePolicyText": LIFECYCLE}
    assert cloud.create("Repository", **declared, LifecyclePolicy=lifecycle) == "app"
    assert cloud.read("Repository", "app") == {
        **declared,
        "LifecyclePolicy": {**lifecycle, "RegistryId": aws.account},
        "EncryptionConfiguration": {"EncryptionType": "AES256"},
        "Arn": f"arn:aws:ecr:us-east-1:{aws.account}:repository/app",
        "RepositoryUri": f"127.0.0.1:{fogbank_server.port}/app",
    }
    assert ecr.get_lifecycle_policy(repositoryName="app")["lifecyclePolicyText"] == LIFECYCLE
    assert cloud.list("Repository") == ["app"]


def test_a_repository_is_changed_in_place(ecr, cloud):
    cloud.create("Repository", RepositoryName="app", RepositoryPolicyText=POLICY, Tags=[{"Key": "a", "Value": "1"}])
    cloud.update("Repository", "app", ImageTagMutability="IMMUTABLE", Tags=[{"Key": "b", "Value": "2"}])
    (found,) = ecr.describe_repositories()["repositories"]
    assert found["imageTagMutability"] == "IMMUTABLE"
    assert ecr.list_tags_for_resource(resourceArn=found["repositoryArn"])["tags"] == [{"Key": "b", "Value": "2"}]
    assert json.loads(ecr.get_repository_policy(repositoryName="app")["policyText"]) == POLICY


def test_a_repository_with_images_goes_where_that_was_declared(ecr, cloud, registry, container):
    cloud.create("Repository", RepositoryName="app", EmptyOnDelete=True)
    registry.push("app", container, "v1")
    cloud.delete("Repository", "app")
    assert ecr.describe_repositories()["repositories"] == []


def test_a_repository_with_images_stays_otherwise(ecr, cloud, registry, container):
    cloud.create("Repository", RepositoryName="app")
    registry.push("app", container, "v1")
    with pytest.raises(AssertionError, match="FAILED"):
        cloud.delete("Repository", "app")


@pytest.mark.parametrize(
    "noun, properties, identifier",
    [
        (
            "RegistryPolicy",
            {
                "PolicyText": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"AWS": "arn:aws:iam::210987654321:root"},
                            "Action": "ecr:ReplicateImage",
                            "Resource": "*",
                        }
                    ],
                }
            },
            "RegistryId",
        ),
        (
            "ReplicationConfiguration",
            {
                "ReplicationConfiguration": {
                    "Rules": [{"Destinations": [{"Region": "eu-west-1", "RegistryId": "210987654321"}]}]
                }
            },
            "RegistryId",
        ),
        (
            "RegistryScanningConfiguration",
            {
                "ScanType": "BASIC",
                "Rules": [
                    {
                        "ScanFrequency": "SCAN_ON_PUSH",
                        "RepositoryFilters": [{"Filter": "*", "FilterType": "WILDCARD"}],
                    }
                ],
            },
            "RegistryId",
        ),
        (
            "SigningConfiguration",
            {"Rules": [{"SigningProfileArn": "arn:aws:signer:us-east-1:210987654321:/signing-profiles/ours"}]},
            "RegistryId",
        ),
        (
            "PullThroughCacheRule",
            {
                "EcrRepositoryPrefix": "quay",
                "UpstreamRegistry": "quay",
                "UpstreamRegistryUrl": "quay.io",
                "UpstreamRepositoryPrefix": "ROOT",
            },
            "EcrRepositoryPrefix",
        ),
        (
            "RepositoryCreationTemplate",
            {
                "Prefix": "team",
                "AppliedFor": ["REPLICATION"],
                "Description": "ours",
                "ImageTagMutability": "IMMUTABLE",
                "EncryptionConfiguration": {"EncryptionType": "AES256"},
            },
            "Prefix",
        ),
        (
            "PullTimeUpdateExclusion",
            {"PrincipalArn": "arn:aws:iam::210987654321:role/scanner"},
            "PrincipalArn",
        ),
    ],
)
def test_what_belongs_to_the_registry_is_made_read_and_deleted(cloud, aws, noun, properties, identifier):
    made = cloud.create(noun, **properties)
    assert made == {**properties, "RegistryId": aws.account}[identifier]
    read = cloud.read(noun, made)
    assert {name: read[name] for name in properties} == properties
    assert cloud.list(noun) == [made]
    cloud.delete(noun, made)
    assert cloud.list(noun) == []


def test_a_template_is_changed_in_place(ecr, cloud):
    cloud.create("RepositoryCreationTemplate", Prefix="team", AppliedFor=["REPLICATION"], Description="ours")
    cloud.update("RepositoryCreationTemplate", "team", ImageTagMutability="IMMUTABLE")
    (found,) = ecr.describe_repository_creation_templates()["repositoryCreationTemplates"]
    assert (found["imageTagMutability"], found["description"]) == ("IMMUTABLE", "ours")
