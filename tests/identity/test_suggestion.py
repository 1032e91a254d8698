"""From what was done to the least policy that allows it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogbank.identity.decision import NO_POWERS, Guard, Powers, decide
from fogbank.identity.journal import Use, condense
from fogbank.identity.policy import Access, Policy
from fogbank.identity.principals import Principal
from fogbank.identity.suggestion import policy

HERE = "111122223333"
ADA = Principal(HERE, f"arn:aws:iam::{HERE}:user/ada", "user", "AIDA", name="ada")


@pytest.mark.parametrize(
    ("resources", "limit", "condensed"),
    [
        (["a:b/1", "a:b/2"], 2, ["a:b/1", "a:b/2"]),
        (["a:b/1", "a:b/2"], 1, ["a:b/*"]),
        (["a:b/1", "a:b/2", "a:c"], 2, ["a:c", "a:b/*"]),
        (["a:b/1", "a:b/*"], 9, ["a:b/*"]),
        (["a:b/c/1", "a:b/c/2", "a:b/d/1"], 1, ["a:b/*"]),
        (["a:x", "a:x"], 9, ["a:x"]),
        (["*", "a:x"], 9, ["*"]),
    ],
)
def test_many_resources_are_condensed_to_what_they_share(resources, limit, condensed):
    assert condense(resources, limit) == tuple(condensed)


names = st.text("ab/:", min_size=1, max_size=8)


@given(st.lists(names, max_size=12), st.integers(1, 5))
def test_condensing_forgets_nothing(resources, limit):
    condensed = condense(resources, limit)
    assert len(condensed) <= limit
    for resource in resources:
        assert any(resource == each or (each[-1] == "*" and resource.startswith(each[:-1])) for each in condensed)


def test_what_is_done_with_the_same_is_one_statement():
    uses = {
        "sqs:SendMessage": Use(0.0, "", ("arn:aws:sqs:us-east-1:1:q",)),
        "sqs:ReceiveMessage": Use(0.0, "", ("arn:aws:sqs:us-east-1:1:q",)),
        "sqs:ListQueues": Use(0.0, "", ("arn:aws:sqs:us-east-1:1:*",)),
    }
    assert policy(uses)["Statement"] == [
        {"Effect": "Allow", "Action": ["sqs:ListQueues"], "Resource": ["*"]},
        {
            "Effect": "Allow",
            "Action": ["sqs:ReceiveMessage", "sqs:SendMessage"],
            "Resource": ["arn:aws:sqs:us-east-1:1:q"],
        },
    ]


@given(
    st.dictionaries(
        st.sampled_from(["s3:GetObject", "s3:PutObject", "sqs:SendMessage", "sqs:ListQueues"]),
        st.lists(names, min_size=1, max_size=40),
        min_size=1,
    )
)
def test_the_suggestion_allows_what_was_done(done):
    uses = {action: Use(0.0, "", condense(resources, 20)) for action, resources in done.items()}
    powers = Powers(Policy(policy(uses)))
    for action, resources in done.items():
        for resource in resources:
            access = Access(ADA, action, resource)
            assert decide(access, powers, Guard(HERE)).allowed
            assert not decide(access, NO_POWERS, Guard(HERE)).allowed
