"""Clients of container registries: skopeo, crane, oras."""

import gzip
import io
import json
import tarfile
from base64 import b64decode

import pytest


@pytest.fixture
def ecr(aws):
    return aws("ecr")


@pytest.fixture
def registry(aws, ecr):
    """(host, password) of the registry, which has the repository `tools`."""
    host = ecr.create_repository(repositoryName="tools")["repository"]["repositoryUri"].partition("/")[0]
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    return host, b64decode(token).decode().partition(":")[2]


@pytest.fixture
def layer(tmp_path):
    """A layer with one file."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo("hello.txt")
        info.size = 5
        archive.addfile(info, io.BytesIO(b"hello"))
    path = tmp_path / "layer.tgz"
    path.write_bytes(gzip.compress(buffer.getvalue()))
    return path


@pytest.fixture
def crane(program, prepared, registry):
    path, (host, password) = prepared("bin/crane"), registry
    program(path, "auth", "login", host, "--insecure", "-u", "AWS", "-p", password)
    return lambda *arguments, **options: program(path, "--insecure", *arguments, **options)


@pytest.fixture
def skopeo(program, registry):
    host, password = registry
    program("skopeo", "login", "--tls-verify=false", "-u", "AWS", "-p", password, host)
    return lambda *arguments, **options: program("skopeo", *arguments, **options)


def test_crane_pushes_copies_lists_and_deletes(crane, registry, layer, tmp_path, ecr):
    name = f"{registry[0]}/tools"
    crane("append", "-f", layer, "-t", f"{name}:v1")
    crane("tag", f"{name}:v1", "v2")
    assert crane("ls", name).split() == ["v1", "v2"]
    exported = tmp_path / "image.tar"
    crane("export", f"{name}:v1", exported)
    with tarfile.open(exported) as archive:
        assert archive.getnames() == ["hello.txt"]
    crane("validate", "--remote", f"{name}:v1")
    digest = crane("digest", f"{name}:v1").strip()
    crane("delete", f"{name}@{digest}")
    assert ecr.list_images(repositoryName="tools")["imageIds"] == []


def test_crane_is_told_what_is_immutable(crane, registry, layer, tmp_path, ecr):
    name = f"{registry[0]}/tools"
    ecr.put_image_tag_mutability(repositoryName="tools", imageTagMutability="IMMUTABLE")
    crane("append", "-f", layer, "-t", f"{name}:v1")
    crane("mutate", f"{name}:v1", "--label", "a=b", "-t", f"{name}:v2")
    printed = crane("tag", f"{name}@{crane('digest', f'{name}:v2').strip()}", "v1", fails=True)
    assert "TAG_INVALID" in printed
    assert "cannot be overwritten because the tag is immutable" in printed


def test_crane_makes_an_index(crane, registry, layer, ecr):
    name = f"{registry[0]}/tools"
    crane("append", "-f", layer, "-t", f"{name}:amd64")
    crane("index", "append", "-m", f"{name}:amd64", "-t", f"{name}:multi")
    found = ecr.describe_images(repositoryName="tools", imageIds=[{"imageTag": "multi"}])["imageDetails"]
    assert found[0]["imageManifestMediaType"].endswith(("index.v1+json", "manifest.list.v2+json"))


def test_skopeo_copies_in_and_out(skopeo, crane, registry, layer, tmp_path, ecr):
    name = f"{registry[0]}/tools"
    crane("append", "-f", layer, "-t", f"{name}:v1")
    skopeo("copy", "--src-tls-verify=false", f"docker://{name}:v1", f"oci:{tmp_path}/layout:v1")
    skopeo("copy", "--dest-tls-verify=false", f"oci:{tmp_path}/layout:v1", f"docker://{name}:v2")
    listed = json.loads(skopeo("list-tags", "--tls-verify=false", f"docker://{name}"))
    assert listed["Tags"] == ["v1", "v2"]
    assert json.loads(skopeo("inspect", "--raw", "--tls-verify=false", f"docker://{name}:v2"))["schemaVersion"] == 2
    assert "manifest unknown" in skopeo("inspect", "--tls-verify=false", f"docker://{name}:v3", fails=True)


def test_skopeo_without_the_password_is_refused(program, registry):
    printed = program("skopeo", "login", "--tls-verify=false", "-u", "AWS", "-p", "guessed", registry[0], fails=True)
    assert "invalid username/password" in printed


def test_oras_pushes_and_pulls_files(python_with, registry, ecr):
    host, password = registry
    printed = python_with(
        "oras",
        f"""
        import pathlib, oras.client
        client = oras.client.OrasClient(insecure=True, auth_backend="basic")
        client.login(hostname={host!r}, username="AWS", password={password!r})
        pathlib.Path("note.txt").write_text("hello")
        client.push(target="{host}/tools:note", files=["note.txt"], disable_path_validation=True)
        pathlib.Path("note.txt").unlink()
        client.pull(target="{host}/tools:note", outdir=".")
        print(pathlib.Path("note.txt").read_text())
        """,
    )
    assert printed.strip().endswith("hello")
