"""How management policies merge: AWS's own examples, and what holds for all of them.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_inheritance_mgmt.html
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fogbank.services.organizations.inheritance import merge

CONTROL = "@@operators_allowed_for_child_policies"


def cost(**settings):
    return {"tags": {"costcenter": settings}}


def project(**settings):
    return {"tags": {"project": settings}}


POLICY_A = cost(tag_key={"@@assign": "CostCenter"}, tag_value={"@@assign": ["Development", "Support"]})
ENFORCED = ["redshift:*", "dynamodb:table"]


def test_assigning_takes_the_place_of_what_is_inherited():
    policy_b = cost(
        tag_key={"@@assign": "CostCenter"}, tag_value={"@@assign": ["Sandbox"]}, enforced_for={"@@assign": ENFORCED}
    )
    expected = cost(tag_key="CostCenter", tag_value=["Sandbox"], enforced_for=ENFORCED)
    assert merge([[POLICY_A], [policy_b]]) == expected


def test_appending_adds_to_what_is_inherited():
    policy_c = cost(tag_value={"@@append": ["Marketing"]}, enforced_for={"@@append": ENFORCED})
    expected = cost(tag_key="CostCenter", tag_value=["Development", "Support", "Marketing"], enforced_for=ENFORCED)
    assert merge([[POLICY_A], [policy_c]]) == expected


def test_removing_takes_from_what_is_inherited():
    policy_c = cost(tag_value={"@@append": ["Marketing"]}, enforced_for={"@@append": ENFORCED})
    policy_d = cost(tag_value={"@@remove": ["Development", "Marketing"]}, enforced_for={"@@remove": ENFORCED})
    assert merge([[POLICY_A], [policy_c], [policy_d]]) == cost(tag_key="CostCenter", tag_value=["Support"])


def test_a_parent_restricts_what_children_may_do():
    policy_e = project(
        tag_key={CONTROL: ["@@none"], "@@assign": "Project"},
        tag_value={CONTROL: ["@@append"], "@@assign": ["Maintenance", "Escalations"]},
    )
    policy_f = project(tag_key={"@@assign": "PROJECT"}, tag_value={"@@append": ["Escalations - research"]})
    expected = project(tag_key="Project", tag_value=["Maintenance", "Escalations", "Escalations - research"])
    assert merge([[policy_e], [policy_f]]) == expected


def test_of_restrictions_at_the_same_level_all_count():
    policy_g = project(tag_value={CONTROL: ["@@append"], "@@assign": ["Maintenance"]})
    policy_h = project(tag_value={CONTROL: ["@@append", "@@remove"]})
    child = project(tag_value={"@@append": ["New"], "@@remove": ["Maintenance"]})
    assert merge([[policy_g, policy_h], [child]]) == project(tag_value=["Maintenance", "New"])


def test_of_policies_at_the_same_level_the_first_assigns():
    policy_j = project(tag_key={"@@assign": "PROJECT"}, tag_value={"@@append": ["Maintenance"]})
    policy_k = project(tag_key={"@@assign": "project"})
    assert merge([[policy_j, policy_k]]) == project(tag_key="PROJECT", tag_value=["Maintenance"])


def test_a_restriction_is_never_lifted():
    locked = project(tag_key={CONTROL: ["@@none"], "@@assign": "A"})
    unlocking = project(tag_key={CONTROL: ["@@all"]})
    assert merge([[locked], [unlocking], [project(tag_key={"@@assign": "B"})]]) == project(tag_key="A")


def test_a_restricted_container_takes_nothing_new_but_lets_change_what_it_has():
    root = {"services": {CONTROL: ["@@none"], "default": {"opt_out_policy": {"@@assign": "optOut"}}}}
    child = {
        "services": {
            "default": {"opt_out_policy": {"@@assign": "optIn"}},
            "lex": {"opt_out_policy": {"@@assign": "optIn"}},
        }
    }
    assert merge([[root], [child]]) == {"services": {"default": {"opt_out_policy": "optIn"}}}


def test_a_default_does_not_hinder_exceptions():
    root = {
        "services": {"default": {CONTROL: ["@@none"], "opt_out_policy": {CONTROL: ["@@none"], "@@assign": "optOut"}}}
    }
    child = {
        "services": {
            "default": {"opt_out_policy": {"@@assign": "optIn"}},
            "lex": {"opt_out_policy": {"@@assign": "optIn"}},
        }
    }
    expected = {"services": {"default": {"opt_out_policy": "optOut"}, "lex": {"opt_out_policy": "optIn"}}}
    assert merge([[root], [child]]) == expected


def test_policies_that_disagree_about_the_shape_do_no_harm():
    value = {"tags": {"a": {"@@assign": "x"}}}
    deeper = {"tags": {"a": {"b": {"@@assign": "y"}}}}
    assert merge([[value], [deeper]]) == {"tags": {"a": "x"}}
    assert merge([[deeper], [value]]) == {"tags": {"a": {"b": "y"}}}


# -- what holds for all

values = st.lists(st.sampled_from(["a", "b", "c", "d"]), unique=True)
setters = st.dictionaries(st.sampled_from(["@@assign", "@@append", "@@remove"]), values, max_size=2)
controls = st.lists(
    st.sampled_from(["@@assign", "@@append", "@@remove", "@@none", "@@all"]), min_size=1, max_size=2, unique=True
)


@st.composite
def policies(draw):
    node = dict(draw(setters))
    if draw(st.booleans()):
        node[CONTROL] = draw(controls)
    return {"tags": {draw(st.sampled_from(["x", "y"])): {"tag_value": node}}}


levels = st.lists(st.lists(policies(), max_size=3), max_size=4)


@given(levels)
def test_an_effective_policy_has_no_operators(given_levels):
    assert "@@" not in str(merge(given_levels))


@given(levels)
def test_a_level_without_policies_changes_nothing(given_levels):
    assert merge([*given_levels, []]) == merge([[], *given_levels]) == merge(given_levels)


@given(levels, policies())
def test_what_a_parent_locked_no_child_changes(given_levels, child):
    locked = {"tags": {"x": {"tag_value": {CONTROL: ["@@none"], "@@assign": ["kept"]}}}}
    merged = merge([[locked], *given_levels, [child]])
    assert merged["tags"]["x"]["tag_value"] == ["kept"]
