"""Lifecycle policies: their language, previews, and what they do as time goes by."""

import json

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from fogbank.services.ecr.lifecycle_rules import Candidate, Rule, decide

DAY = 86400


def code(error):
    return error.value.response["Error"]["Code"]


def rule(priority=1, action="expire", **selection):
    chosen = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1, **selection}
    target = {"targetStorageClass": "archive"} if action == "transition" else {}
    return {"rulePriority": priority, "description": "", "selection": chosen, "action": {"type": action, **target}}


def policy(*rules):
    return json.dumps({"rules": rules}, indent=4)


def tags(ecr, repository="app"):
    found = ecr.describe_images(repositoryName=repository)["imageDetails"]
    return sorted(tag for each in found for tag in each.get("imageTags", ["-"]))


def push_all(registry, make_container, clock, *names):
    for name in names:
        registry.push("app", make_container(name), name)
        clock.advance(seconds=10)


def test_only_so_many_images_stay(ecr, registry, repository, make_container, clock):
    push_all(registry, make_container, clock, "a", "b", "c")
    ecr.put_lifecycle_policy(repositoryName=repository, lifecyclePolicyText=policy(rule(countNumber=2)))
    clock.advance(seconds=1)
    assert tags(ecr) == ["b", "c"]


def test_images_expire_with_age(ecr, registry, repository, make_container, clock):
    old = rule(
        tagStatus="tagged", tagPatternList=["dev*"], countType="sinceImagePushed", countUnit="days", countNumber=7
    )
    ecr.put_lifecycle_policy(repositoryName=repository, lifecyclePolicyText=policy(old))
    push_all(registry, make_container, clock, "dev-1", "prod-1")
    clock.advance(days=6)
    assert tags(ecr) == ["dev-1", "prod-1"]
    clock.advance(days=2)
    assert tags(ecr) == ["prod-1"]
    evaluated = ecr.get_lifecycle_policy(repositoryName=repository)["lastEvaluatedAt"]
    assert evaluated.year >= 2024


def test_images_are_archived_when_nobody_pulls_them(ecr, registry, repository, make_container, clock):
    idle = rule(action="transition", countType="sinceImagePulled", countUnit="days", countNumber=30)
    gone = rule(2, storageClass="archive", countType="sinceImageTransitioned", countUnit="days", countNumber=90)
    ecr.put_lifecycle_policy(repositoryName=repository, lifecyclePolicyText=policy(idle, gone))
    push_all(registry, make_container, clock, "a")
    clock.advance(days=32)
    (image,) = ecr.describe_images(repositoryName=repository, filter={"imageStatus": "ANY"})["imageDetails"]
    assert image["imageStatus"] == "ARCHIVED"
    clock.advance(days=92)
    assert ecr.describe_images(repositoryName=repository, filter={"imageStatus": "ANY"})["imageDetails"] == []


def test_a_preview_tells_and_does_nothing(ecr, registry, repository, make_container, clock):
    push_all(registry, make_container, clock, "a", "b")
    text = policy(rule(priority=7))
    started = ecr.start_lifecycle_policy_preview(repositoryName=repository, lifecyclePolicyText=text)
    assert started["status"] == "IN_PROGRESS"
    with pytest.raises(ClientError) as error:
        ecr.start_lifecycle_policy_preview(repositoryName=repository, lifecyclePolicyText=text)
    assert code(error) == "LifecyclePolicyPreviewInProgressException"
    clock.advance(seconds=2)
    preview = ecr.get_lifecycle_policy_preview(repositoryName=repository)
    (result,) = preview["previewResults"]
    assert (preview["status"], preview["summary"]["expiringImageTotalCount"]) == ("COMPLETE", 1)
    assert (result["imageTags"], result["appliedRulePriority"], result["action"]) == (["a"], 7, {"type": "EXPIRE"})
    assert tags(ecr) == ["a", "b"]


def test_without_a_preview_there_is_none(ecr, repository):
    with pytest.raises(ClientError) as error:
        ecr.get_lifecycle_policy_preview(repositoryName=repository)
    assert code(error) == "LifecyclePolicyPreviewNotFoundException"


def test_a_policy_that_was_deleted_does_nothing(ecr, aws, registry, repository, make_container, clock):
    old = rule(countType="sinceImagePushed", countUnit="days", countNumber=1)
    ecr.put_lifecycle_policy(repositoryName=repository, lifecyclePolicyText=policy(old))
    ecr.delete_lifecycle_policy(repositoryName=repository)
    push_all(registry, make_container, clock, "a")
    clock.advance(days=5)
    assert tags(ecr) == ["a"]
    with pytest.raises(ClientError) as error:
        ecr.get_lifecycle_policy(repositoryName=repository)
    message = (
        f"Lifecycle policy does not exist for the repository with name 'app' in the registry with id '{aws.account}'"
    )
    assert error.value.response["Error"] == {"Code": "LifecyclePolicyNotFoundException", "Message": message}


@pytest.mark.parametrize(
    "text",
    [
        "x" * 100,
        json.dumps({"rules": [], "padding": "x" * 100}),
        policy(rule(countNumber=0)),
        policy(rule(tagStatus="some")),
        policy(rule(tagStatus="tagged")),
        policy(rule(tagPrefixList=["a"])),
        policy(rule(countType="sinceImagePushed")),
        policy(rule(countUnit="days")),
        policy(rule(1), rule(1)),
        policy(rule(1), rule(2, tagStatus="untagged")),
        policy(rule(1, tagStatus="untagged"), rule(2, tagStatus="untagged")),
        policy(rule(tagStatus="tagged", tagPatternList=["*a*b*c*d*"])),
        policy(rule(action="transition", storageClass="archive")),
    ],
)
def test_a_policy_that_is_none_is_refused(ecr, repository, text):
    with pytest.raises(ClientError) as error:
        ecr.put_lifecycle_policy(repositoryName=repository, lifecyclePolicyText=text)
    assert code(error) == "InvalidParameterException"
    assert "Lifecycle policy validation failure" in str(error.value)


# -- deciding


def image(digest, *tags, age=0.0, is_held=False):
    return Candidate(digest, tags, -age * DAY, 0.0, 0.0, False, is_held)


def more_than(priority, number, *patterns, status=""):
    status = status or ("tagged" if patterns else "any")
    return Rule(priority, status, patterns, "imageCountMoreThan", number, "standard", "expire")


def test_a_rule_keeps_what_it_selects_from_those_after_it():
    """The example of AWS: https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_examples.html"""
    images = [
        image("A", "beta-1", "prod-1", age=10),
        image("B", "beta-2", "prod-2", age=9),
        image("C", "beta-3", age=8),
    ]
    verdicts = decide([more_than(1, 1, "prod*"), more_than(2, 1, "beta*")], images, 0.0)
    assert [(each.digest, each.priority) for each in verdicts] == [("A", 1)]


def test_all_patterns_have_to_fit():
    images = [image("A", "alpha", age=2), image("B", "alpha", "beta", age=1), image("C", "alpha", "beta")]
    assert [each.digest for each in decide([more_than(1, 1, "alpha*", "beta*")], images, 0.0)] == ["B"]


def test_what_an_index_has_is_kept():
    images = [image("A", age=2, is_held=True), image("B", age=1), image("C")]
    assert [each.digest for each in decide([more_than(1, 1)], images, 0.0)] == ["B"]


_IMAGES = st.lists(st.builds(image, st.uuids().map(str), st.sampled_from("abc"), age=st.integers(0, 50)), max_size=12)
_RULES = st.lists(st.tuples(st.integers(1, 5), st.sampled_from(["a*", "b*", "*"])), max_size=4)


@given(_IMAGES, _RULES)
def test_each_image_gets_one_verdict_at_most_and_the_newest_stay(images, chosen):
    rules = [more_than(index, number, pattern) for index, (number, pattern) in enumerate(chosen, 1)]
    verdicts = decide(rules, images, 0.0)
    assert len({each.digest for each in verdicts}) == len(verdicts)
    gone = {each.digest for each in verdicts}
    for each in rules:
        selected = [one for one in images if each.selects(one)]
        assert sum(one.digest not in gone for one in selected) >= min(each.number, len(selected)) - len(gone)
