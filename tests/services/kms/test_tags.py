"""Tags of keys."""

import pytest


def tags(kms, key):
    return {tag["TagKey"]: tag["TagValue"] for tag in kms.list_resource_tags(KeyId=key)["Tags"]}


def given(**values):
    return [{"TagKey": name, "TagValue": value} for name, value in values.items()]


def test_tags_go_round(kms, make_key):
    key = make_key(Tags=given(team="a"))["KeyId"]
    kms.tag_resource(KeyId=key, Tags=given(team="b", stage=""))
    assert tags(kms, key) == {"team": "b", "stage": ""}
    kms.untag_resource(KeyId=key, TagKeys=["team", "none"])
    assert tags(kms, key) == {"stage": ""}


def test_tags_are_listed_page_by_page(kms, make_key):
    key = make_key(Tags=[{"TagKey": str(number), "TagValue": "x"} for number in range(5)])["KeyId"]
    pages = list(kms.get_paginator("list_resource_tags").paginate(KeyId=key, PaginationConfig={"PageSize": 2}))
    assert [tag["TagKey"] for page in pages for tag in page["Tags"]] == ["0", "1", "2", "3", "4"]
    assert [page["Truncated"] for page in pages] == [True, True, False]


@pytest.mark.parametrize("names", [("a", "a"), ("aws:a",)])
def test_tags_that_cannot_be_are_refused(kms, key, refused, names):
    with refused("TagException"):
        kms.tag_resource(KeyId=key, Tags=[{"TagKey": name, "TagValue": "x"} for name in names])
    assert tags(kms, key) == {}


def test_a_key_has_up_to_fifty_tags(kms, key, refused):
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": str(number), "TagValue": "x"} for number in range(50)])
    with refused("LimitExceededException"):
        kms.tag_resource(KeyId=key, Tags=given(more="x"))
