"""Images and layers in ECR's own API."""

import json
import urllib.request

import pytest
from botocore.exceptions import ClientError

from tests.services.ecr.containers import MANIFEST, Container, digest_of, index_of, layer_of


def code(error):
    return error.value.response["Error"]["Code"]


def ids(answer):
    return {(each["imageDigest"], each.get("imageTag")) for each in answer["imageIds"]}


# -- layers


def upload(ecr, repository, data, digest=None):
    id = ecr.initiate_layer_upload(repositoryName=repository)["uploadId"]
    ecr.upload_layer_part(
        repositoryName=repository, uploadId=id, partFirstByte=0, partLastByte=len(data) - 1, layerPartBlob=data
    )
    return ecr.complete_layer_upload(repositoryName=repository, uploadId=id, layerDigests=[digest or digest_of(data)])[
        "layerDigest"
    ]


def test_a_layer_arrives_in_parts(ecr, repository):
    part = b"x" * (5 << 20)
    id = ecr.initiate_layer_upload(repositoryName=repository)["uploadId"]
    named = {"repositoryName": repository, "uploadId": id}
    first = ecr.upload_layer_part(**named, partFirstByte=0, partLastByte=len(part) - 1, layerPartBlob=part)
    assert first["lastByteReceived"] == len(part) - 1
    ecr.upload_layer_part(**named, partFirstByte=len(part), partLastByte=len(part), layerPartBlob=b"y")
    digest = digest_of(part + b"y")
    assert ecr.complete_layer_upload(**named, layerDigests=[digest])["layerDigest"] == digest
    (layer,) = ecr.batch_check_layer_availability(repositoryName=repository, layerDigests=[digest])["layers"]
    assert (layer["layerAvailability"], layer["layerSize"]) == ("AVAILABLE", len(part) + 1)


def test_a_part_that_does_not_follow_is_refused(ecr, repository):
    id = ecr.initiate_layer_upload(repositoryName=repository)["uploadId"]
    with pytest.raises(ClientError) as error:
        ecr.upload_layer_part(
            repositoryName=repository, uploadId=id, partFirstByte=7, partLastByte=9, layerPartBlob=b"abc"
        )
    assert code(error) == "InvalidLayerPartException"
    assert error.value.response["lastValidByteReceived"] == -1


def test_small_parts_are_refused(ecr, repository):
    id = ecr.initiate_layer_upload(repositoryName=repository)["uploadId"]
    for first in (0, 3):
        ecr.upload_layer_part(
            repositoryName=repository, uploadId=id, partFirstByte=first, partLastByte=first + 2, layerPartBlob=b"abc"
        )
    with pytest.raises(ClientError) as error:
        ecr.complete_layer_upload(repositoryName=repository, uploadId=id, layerDigests=[digest_of(b"abcabc")])
    assert code(error) == "LayerPartTooSmallException"


def test_an_upload_without_parts_is_refused(ecr, repository):
    id = ecr.initiate_layer_upload(repositoryName=repository)["uploadId"]
    with pytest.raises(ClientError) as error:
        ecr.complete_layer_upload(repositoryName=repository, uploadId=id, layerDigests=[digest_of(b"")])
    assert code(error) == "EmptyUploadException"


def test_a_layer_that_is_not_what_it_is_called_is_refused(ecr, repository):
    with pytest.raises(ClientError) as error:
        upload(ecr, repository, b"abc", digest_of(b"other"))
    assert code(error) == "InvalidLayerException"


def test_a_layer_is_uploaded_once(ecr, repository):
    upload(ecr, repository, b"abc")
    with pytest.raises(ClientError) as error:
        upload(ecr, repository, b"abc")
    assert code(error) == "LayerAlreadyExistsException"


def test_an_upload_that_is_not_there_is_refused(ecr, repository):
    with pytest.raises(ClientError) as error:
        ecr.upload_layer_part(
            repositoryName=repository,
            uploadId="00000000-0000-0000-0000-000000000000",
            partFirstByte=0,
            partLastByte=2,
            layerPartBlob=b"abc",
        )
    assert code(error) == "UploadNotFoundException"


def test_a_layer_that_is_missing_says_so(ecr, repository):
    answer = ecr.batch_check_layer_availability(repositoryName=repository, layerDigests=[digest_of(b"x"), "no digest"])
    assert answer["layers"] == [{"layerDigest": digest_of(b"x"), "layerAvailability": "UNAVAILABLE"}]
    assert [each["failureCode"] for each in answer["failures"]] == ["InvalidLayerDigest"]


def test_a_layer_is_fetched_by_a_link_for_an_hour(ecr, repository, clock):
    digest = upload(ecr, repository, b"abc")
    url = ecr.get_download_url_for_layer(repositoryName=repository, layerDigest=digest)["downloadUrl"]
    with urllib.request.urlopen(url, timeout=10) as answer:
        assert answer.read() == b"abc"
    clock.advance(hours=2)
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(url, timeout=10)


# -- putting and getting


def test_an_image_is_put_and_got(ecr, repository, container):
    for blob in container.blobs:
        upload(ecr, repository, blob)
    text = container.manifest.decode()
    put = ecr.put_image(repositoryName=repository, imageManifest=text, imageTag="v1")["image"]
    assert put["imageId"] == {"imageDigest": container.digest, "imageTag": "v1"}
    (got,) = ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageTag": "v1"}])["images"]
    assert (got["imageManifest"], got["imageManifestMediaType"]) == (text, MANIFEST)


def test_the_same_image_with_the_same_tag_is_refused(ecr, registry, repository, container):
    registry.push(repository, container, "v1")
    with pytest.raises(ClientError) as error:
        ecr.put_image(repositoryName=repository, imageManifest=container.manifest.decode(), imageTag="v1")
    assert code(error) == "ImageAlreadyExistsException"


def test_an_image_gets_another_tag(ecr, registry, repository, container):
    registry.push(repository, container, "v1")
    ecr.put_image(repositoryName=repository, imageManifest=container.manifest.decode(), imageTag="v2")
    (detail,) = ecr.describe_images(repositoryName=repository)["imageDetails"]
    assert detail["imageTags"] == ["v1", "v2"]


def test_layers_that_are_missing_are_named(ecr, repository, container):
    with pytest.raises(ClientError) as error:
        ecr.put_image(repositoryName=repository, imageManifest=container.manifest.decode())
    assert code(error) == "LayersNotFoundException"
    assert digest_of(container.config) in str(error.value)


def test_a_digest_that_is_not_the_manifests_is_refused(ecr, registry, repository, container):
    registry.push(repository, container)
    with pytest.raises(ClientError) as error:
        ecr.put_image(repositoryName=repository, imageManifest=container.manifest.decode(), imageDigest=digest_of(b"x"))
    assert code(error) == "ImageDigestDoesNotMatchException"


@pytest.mark.parametrize(
    "id, failure",
    [
        ({"imageTag": "nothing"}, "ImageNotFound"),
        ({"imageDigest": "no digest"}, "InvalidImageDigest"),
        ({"imageTag": "!"}, "InvalidImageTag"),
        ({}, "MissingDigestAndTag"),
    ],
)
def test_an_image_that_cannot_be_found_is_a_failure(ecr, repository, id, failure):
    answer = ecr.batch_get_image(repositoryName=repository, imageIds=[id])
    assert [each["failureCode"] for each in answer["failures"]] == [failure]
    assert answer["images"] == []


def test_a_tag_on_another_image_is_a_failure(ecr, registry, repository, make_container):
    one, two = make_container(1), make_container(2)
    registry.push(repository, one, "one")
    registry.push(repository, two, "two")
    answer = ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageDigest": one.digest, "imageTag": "two"}])
    assert answer["failures"][0]["failureCode"] == "ImageTagDoesNotMatchDigest"


# -- describing


def test_an_image_is_described(ecr, registry, repository, container):
    registry.push(repository, container, "v1")
    (detail,) = ecr.describe_images(repositoryName=repository)["imageDetails"]
    assert detail["imageDigest"] == container.digest
    assert detail["imageSizeInBytes"] == sum(map(len, container.blobs))
    assert detail["artifactMediaType"] == "application/vnd.oci.image.config.v1+json"
    assert detail["imageStatus"] == "ACTIVE"
    assert "lastRecordedPullTime" not in detail


def test_a_pull_is_recorded_unless_its_principal_is_excluded(ecr, aws, registry, repository, container):
    registry.push(repository, container, "v1")
    registry.ask("HEAD", f"{repository}/manifests/v1")
    assert "lastRecordedPullTime" not in ecr.describe_images(repositoryName=repository)["imageDetails"][0]
    registry.ask("GET", f"{repository}/manifests/v1")
    assert "lastRecordedPullTime" in ecr.describe_images(repositoryName=repository)["imageDetails"][0]


def test_exclusions_are_listed_once(ecr, aws):
    arn = f"arn:aws:iam::{aws.account}:role/scanner"
    ecr.register_pull_time_update_exclusion(principalArn=arn)
    with pytest.raises(ClientError) as error:
        ecr.register_pull_time_update_exclusion(principalArn=arn)
    assert code(error) == "ExclusionAlreadyExistsException"
    assert ecr.list_pull_time_update_exclusions()["pullTimeUpdateExclusions"] == [arn]
    ecr.deregister_pull_time_update_exclusion(principalArn=arn)
    with pytest.raises(ClientError) as error:
        ecr.deregister_pull_time_update_exclusion(principalArn=arn)
    assert code(error) == "ExclusionNotFoundException"


def test_an_image_that_is_not_there_is_not_found(ecr, aws, repository):
    with pytest.raises(ClientError) as error:
        ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": "latest"}])
    assert error.value.response["Error"]["Message"] == (
        "The image with imageId {imageDigest:'null', imageTag:'latest'} does not exist within the repository "
        f"with name 'app' in the registry with id '{aws.account}'"
    )


def test_images_are_listed_by_tags_in_pages(ecr, registry, repository, make_container):
    tagged, untagged = make_container(1), make_container(2)
    registry.push(repository, tagged, "a")
    registry.push(repository, tagged, "b")
    registry.push(repository, untagged)
    pages = list(ecr.get_paginator("list_images").paginate(repositoryName=repository, PaginationConfig={"PageSize": 1}))
    everything = set().union(*map(ids, pages))
    assert everything == {(tagged.digest, "a"), (tagged.digest, "b"), (untagged.digest, None)}
    assert len(pages) == 3
    chosen = ecr.list_images(repositoryName=repository, filter={"tagStatus": "UNTAGGED"})
    assert ids(chosen) == {(untagged.digest, None)}


def test_what_is_about_an_image_is_listed(ecr, registry, repository, container):
    registry.push(repository, container, "v1")
    subject = {"mediaType": MANIFEST, "digest": container.digest, "size": len(container.manifest)}
    note = Container(subject=subject, artifactType="application/vnd.example.note", annotations={"by": "me"})
    registry.push(repository, note)
    answer = ecr.list_image_referrers(repositoryName=repository, subjectId={"imageDigest": container.digest})
    (referrer,) = answer["referrers"]
    assert (referrer["digest"], referrer["artifactType"]) == (note.digest, "application/vnd.example.note")
    assert referrer["annotations"] == {"by": "me"}


# -- tags that may not be moved


@pytest.mark.parametrize(
    "mutability, filters, tag, moves",
    [
        ("MUTABLE", [], "v1", True),
        ("IMMUTABLE", [], "v1", False),
        ("IMMUTABLE_WITH_EXCLUSION", ["dev-*"], "dev-1", True),
        ("IMMUTABLE_WITH_EXCLUSION", ["dev-*"], "v1", False),
        ("MUTABLE_WITH_EXCLUSION", ["v*"], "v1", False),
        ("MUTABLE_WITH_EXCLUSION", ["v*"], "dev-1", True),
    ],
)
def test_a_tag_moves_where_it_may(ecr, registry, make_container, mutability, filters, tag, moves):
    chosen = {"imageTagMutability": mutability}
    if filters:
        chosen["imageTagMutabilityExclusionFilters"] = [{"filterType": "WILDCARD", "filter": each} for each in filters]
    ecr.create_repository(repositoryName="app", **chosen)
    registry.push("app", make_container(1), tag)
    other = make_container(2)
    registry.push("app", other)
    status, _, body = registry.ask("PUT", f"app/manifests/{tag}", other.manifest, Content_Type=MANIFEST)
    assert (status == 201) == moves
    if not moves:
        (error,) = json.loads(body)["errors"]
        assert error["code"] == "TAG_INVALID"
        assert "cannot be overwritten because the tag is immutable" in error["message"]


def test_exclusions_need_a_mutability_that_has_them(ecr, repository):
    filters = [{"filterType": "WILDCARD", "filter": "v*"}]
    with pytest.raises(ClientError) as error:
        ecr.put_image_tag_mutability(
            repositoryName=repository, imageTagMutability="IMMUTABLE", imageTagMutabilityExclusionFilters=filters
        )
    assert code(error) == "InvalidParameterException"


# -- deleting


def test_the_last_tag_takes_the_image_with_it(ecr, registry, repository, container):
    registry.push(repository, container, "a")
    registry.push(repository, container, "b")
    ecr.batch_delete_image(repositoryName=repository, imageIds=[{"imageTag": "a"}])
    assert ids(ecr.list_images(repositoryName=repository)) == {(container.digest, "b")}
    gone = ecr.batch_delete_image(repositoryName=repository, imageIds=[{"imageTag": "b"}])
    assert ids(gone) == {(container.digest, "b")}
    assert ecr.list_images(repositoryName=repository)["imageIds"] == []


def test_a_digest_takes_all_tags(ecr, registry, repository, container):
    registry.push(repository, container, "a")
    registry.push(repository, container, "b")
    gone = ecr.batch_delete_image(repositoryName=repository, imageIds=[{"imageDigest": container.digest}])
    assert ids(gone) == {(container.digest, "a"), (container.digest, "b")}


def test_layers_go_with_the_last_image_that_has_them(ecr, registry, repository):
    shared, own = layer_of({"shared": b"1"}), layer_of({"own": b"2"})
    one, two = Container(shared, own), Container(shared)
    registry.push(repository, one, "one")
    registry.push(repository, two, "two")
    ecr.batch_delete_image(repositoryName=repository, imageIds=[{"imageTag": "one"}])
    found = ecr.batch_check_layer_availability(
        repositoryName=repository, layerDigests=[digest_of(shared), digest_of(own)]
    )["layers"]
    assert [each["layerAvailability"] for each in found] == ["AVAILABLE", "UNAVAILABLE"]


def test_an_image_of_an_index_stays(ecr, registry, repository, container):
    registry.push(repository, container)
    registry.put(repository, index_of(container), "multi")
    answer = ecr.batch_delete_image(repositoryName=repository, imageIds=[{"imageDigest": container.digest}])
    assert answer["failures"][0]["failureCode"] == "ImageReferencedByManifestList"
    assert len(ecr.list_images(repositoryName=repository)["imageIds"]) == 2


def test_what_is_about_an_image_goes_a_day_after_it(aws, ecr, registry, repository, container, clock):
    registry.push(repository, container, "v1")
    subject = {"mediaType": MANIFEST, "digest": container.digest, "size": len(container.manifest)}
    registry.push(repository, Container(subject=subject, artifactType="application/vnd.example.note"))
    ecr.batch_delete_image(repositoryName=repository, imageIds=[{"imageTag": "v1"}])
    assert len(ecr.list_images(repositoryName=repository)["imageIds"]) == 1
    clock.advance(hours=25)
    assert ecr.list_images(repositoryName=repository)["imageIds"] == []


# -- archived images


def test_an_archived_image_is_not_pulled_until_it_is_brought_back(ecr, registry, repository, container, clock):
    registry.push(repository, container, "v1")
    request = {"repositoryName": repository, "imageId": {"imageTag": "v1"}}
    assert ecr.update_image_storage_class(**request, targetStorageClass="ARCHIVE")["imageStatus"] == "ARCHIVED"
    assert registry.code("GET", f"{repository}/manifests/v1") == (403, "DENIED")
    failed = ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageTag": "v1"}])["failures"]
    assert failed[0]["failureCode"] == "ImageInaccessible"
    assert ecr.list_images(repositoryName=repository)["imageIds"] == []
    assert ecr.update_image_storage_class(**request, targetStorageClass="STANDARD")["imageStatus"] == "ACTIVATING"
    clock.advance(minutes=20)
    assert ecr.describe_images(repositoryName=repository)["imageDetails"][0]["imageStatus"] == "ACTIVE"


def test_an_image_is_archived_once(ecr, registry, repository, container):
    registry.push(repository, container, "v1")
    request = {"repositoryName": repository, "imageId": {"imageTag": "v1"}, "targetStorageClass": "ARCHIVE"}
    ecr.update_image_storage_class(**request)
    with pytest.raises(ClientError) as error:
        ecr.update_image_storage_class(**request)
    assert code(error) == "ImageStorageClassUpdateNotSupportedException"


# -- events


def test_a_push_is_an_event(aws, ecr, registry, repository, container, clock):
    sqs, events = aws("sqs"), aws("events")
    queue = sqs.create_queue(QueueName="pushes")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    pattern = {"source": ["aws.ecr"], "detail-type": ["ECR Image Action"], "detail": {"action-type": ["PUSH"]}}
    events.put_rule(Name="pushes", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="pushes", Targets=[{"Id": "1", "Arn": arn}])
    registry.push(repository, container, "v1")
    (message,) = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10)["Messages"]
    assert json.loads(message["Body"])["detail"] == {
        "result": "SUCCESS",
        "repository-name": repository,
        "image-digest": container.digest,
        "action-type": "PUSH",
        "image-tag": "v1",
    }
