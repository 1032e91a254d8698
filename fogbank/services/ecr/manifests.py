"""Manifests: what an image is made of, read from the JSON that describes it. Nothing here touches the store.

Image manifests and indexes of OCI 1.0 and 1.1, and of Docker (version 2, schema 2):
https://github.com/opencontainers/image-spec/blob/main/manifest.md
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
INDEXES = frozenset({OCI_INDEX, DOCKER_LIST})
IMAGES = frozenset({OCI_MANIFEST, DOCKER_MANIFEST})
MEDIA_TYPES = INDEXES | IMAGES

DIGEST = re.compile(r"sha256:[a-f0-9]{64}")
_FOREIGN = ("application/vnd.docker.image.rootfs.foreign.", "application/vnd.oci.image.layer.nondistributable.")


class BadManifest(ValueError):
    """It is none, or lacks something; the text says what."""


class Manifest(NamedTuple):
    """`blobs` are the digests of the configuration and of the layers with their sizes, `images` those of an index.

    `kind` is the media type of the configuration, or what the artifact is called. `subject` is what the image is about, empty as a rule.
    """

    media_type: str
    kind: str
    blobs: dict[str, int]
    images: dict[str, int]
    subject: str
    annotations: dict[str, str]

    @property
    def size(self) -> int:
        """Bytes of what it is made of. Of an index it is not known from the manifest."""
        return sum(self.blobs.values())


def read(data: bytes, media_type: str | None = None) -> Manifest:
    """What a manifest says. `media_type` is what its sender calls it, for those that do not say so themselves. Raises BadManifest."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise BadManifest("Invalid JSON syntax") from None
    if not isinstance(document, dict):
        raise BadManifest("Invalid JSON syntax")
    if document.get("schemaVersion") != 2:
        raise BadManifest("Unsupported manifest schema version: only 2 is taken")
    own = document.get("mediaType")
    if own and media_type and own != media_type:
        raise BadManifest(f"Manifest media type '{own}' does not match '{media_type}'")
    name = own or media_type or (OCI_INDEX if "manifests" in document else OCI_MANIFEST)
    if name not in MEDIA_TYPES:
        raise BadManifest(f"Unsupported manifest media type '{name}'")
    return _index(document, name) if name in INDEXES else _image(document, name)


def _image(document: dict[str, Any], media_type: str) -> Manifest:
    config = _descriptor(document.get("config"), "config")
    layers = document.get("layers")
    if not isinstance(layers, list):
        raise BadManifest("Manifest has no layers")
    blobs = {config["digest"]: config["size"]}
    for each in layers:
        layer = _descriptor(each, "layers")
        # layers that may not be distributed lie elsewhere
        if not str(layer.get("mediaType", "")).startswith(_FOREIGN):
            blobs[layer["digest"]] = layer["size"]
    kind = str(document.get("artifactType") or config.get("mediaType") or "")
    return Manifest(media_type, kind, blobs, {}, _subject(document), _annotations(document))


def _index(document: dict[str, Any], media_type: str) -> Manifest:
    listed = document.get("manifests")
    if not isinstance(listed, list):
        raise BadManifest("Manifest list has no manifests")
    images = {each["digest"]: each["size"] for each in (_descriptor(one, "manifests") for one in listed)}
    kind = str(document.get("artifactType") or "")
    return Manifest(media_type, kind, {}, images, _subject(document), _annotations(document))


def _descriptor(given: Any, where: str) -> dict[str, Any]:
    if not isinstance(given, dict) or not DIGEST.fullmatch(str(given.get("digest"))):
        raise BadManifest(f"Invalid digest in '{where}'")
    if not isinstance(given.get("size"), int) or given["size"] < 0:
        raise BadManifest(f"Invalid size in '{where}'")
    return given


def _subject(document: dict[str, Any]) -> str:
    subject = document.get("subject")
    return "" if subject is None else str(_descriptor(subject, "subject")["digest"])


def _annotations(document: dict[str, Any]) -> dict[str, str]:
    given = document.get("annotations") or {}
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise BadManifest("Invalid annotations")
    return given
