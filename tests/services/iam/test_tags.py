"""Tags of whatever has them."""

import pytest


@pytest.fixture(params=["user", "role", "policy", "instance_profile"])
def tagged(request, iam, make_user, make_role, make_policy):
    """Calls a tag operation on something: `tagged("tag_{}", Tags=...)`."""
    if request.param == "policy":
        subject = {"PolicyArn": make_policy("x")}
    elif request.param == "instance_profile":
        iam.create_instance_profile(InstanceProfileName="x")
        subject = {"InstanceProfileName": "x"}
    else:
        {"user": make_user, "role": make_role}[request.param]("x")
        subject = {f"{request.param.capitalize()}Name": "x"}

    def call(operation, **params):
        return getattr(iam, operation.format(request.param))(**subject, **params)

    call.tags = lambda: {tag["Key"]: tag["Value"] for tag in call("list_{}_tags")["Tags"]}
    return call


def tags(**values):
    return [{"Key": key, "Value": value} for key, value in values.items()]


def test_tags_are_added_replaced_and_removed(tagged):
    tagged("tag_{}", Tags=tags(a="1", b="1"))
    tagged("tag_{}", Tags=tags(b="2", c=""))
    tagged("untag_{}", TagKeys=["a", "nothing"])
    assert tagged.tags() == {"b": "2", "c": ""}


def test_keys_are_the_same_in_any_case_and_shown_as_last_spelled(tagged):
    tagged("tag_{}", Tags=tags(Team="a"))
    tagged("tag_{}", Tags=tags(TEAM="b"))
    assert tagged.tags() == {"TEAM": "b"}
    tagged("untag_{}", TagKeys=["team"])
    assert tagged.tags() == {}


def test_a_key_that_comes_twice_is_refused(tagged, refused):
    with refused("InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive."):
        tagged("tag_{}", Tags=[*tags(a="1"), *tags(A="2")])


def test_fifty_tags_is_the_most(tagged, refused):
    tagged("tag_{}", Tags=tags(**{f"k{number}": "v" for number in range(50)}))
    tagged("tag_{}", Tags=tags(k1="again"))
    with refused("LimitExceeded"):
        tagged("tag_{}", Tags=tags(more="v"))


def test_keys_of_aws_are_refused(tagged, refused):
    with refused("InvalidInput"):
        tagged("tag_{}", Tags=[{"Key": "aws:x", "Value": "y"}])


@pytest.mark.parametrize("tag", [{"Key": "k" * 129, "Value": "v"}, {"Key": "a$", "Value": "v"}])
def test_keys_have_a_length_and_certain_characters(iam, make_user, refused, tag):
    make_user()
    with refused("ValidationError"):
        iam.tag_user(UserName="user", Tags=[tag])


def test_tags_come_in_pages(tagged):
    tagged("tag_{}", Tags=tags(a="1", b="2", c="3"))
    first = tagged("list_{}_tags", MaxItems=2)
    assert [tag["Key"] for tag in first["Tags"]] == ["a", "b"]
    second = tagged("list_{}_tags", MaxItems=2, Marker=first["Marker"])
    assert [tag["Key"] for tag in second["Tags"]] == ["c"]
    assert second["IsTruncated"] is False


def test_a_user_is_created_with_tags(iam, make_user):
    assert make_user(Tags=tags(a="1"))["Tags"] == tags(a="1")
    assert iam.list_user_tags(UserName="user")["Tags"] == tags(a="1")
