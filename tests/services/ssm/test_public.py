"""Public parameters: images, regions, services."""

from __future__ import annotations

import json
import re

import pytest

AL2023 = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
REGIONS = "/aws/service/global-infrastructure/regions"
SERVICES = "/aws/service/global-infrastructure/services"


def test_the_latest_image_of_amazon_linux_is_a_parameter(get):
    found = get(AL2023)
    assert re.fullmatch("ami-[0-9a-f]{17}", found["Value"])
    assert found["ARN"] == f"arn:aws:ssm:us-east-1::parameter{AL2023}"
    assert (found["DataType"], found["Type"]) == ("aws:ec2:image", "String")


def test_every_region_has_images_of_its_own(aws, get):
    there = aws("ssm", region="eu-west-1").get_parameter(Name=AL2023)["Parameter"]
    assert there["Value"] != get(AL2023)["Value"]


@pytest.mark.parametrize(
    "name",
    [
        "/aws/service/ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-gp2",
        "/aws/service/ami-windows-latest/Windows_Server-2022-English-Full-Base",
        "/aws/service/canonical/ubuntu/server/22.04/stable/current/amd64/hvm/ebs-gp2/ami-id",
        "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id",
        "/aws/service/eks/optimized-ami/1.31/amazon-linux-2023/x86_64/standard/recommended/image_id",
        "/aws/service/bottlerocket/aws-k8s-1.31/x86_64/latest/image_id",
    ],
)
def test_the_images_that_templates_ask_for_are_there(get, name):
    assert get(name)["Value"].startswith("ami-")


def test_the_recommended_image_is_described_as_json(get):
    name = "/aws/service/ecs/optimized-ami/amazon-linux-2/recommended"
    assert json.loads(get(name)["Value"])["image_id"] == get(f"{name}/image_id")["Value"]


def test_regions_are_parameters(ssm, get):
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=REGIONS)
    values = [found["Value"] for page in pages for found in page["Parameters"]]
    assert {"us-east-1", "eu-central-1", "cn-north-1"} <= set(values)
    assert get(f"{REGIONS}/eu-west-1/longName")["Value"] == "Europe (Ireland)"
    assert get(f"{REGIONS}/eu-west-1/partition")["Value"] == "aws"


def test_the_regions_of_a_service_are_parameters(ssm, get):
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=f"{SERVICES}/athena/regions")
    assert "us-east-1" in [found["Value"] for page in pages for found in page["Parameters"]]
    assert get(f"{SERVICES}/athena/regions/eu-west-1/endpoint")["Value"] == "athena.eu-west-1.amazonaws.com"


def test_a_family_of_images_is_listed(ssm):
    found = ssm.get_parameters_by_path(Path="/aws/service/list", MaxResults=10)["Parameters"]
    assert "ami-amazon-linux-latest" in [parameter["Value"] for parameter in found]


def test_public_parameters_are_read_with_others(ssm, put):
    put()
    answer = ssm.get_parameters(Names=[AL2023, "/app/db", "/aws/service/nothing"])
    assert [found["Name"] for found in answer["Parameters"]] == ["/app/db", AL2023]
    assert answer["InvalidParameters"] == ["/aws/service/nothing"]


def test_a_public_parameter_that_is_not_there_is_not_found(get, refused):
    with refused("ParameterNotFound"):
        get("/aws/service/ami-amazon-linux-latest/nothing")


def test_public_parameters_are_not_described_among_ones_own(ssm):
    assert ssm.describe_parameters()["Parameters"] == []


def test_nobody_writes_a_public_parameter(ssm, refused):
    with refused("AccessDeniedException", "No access to reserved parameter name"):
        ssm.put_parameter(Name=AL2023, Value="x", Type="String", Overwrite=True)
