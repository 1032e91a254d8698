"""The registry's protocol, as container clients speak it."""

import json

import pytest

from tests.services.ecr.containers import CONFIG, INDEX, MANIFEST, Container, basic, digest_of, index_of, layer_of

EMPTY = b"{}"


def test_without_a_token_the_way_to_one_is_shown(registry):
    registry.authorization = ""
    status, headers, _ = registry.ask("GET", "")
    assert status == 401
    assert headers["www-authenticate"].startswith("Basic realm=")
    assert headers["docker-distribution-api-version"] == "registry/2.0"


@pytest.mark.parametrize("user, password", [("AWS", "guessed"), ("root", "root")])
def test_a_token_that_is_none_is_refused(registry, user, password):
    registry.authorization = basic(user, password)
    assert registry.ask("GET", "")[0] == 401


def test_a_token_ends_after_twelve_hours(registry, clock):
    assert registry.ask("GET", "")[0] == 200
    clock.advance(hours=12)
    assert registry.ask("GET", "")[0] == 401


def test_what_was_pushed_is_pulled(registry, repository, container):
    digest = registry.push(repository, container, "latest")
    status, headers, manifest = registry.ask("GET", f"{repository}/manifests/latest")
    assert (status, headers["content-type"], headers["docker-content-digest"]) == (200, MANIFEST, digest)
    assert manifest == container.manifest
    for blob in container.blobs:
        assert registry.ask("GET", f"{repository}/blobs/{digest_of(blob)}")[2] == blob


def test_a_layer_arrives_in_chunks(registry, repository):
    data = bytes(range(256)) * 1000
    status, headers, _ = registry.ask("POST", f"{repository}/blobs/uploads/")
    assert (status, headers["range"]) == (202, "0-0")
    where = headers["location"]
    first, second = data[:100_000], data[100_000:]
    assert registry.ask("PATCH", where, first, Content_Range=f"0-{len(first) - 1}")[0] == 202
    status, headers, _ = registry.ask("GET", where)
    assert (status, headers["range"]) == (204, f"0-{len(first) - 1}")
    assert registry.ask("PATCH", where, second, Content_Range=f"{len(first)}-{len(data) - 1}")[0] == 202
    assert registry.ask("PUT", f"{where}?digest={digest_of(data)}")[0] == 201
    assert registry.ask("GET", f"{repository}/blobs/{digest_of(data)}")[2] == data


def test_a_chunk_out_of_order_is_refused(registry, repository):
    where = registry.ask("POST", f"{repository}/blobs/uploads/")[1]["location"]
    assert registry.ask("PATCH", where, b"abc", Content_Range="5-7")[0] == 416


def test_the_last_chunk_may_come_with_the_end(registry, repository):
    where = registry.ask("POST", f"{repository}/blobs/uploads/")[1]["location"]
    registry.ask("PATCH", where, b"abc")
    assert registry.ask("PUT", f"{where}?digest={digest_of(b'abcdef')}", b"def")[0] == 201
    assert registry.ask("GET", f"{repository}/blobs/{digest_of(b'abcdef')}")[2] == b"abcdef"


def test_a_layer_that_is_not_what_it_is_called_is_refused(registry, repository):
    where = registry.ask("POST", f"{repository}/blobs/uploads/")[1]["location"]
    assert registry.code("PUT", f"{where}?digest={digest_of(b'one')}", b"other") == (400, "DIGEST_INVALID")
    assert registry.ask("HEAD", f"{repository}/blobs/{digest_of(b'one')}")[0] == 404


def test_an_upload_that_was_given_up_is_gone(registry, repository):
    where = registry.ask("POST", f"{repository}/blobs/uploads/")[1]["location"]
    assert registry.ask("DELETE", where)[0] == 204
    assert registry.code("PATCH", where, b"abc") == (404, "BLOB_UPLOAD_UNKNOWN")


def test_an_upload_that_nobody_ends_is_forgotten_after_a_day(registry, ecr, repository, registry_for, clock):
    where = registry.ask("POST", f"{repository}/blobs/uploads/")[1]["location"]
    registry.ask("PATCH", where, b"abc")
    clock.advance(hours=25)
    assert registry_for(ecr).code("PATCH", where, b"def") == (404, "BLOB_UPLOAD_UNKNOWN")


def test_a_range_of_a_layer_is_sent(registry, repository):
    digest = registry.upload(repository, b"0123456789")
    status, headers, body = registry.ask("GET", f"{repository}/blobs/{digest}", Range="bytes=3-5")
    assert (status, headers["content-range"], body) == (206, "bytes 3-5/10", b"345")
    assert registry.ask("GET", f"{repository}/blobs/{digest}", Range="bytes=10-")[0] == 416


def test_an_empty_layer_is_a_layer(registry, repository):
    digest = registry.upload(repository, b"")
    assert registry.ask("GET", f"{repository}/blobs/{digest}")[2] == b""


def test_head_says_how_long_it_is(registry, repository, container):
    registry.push(repository, container, "latest")
    status, headers, body = registry.ask("HEAD", f"{repository}/manifests/latest")
    assert (status, headers["content-length"], body) == (200, str(len(container.manifest)), b"")


def test_a_layer_of_another_repository_is_mounted_where_that_is_allowed(registry, ecr, repository):
    ecr.create_repository(repositoryName="other")
    digest = registry.upload("other", b"shared")
    mount = f"{repository}/blobs/uploads/?mount={digest}&from=other"
    assert registry.ask("POST", mount)[0] == 202
    ecr.put_account_setting(name="BLOB_MOUNTING", value="ENABLED")
    assert registry.ask("POST", mount)[0] == 201
    ecr.delete_repository(repositoryName="other", force=True)
    assert registry.ask("GET", f"{repository}/blobs/{digest}")[2] == b"shared"


def test_a_manifest_whose_layers_are_missing_is_refused(registry, repository, container):
    assert registry.code("PUT", f"{repository}/manifests/latest", container.manifest, Content_Type=MANIFEST) == (
        404,
        "MANIFEST_BLOB_UNKNOWN",
    )


@pytest.mark.parametrize("manifest", [b"no json", b"[]", b'{"schemaVersion": 1}', b'{"schemaVersion": 2, "layers": 3}'])
def test_what_is_no_manifest_is_refused(registry, repository, manifest):
    found = registry.code("PUT", f"{repository}/manifests/latest", manifest, Content_Type=MANIFEST)
    assert found == (400, "MANIFEST_INVALID")


def test_a_digest_that_is_not_the_manifests_is_refused(registry, repository, container):
    registry.push(repository, container)
    found = registry.code("PUT", f"{repository}/manifests/{digest_of(b'x')}", container.manifest, Content_Type=MANIFEST)
    assert found == (400, "DIGEST_INVALID")


def test_pushing_the_same_image_again_succeeds(registry, repository, container):
    assert registry.push(repository, container, "latest") == registry.push(repository, container, "latest")


def test_an_index_names_images_for_several_platforms(registry, repository, make_container):
    one, two = make_container(1), make_container(2)
    registry.push(repository, one)
    registry.push(repository, two)
    index = index_of(one, two)
    digest = registry.put(repository, index, "multi", INDEX)
    assert registry.ask("GET", f"{repository}/manifests/multi")[2] == index
    assert registry.code("DELETE", f"{repository}/manifests/{one.digest}") == (403, "DENIED")
    assert registry.ask("DELETE", f"{repository}/manifests/{digest}")[0] == 202
    assert registry.ask("DELETE", f"{repository}/manifests/{one.digest}")[0] == 202


def test_an_index_of_images_that_are_missing_is_refused(registry, repository, make_container):
    index = index_of(make_container(1))
    found = registry.code("PUT", f"{repository}/manifests/multi", index, Content_Type=INDEX)
    assert found == (404, "MANIFEST_BLOB_UNKNOWN")


def test_tags_are_listed_in_pages(registry, repository, container):
    for tag in ("c", "a", "b"):
        registry.push(repository, container, tag)
    _, headers, body = registry.ask("GET", f"{repository}/tags/list?n=2")
    assert json.loads(body) == {"name": repository, "tags": ["a", "b"]}
    assert headers["link"] == f'</v2/{repository}/tags/list?last=b&n=2>; rel="next"'
    assert json.loads(registry.ask("GET", f"{repository}/tags/list?last=b&n=2")[2])["tags"] == ["c"]


def test_what_is_about_an_image_is_listed(registry, repository, container):
    registry.push(repository, container, "latest")
    subject = {"mediaType": MANIFEST, "digest": container.digest, "size": len(container.manifest)}
    signature = Container(layer_of({"sig": b"1"}), subject=subject, artifactType="application/vnd.example.signature")
    registry.push(repository, signature)
    _, headers, body = registry.ask("GET", f"{repository}/referrers/{container.digest}")
    assert headers["content-type"] == INDEX
    (entry,) = json.loads(body)["manifests"]
    assert (entry["digest"], entry["artifactType"]) == (signature.digest, "application/vnd.example.signature")
    nothing = registry.ask("GET", f"{repository}/referrers/{container.digest}?artifactType=other")
    assert json.loads(nothing[2])["manifests"] == []
    assert nothing[1]["oci-filters-applied"] == "artifactType"


def test_deleting_a_tag_leaves_the_others(registry, repository, container):
    registry.push(repository, container, "one")
    registry.push(repository, container, "two")
    assert registry.ask("DELETE", f"{repository}/manifests/one")[0] == 202
    assert registry.code("GET", f"{repository}/manifests/one") == (404, "MANIFEST_UNKNOWN")
    assert registry.ask("GET", f"{repository}/manifests/two")[0] == 200


@pytest.mark.parametrize("path", ["nowhere/manifests/latest", "nowhere/tags/list", "nowhere/blobs/sha256:" + "0" * 64])
def test_a_repository_that_is_not_there_is_unknown(registry, path):
    assert registry.code("GET", path) == (404, "NAME_UNKNOWN")


def test_what_no_registry_does_is_refused(registry, repository):
    assert registry.code("POST", f"{repository}/tags/list")[0] == 405
    assert registry.code("DELETE", f"{repository}/blobs/sha256:{'0' * 64}") == (405, "UNSUPPORTED")


def test_repositories_are_listed(registry, repository):
    assert json.loads(registry.ask("GET", "_catalog")[2]) == {"repositories": [repository]}


@pytest.mark.parametrize("domain", ["amazonaws.com", "localhost:4566"])
def test_the_host_names_the_registry(aws, registry_for, container, domain):
    here, there = aws("ecr"), aws("ecr", region="eu-west-1")
    there.create_repository(repositoryName="app")
    registry = registry_for(here, f"{aws.account}.dkr.ecr.eu-west-1.{domain}")
    registry.push("app", container, "latest")
    assert there.describe_images(repositoryName="app")["imageDetails"][0]["imageTags"] == ["latest"]


def test_the_address_of_a_repository_is_that_of_the_server(ecr, fogbank_server):
    made = ecr.create_repository(repositoryName="team/app")["repository"]
    assert made["repositoryUri"] == f"127.0.0.1:{fogbank_server.port}/team/app"
    assert ecr.get_authorization_token()["authorizationData"][0]["proxyEndpoint"] == fogbank_server.endpoint


def test_another_account_pulls_only_where_the_policy_lets_it(aws, ecr, registry, registry_for, repository, container):
    registry.push(repository, container, "latest")
    other = aws("ecr", account="210987654321")
    guest = registry_for(other, f"{aws.account}.dkr.ecr.us-east-1.amazonaws.com")
    assert guest.code("GET", f"{repository}/manifests/latest") == (403, "DENIED")
    allowed = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    statement = {"Effect": "Allow", "Principal": {"AWS": "210987654321"}, "Action": allowed}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    ecr.set_repository_policy(repositoryName=repository, policyText=policy)
    assert guest.ask("GET", f"{repository}/manifests/latest")[0] == 200
    assert guest.code("POST", f"{repository}/blobs/uploads/") == (403, "DENIED")


def test_a_user_pushes_only_what_its_policies_allow(aws, ecr, repository, registry_for):
    iam = aws("iam")
    iam.create_user(UserName="reader")
    statement = {"Effect": "Allow", "Action": ["ecr:GetAuthorizationToken", "ecr:ListImages"], "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="reader", PolicyName="reads", PolicyDocument=policy)
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    reader = registry_for(aws("ecr", credentials=key))
    assert reader.ask("GET", f"{repository}/tags/list")[0] == 200
    status, _, body = reader.ask("POST", f"{repository}/blobs/uploads/")
    assert status == 403
    assert "ecr:InitiateLayerUpload" in json.loads(body)["errors"][0]["message"]


def test_a_token_of_a_role_does_what_the_role_may_now(aws, ecr, repository, registry, registry_for, container):
    registry.push(repository, container, "v1")
    iam = aws("iam")
    trust = {"Effect": "Allow", "Principal": {"AWS": aws.account}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName="puller", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    pulls = {"Effect": "Allow", "Action": ["ecr:GetAuthorizationToken", "ecr:BatchGetImage"], "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [pulls]})
    iam.put_role_policy(RoleName="puller", PolicyName="pulls", PolicyDocument=policy)
    session = aws("sts").assume_role(RoleArn=role, RoleSessionName="build")["Credentials"]
    puller = registry_for(aws("ecr", credentials=session))
    assert puller.ask("GET", f"{repository}/manifests/v1")[0] == 200
    iam.delete_role_policy(RoleName="puller", PolicyName="pulls")
    status, _, body = puller.ask("GET", f"{repository}/manifests/v1")
    assert status == 403
    assert "assumed-role/puller/build is not authorized to perform: ecr:BatchGetImage" in body.decode()


def test_a_bucket_keeps_its_keys_below_v2(aws, fogbank_server):
    s3 = aws("s3")
    s3.create_bucket(Bucket="versions")
    s3.put_object(Bucket="versions", Key="v2/readme", Body=b"hello")
    assert s3.get_object(Bucket="versions", Key="v2/readme")["Body"].read() == b"hello"


def test_an_artifact_without_layers_is_an_image(registry, repository):
    container = Container(artifactType="application/vnd.example.note")
    registry.push(repository, container, "note")
    assert CONFIG in container.manifest.decode()
    assert registry.ask("GET", f"{repository}/manifests/note")[0] == 200
