"""Whether tags are as the account's effective tag policy wants them.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_tag-policies.html
"""

from __future__ import annotations

from typing import Any

import orjson

from fogbank.identity.principals import root
from fogbank.kernel import AWSError, Context

Policy = dict[str, Any]
Tags = dict[str, str]


async def policy_of(ctx: Context) -> Policy | None:
    """The rules by lower-case key, `{"tag_key": "CostCenter", "tag_value": ["a", "b*"]}`; None where there is no policy."""
    asking = ctx.at()
    asking.principal = root(ctx.account)
    try:
        found = await asking.transact(_effective, asking)
    except AWSError:
        return None  # no organization, or none with such a policy
    rules = orjson.loads(found["EffectivePolicy"]["PolicyContent"]).get("tags", {})
    return {key.lower(): rule for key, rule in rules.items()}


async def _effective(ctx: Context) -> dict[str, Any]:
    request = {"PolicyType": "TAG_POLICY", "TargetId": ctx.account}
    return await ctx.call("organizations", "DescribeEffectivePolicy", request, as_caller=True)


def details(policy: Policy | None, tags: Tags) -> dict[str, Any]:
    """ComplianceDetails: keys that are spelled otherwise than the policy has them, and keys with values that it does not have."""
    spelled, valued = [], []
    for key, value in tags.items():
        rule = (policy or {}).get(key.lower())
        if rule is None:
            continue
        if rule.get("tag_key", key) != key:
            spelled.append(key)
        if rule.get("tag_value") and not any(_fits(value, each) for each in rule["tag_value"]):
            valued.append(key)
    return {
        "NoncompliantKeys": spelled,
        "KeysWithNoncompliantValues": valued,
        "ComplianceStatus": not spelled and not valued,
    }


def _fits(value: str, wanted: str) -> bool:
    """A `*` at the end stands for anything."""
    return value.startswith(wanted[:-1]) if wanted.endswith("*") else value == wanted
