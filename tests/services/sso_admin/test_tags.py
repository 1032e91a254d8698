from __future__ import annotations

import pytest

from tests.services.sso.conftest import center, code_of

__all__ = ["center"]


@pytest.fixture(params=["instance", "permission set"])
def tagged(center, request):
    return center.instance if request.param == "instance" else center.permission_set()


def tags(center, arn):
    return center.admin.list_tags_for_resource(InstanceArn=center.instance, ResourceArn=arn)["Tags"]


def test_tags_come_and_go(center, tagged):
    named = {"InstanceArn": center.instance, "ResourceArn": tagged}
    center.admin.tag_resource(**named, Tags=[{"Key": "team", "Value": "a"}, {"Key": "env", "Value": "test"}])
    assert tags(center, tagged) == [{"Key": "env", "Value": "test"}, {"Key": "team", "Value": "a"}]
    center.admin.untag_resource(**named, TagKeys=["team"])
    assert tags(center, tagged) == [{"Key": "env", "Value": "test"}]


def test_reserved_tag_is_refused(center, tagged):
    given = [{"Key": "aws:team", "Value": "a"}]
    assert code_of(center.admin.tag_resource, ResourceArn=tagged, Tags=given) == "ValidationException"
