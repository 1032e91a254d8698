"""Public parameters: those that AWS itself publishes under /aws/service.

Regions and services come from botocore's data, made into parameters on the first question about them. Images are those that
`public_images` names. https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-finding-public-parameters.html
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from typing import Any

import orjson

from fogbank.services.ssm import public_images
from fogbank.services.ssm.names import PUBLIC, is_below

VERSION = 1
PUBLISHED = 1_735_689_600.0
"""When all of them were last changed: the beginning of 2025, in epoch seconds."""

_INFRASTRUCTURE = f"{PUBLIC}global-infrastructure"
_PARTITIONS = ("aws", "aws-cn", "aws-us-gov")


class _Book:
    """Parameters in the order of their names."""

    def __init__(self, values: dict[str, str]) -> None:
        self.values = values
        self.names = sorted(values)

    def below(self, prefix: str, recursive: bool, after: str) -> Iterator[tuple[str, str]]:
        for index in range(bisect_right(self.names, max(prefix, after)), len(self.names)):
            name = self.names[index]
            if not name.startswith(prefix):
                return
            if is_below(name, prefix, recursive):
                yield name, self.values[name]


def value_of(region: str, name: str) -> str | None:
    """The value of a public parameter in a region, or None."""
    return _book(region, name).values.get(name)


def below(region: str, prefix: str, recursive: bool, after: str, limit: int) -> list[tuple[str, str]]:
    """The first `limit` (name, value) under the path `prefix` (`/aws/service/a/`) after the name `after`."""
    found: list[tuple[str, str]] = []
    books = [_book(region, prefix)] if prefix != PUBLIC else [_images(region), _infrastructure()]
    for book in books:
        for row in book.below(prefix, recursive, after):
            if len(found) == limit:
                return found
            found.append(row)
    return found


def data_type(value: str) -> str:
    return "aws:ec2:image" if value.startswith("ami-") else "text"


def _book(region: str, name: str) -> _Book:
    return _infrastructure() if name.startswith(f"{_INFRASTRUCTURE}/") else _images(region)


@cache
def _images(region: str) -> _Book:
    return _Book(public_images.parameters(region))


# -- regions and services


@cache
def _infrastructure() -> _Book:
    return _Book({f"{_INFRASTRUCTURE}/{name}": value for name, value in _facts(_endpoints())})


def _endpoints() -> dict[str, Any]:
    spec = find_spec("botocore")
    assert spec is not None and spec.origin is not None
    with open(os.path.join(os.path.dirname(spec.origin), "data", "endpoints.json"), "rb") as file:
        return orjson.loads(file.read())


def _facts(endpoints: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for partition in endpoints["partitions"]:
        if partition["partition"] in _PARTITIONS:
            yield from _of_regions(partition)
            yield from _of_services(partition)


def _of_regions(partition: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for region, about in partition["regions"].items():
        yield f"regions/{region}", region
        yield f"regions/{region}/longName", about["description"]
        yield f"regions/{region}/domain", partition["dnsSuffix"]
        yield f"regions/{region}/partition", partition["partition"]
        if country := _COUNTRIES.get(region):
            yield f"regions/{region}/geolocationCountry", country


def _of_services(partition: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for service, about in partition["services"].items():
        yield f"services/{service}", service
        for region, endpoint in about.get("endpoints", {}).items():
            if region not in partition["regions"]:
                continue  # pseudo-regions and FIPS endpoints
            host = endpoint.get("hostname", f"{service}.{region}.{partition['dnsSuffix']}")
            for path, value in (
                (f"services/{service}/regions/{region}", region),
                (f"regions/{region}/services/{service}", service),
            ):
                yield path, value
                yield f"{path}/endpoint", host
                yield f"{path}/protocols", "HTTPS"


_COUNTRIES = {
    "af-south-1": "ZA",
    "ap-east-1": "HK",
    "ap-east-2": "TW",
    "ap-northeast-1": "JP",
    "ap-northeast-2": "KR",
    "ap-northeast-3": "JP",
    "ap-south-1": "IN",
    "ap-south-2": "IN",
    "ap-southeast-1": "SG",
    "ap-southeast-2": "AU",
    "ap-southeast-3": "ID",
    "ap-southeast-4": "AU",
    "ap-southeast-5": "MY",
    "ap-southeast-6": "NZ",
    "ap-southeast-7": "TH",
    "ca-central-1": "CA",
    "ca-west-1": "CA",
    "cn-north-1": "CN",
    "cn-northwest-1": "CN",
    "eu-central-1": "DE",
    "eu-central-2": "CH",
    "eu-north-1": "SE",
    "eu-south-1": "IT",
    "eu-south-2": "ES",
    "eu-west-1": "IE",
    "eu-west-2": "GB",
    "eu-west-3": "FR",
    "il-central-1": "IL",
    "me-central-1": "AE",
    "me-south-1": "BH",
    "mx-central-1": "MX",
    "sa-east-1": "BR",
    "us-east-1": "US",
    "us-east-2": "US",
    "us-gov-east-1": "US",
    "us-gov-west-1": "US",
    "us-west-1": "US",
    "us-west-2": "US",
}
