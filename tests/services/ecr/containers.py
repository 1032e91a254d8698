"""Images made of bytes, and a small client of the registry's protocol."""

from __future__ import annotations

import gzip
import hashlib
import http.client
import io
import json
import tarfile
from base64 import b64encode

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def digest_of(data):
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def layer_of(files, mode=0o755):
    """A gzipped layer of {name: bytes}, {name: TarInfo} for what is no plain file."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            if isinstance(content, tarfile.TarInfo):
                archive.addfile(content)
                continue
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), mode
            archive.addfile(info, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), 1, mtime=0)


class Container:
    """An image: a configuration, layers, and the manifest that names them."""

    def __init__(self, *layers, config=None, layer_type=LAYER, architecture="amd64", **more):
        self.layers = layers
        self.config = json.dumps({"architecture": architecture, "os": "linux", "config": config or {}}).encode()
        document = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": _descriptor(CONFIG, self.config),
            "layers": [_descriptor(layer_type, layer) for layer in layers],
            **more,
        }
        self.manifest = json.dumps(document).encode()
        self.digest = digest_of(self.manifest)

    @property
    def blobs(self):
        return [self.config, *self.layers]


def _descriptor(media_type, data):
    return {"mediaType": media_type, "digest": digest_of(data), "size": len(data)}


def index_of(*containers, platforms=None):
    """An index of images, as bytes."""
    entries = [_descriptor(MANIFEST, each.manifest) for each in containers]
    for entry, architecture in zip(entries, platforms or [], strict=False):
        entry["platform"] = {"architecture": architecture, "os": "linux"}
    return json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}).encode()


class Registry:
    """A registry as clients of the protocol see it; `host` is what they call it, where that is not its address."""

    def __init__(self, ecr, port, host=None):
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._host = host
        token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
        self.authorization = f"Basic {token}"

    def close(self):
        self._connection.close()

    def ask(self, method, path, body=None, **headers):
        """(status, headers, body) of `/v2/<path>`, or of a location."""
        target = path if path.startswith("/") else f"/v2/{path}"
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.authorization:
            sent["Authorization"] = self.authorization
        if self._host:
            sent["Host"] = self._host
        self._connection.request(method, target, body, sent)
        answer = self._connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()

    def code(self, method, path, body=None, **headers):
        """The status of a refusal, and its code in the protocol."""
        status, _, data = self.ask(method, path, body, **headers)
        return status, json.loads(data)["errors"][0]["code"]

    def upload(self, repository, data):
        status, _, _ = self.ask("POST", f"{repository}/blobs/uploads/?digest={digest_of(data)}", data)
        assert status == 201
        return digest_of(data)

    def push(self, repository, container, tag=None):
        for blob in container.blobs:
            self.upload(repository, blob)
        return self.put(repository, container.manifest, tag)

    def put(self, repository, manifest, tag=None, media_type=None):
        reference = tag or digest_of(manifest)
        headers = {"Content_Type": media_type or json.loads(manifest)["mediaType"]}
        status, _, data = self.ask("PUT", f"{repository}/manifests/{reference}", manifest, **headers)
        assert status == 201, data
        return digest_of(manifest)


def basic(user, password):
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"
