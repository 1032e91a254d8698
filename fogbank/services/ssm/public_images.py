"""The public parameters that name machine images, by region. Pure.

The id of an image follows from its region and name, so that whoever knows these knows the id: see `image_id`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from itertools import product

_BOTH = ("x86_64", "arm64")
_KUBERNETES = ("1.29", "1.30", "1.31", "1.32", "1.33", "1.34")


def image_id(region: str, image: str) -> str:
    """The id of an image, by the name that its parameter has under /aws/service."""
    return f"ami-0{hashlib.sha256(f'{region} {image}'.encode()).hexdigest()[:16]}"


def parameters(region: str) -> dict[str, str]:
    """All parameters about images in a region, and the list of their families."""
    found = {f"/aws/service/{name}": value for name, value in _all(region)}
    families = sorted({name.split("/")[3] for name in found})
    return found | {f"/aws/service/list/{family}": family for family in families}


def _all(region: str) -> Iterator[tuple[str, str]]:
    for image in (*_amazon_linux(), *_windows(), *_ubuntu(), *_debian()):
        yield image, image_id(region, image)
    for image in _bottlerocket():
        yield f"{image}/latest/image_id", image_id(region, image)
    for image in (*_ecs(), *_eks()):
        about = _recommended(region, image)
        yield f"{image}/recommended", json.dumps(about)
        for key, value in about.items():
            yield f"{image}/recommended/{key}", value


def _recommended(region: str, image: str) -> dict[str, str]:
    return {"image_id": image_id(region, image), "image_name": image.replace("/", "-"), "schema_version": "1"}


def _amazon_linux() -> Iterator[str]:
    family = "ami-amazon-linux-latest"
    for kind, kernel, architecture in product(("", "minimal-"), ("default", "6.1", "6.12"), _BOTH):
        yield f"{family}/al2023-ami-{kind}kernel-{kernel}-{architecture}"
    for kernel, architecture in product(("", "kernel-5.10-"), _BOTH):
        yield f"{family}/amzn2-ami-{kernel}hvm-{architecture}-gp2"
    for kernel in ("", "kernel-5.10-"):
        yield f"{family}/amzn2-ami-{kernel}hvm-x86_64-ebs"
    for architecture in _BOTH:
        yield f"{family}/amzn2-ami-minimal-hvm-{architecture}-ebs"
    for volume in ("ebs", "gp2", "s3"):
        yield f"{family}/amzn-ami-hvm-x86_64-{volume}"


def _windows() -> Iterator[str]:
    for year, kind in product((2016, 2019, 2022, 2025), ("Core-Base", "Full-Base", "Full-SQL_2019_Standard")):
        yield f"ami-windows-latest/Windows_Server-{year}-English-{kind}"


def _ubuntu() -> Iterator[str]:
    volumes = {"20.04": "gp2", "22.04": "gp2", "24.04": "gp3", "focal": "gp2", "jammy": "gp2", "noble": "gp3"}
    for kind, release, architecture in product(("server", "server-minimal"), volumes, ("amd64", "arm64")):
        yield f"canonical/ubuntu/{kind}/{release}/stable/current/{architecture}/hvm/ebs-{volumes[release]}/ami-id"


def _debian() -> Iterator[str]:
    for release, architecture in product((11, 12, 13), ("amd64", "arm64")):
        yield f"debian/release/{release}/latest/{architecture}"


def _bottlerocket() -> Iterator[str]:
    variants = ("aws-ecs-1", "aws-ecs-2", *(f"aws-k8s-{version}" for version in _KUBERNETES))
    for variant, architecture in product(variants, _BOTH):
        yield f"bottlerocket/{variant}/{architecture}"


def _ecs() -> Iterator[str]:
    for system in ("amazon-linux-2", "amazon-linux-2023"):
        for kind in ("", "/arm64", "/gpu", "/inf" if system == "amazon-linux-2" else "/neuron"):
            yield f"ecs/optimized-ami/{system}{kind}"


def _eks() -> Iterator[str]:
    for version in _KUBERNETES:
        for kind in ("", "-arm64", "-gpu"):
            yield f"eks/optimized-ami/{version}/amazon-linux-2{kind}"
        for architecture in _BOTH:
            yield f"eks/optimized-ami/{version}/amazon-linux-2023/{architecture}/standard"
        for accelerator in ("nvidia", "neuron"):
            yield f"eks/optimized-ami/{version}/amazon-linux-2023/x86_64/{accelerator}"
