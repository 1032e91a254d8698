"""The registry's settings: scanning, signing, pull through caches, account settings."""

import pytest
from botocore.exceptions import ClientError


def code(error):
    return error.value.response["Error"]["Code"]


def test_a_scan_fails_and_says_why(ecr, registry, repository, container, eventually):
    registry.push(repository, container, "v1")
    request = {"repositoryName": repository, "imageId": {"imageTag": "v1"}}
    with pytest.raises(ClientError) as error:
        ecr.describe_image_scan_findings(**request)
    assert code(error) == "ScanNotFoundException"
    assert ecr.start_image_scan(**request)["imageScanStatus"] == {"status": "IN_PROGRESS"}
    with pytest.raises(Exception, match="Waiter ImageScanComplete failed"):
        ecr.get_waiter("image_scan_complete").wait(**request, WaiterConfig={"Delay": 0.005, "MaxAttempts": 6000})
    status = ecr.describe_image_scan_findings(**request)["imageScanStatus"]
    assert status == {
        "status": "FAILED",
        "description": "There is no database of vulnerabilities to scan the image against.",
    }


def test_a_push_is_scanned_where_that_is_wanted(ecr, registry, container, repository):
    ecr.put_image_scanning_configuration(repositoryName=repository, imageScanningConfiguration={"scanOnPush": True})
    registry.push(repository, container, "v1")
    (detail,) = ecr.describe_images(repositoryName=repository)["imageDetails"]
    assert detail["imageScanStatus"]["status"] in ("IN_PROGRESS", "FAILED")


def test_the_registry_says_what_is_scanned(ecr, repository):
    assert ecr.get_registry_scanning_configuration()["scanningConfiguration"] == {"scanType": "BASIC", "rules": []}
    rule = {"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [{"filter": "a*", "filterType": "WILDCARD"}]}
    ecr.put_registry_scanning_configuration(scanType="BASIC", rules=[rule])
    answer = ecr.batch_get_repository_scanning_configuration(repositoryNames=[repository, "nothing"])
    (found,) = answer["scanningConfigurations"]
    assert (found["scanOnPush"], found["scanFrequency"]) == (True, "SCAN_ON_PUSH")
    assert found["appliedScanFilters"] == rule["repositoryFilters"]
    assert answer["failures"][0]["failureCode"] == "REPOSITORY_NOT_FOUND"


def test_a_frequency_that_its_kind_does_not_have_is_refused(ecr):
    rule = {"scanFrequency": "CONTINUOUS_SCAN", "repositoryFilters": [{"filter": "*", "filterType": "WILDCARD"}]}
    with pytest.raises(ClientError) as error:
        ecr.put_registry_scanning_configuration(scanType="BASIC", rules=[rule])
    assert code(error) == "ValidationException"


def test_what_is_to_be_signed_is_kept_and_not_signed(ecr, aws, registry, repository, container):
    with pytest.raises(ClientError) as error:
        ecr.get_signing_configuration()
    assert code(error) == "SigningConfigurationNotFoundException"
    profile = f"arn:aws:signer:us-east-1:{aws.account}:/signing-profiles/ours"
    ecr.put_signing_configuration(signingConfiguration={"rules": [{"signingProfileArn": profile}]})
    registry.push(repository, container, "v1")
    (status,) = ecr.describe_image_signing_status(repositoryName=repository, imageId={"imageTag": "v1"})[
        "signingStatuses"
    ]
    assert (status["signingProfileArn"], status["status"]) == (profile, "FAILED")
    ecr.delete_signing_configuration()
    with pytest.raises(ClientError):
        ecr.get_signing_configuration()


def test_a_pull_through_cache_says_that_it_reaches_nothing(ecr, registry):
    made = ecr.create_pull_through_cache_rule(ecrRepositoryPrefix="quay", upstreamRegistryUrl="quay.io")
    assert "upstreamRepositoryPrefix" not in made
    assert made["upstreamRegistry"] == "quay"
    validated = ecr.validate_pull_through_cache_rule(ecrRepositoryPrefix="quay")
    assert (validated["isValid"], validated["failure"] != "") == (False, True)
    status, _, body = registry.ask("GET", "quay/some/image/manifests/latest")
    assert status == 404
    assert b"Fogbank reaches no registries but its own" in body
    with pytest.raises(ClientError) as error:
        ecr.batch_get_image(repositoryName="quay/some/image", imageIds=[{"imageTag": "latest"}])
    assert code(error) == "UnableToGetUpstreamImageException"


def test_rules_of_pull_through_caches_are_kept(ecr):
    request = {"ecrRepositoryPrefix": "k8s", "upstreamRegistryUrl": "registry.k8s.io"}
    ecr.create_pull_through_cache_rule(**request)
    with pytest.raises(ClientError) as error:
        ecr.create_pull_through_cache_rule(**request)
    assert code(error) == "PullThroughCacheRuleAlreadyExistsException"
    (rule,) = ecr.describe_pull_through_cache_rules()["pullThroughCacheRules"]
    assert rule["upstreamRegistryUrl"] == "registry.k8s.io"
    ecr.delete_pull_through_cache_rule(ecrRepositoryPrefix="k8s")
    with pytest.raises(ClientError) as error:
        ecr.describe_pull_through_cache_rules(ecrRepositoryPrefixes=["k8s"])
    assert code(error) == "PullThroughCacheRuleNotFoundException"


def test_an_upstream_with_credentials_needs_its_secret(ecr, aws):
    request = {"ecrRepositoryPrefix": "hub", "upstreamRegistryUrl": "registry-1.docker.io"}
    with pytest.raises(ClientError) as error:
        ecr.create_pull_through_cache_rule(**request)
    assert code(error) == "ValidationException"
    missing = f"arn:aws:secretsmanager:us-east-1:{aws.account}:secret:ecr-pullthroughcache/hub-AbCdEf"
    with pytest.raises(ClientError) as error:
        ecr.create_pull_through_cache_rule(**request, credentialArn=missing)
    assert code(error) == "SecretNotFoundException"
    secret = aws("secretsmanager").create_secret(Name="ecr-pullthroughcache/hub", SecretString="{}")["ARN"]
    assert ecr.create_pull_through_cache_rule(**request, credentialArn=secret)["credentialArn"] == secret


def test_an_upstream_that_nobody_knows_is_refused(ecr):
    with pytest.raises(ClientError) as error:
        ecr.create_pull_through_cache_rule(ecrRepositoryPrefix="mine", upstreamRegistryUrl="registry.example.com")
    assert code(error) == "UnsupportedUpstreamRegistryException"


def test_settings_have_defaults(ecr):
    assert ecr.get_account_setting(name="BASIC_SCAN_TYPE_VERSION")["value"] == "AWS_NATIVE"
    ecr.put_account_setting(name="BASIC_SCAN_TYPE_VERSION", value="CLAIR")
    assert ecr.get_account_setting(name="BASIC_SCAN_TYPE_VERSION")["value"] == "CLAIR"


@pytest.mark.parametrize("name, value", [("NOTHING", "x"), ("BLOB_MOUNTING", "MAYBE")])
def test_a_setting_that_is_none_is_refused(ecr, name, value):
    with pytest.raises(ClientError) as error:
        ecr.put_account_setting(name=name, value=value)
    assert code(error) == "InvalidParameterException"
