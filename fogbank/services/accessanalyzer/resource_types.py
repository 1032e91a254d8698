"""AWS::AccessAnalyzer::Analyzer.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-accessanalyzer-analyzer.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.kernel.resource_types import Properties, ResourceType, pick, tag_changes, tag_list
from fogbank.services.accessanalyzer.service import service

Items = list[Any]

# members of a filter's criterion, in templates and in operations
_CRITERIA = {"Eq": "eq", "Neq": "neq", "Contains": "contains", "Exists": "exists"}


@service.resource_type
class AnalyzerType(ResourceType):
    name = "AWS::AccessAnalyzer::Analyzer"
    identifier = ("Arn",)
    required = frozenset({"Type"})
    create_only = frozenset({"AnalyzerName", "Type"})
    read_only = frozenset({"Arn"})
    missing = frozenset({"ResourceNotFoundException"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        given = {
            "analyzerName": properties.get("AnalyzerName") or f"Analyzer-{ctx.ids.hex(12)}",
            "type": properties["Type"],
            "tags": tag_list(properties),
            "configuration": _configuration(properties),
            "archiveRules": [_rule(rule) for rule in properties.get("ArchiveRules") or ()],
        }
        return str((await self.call(ctx, "CreateAnalyzer", given))["arn"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        subject = _subject(identifier)
        found = (await self.call(ctx, "GetAnalyzer", subject))["analyzer"]
        shown = {
            "Arn": identifier,
            "AnalyzerName": found["name"],
            "Type": found["type"],
            "Tags": [{"Key": key, "Value": value} for key, value in found["tags"].items()],
            "AnalyzerConfiguration": _shown_configuration(found.get("configuration")),
            "ArchiveRules": [
                _shown_rule(rule) for rule in await self._all(ctx, "ListArchiveRules", "archiveRules", subject)
            ],
        }
        return {name: value for name, value in shown.items() if value}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        if after.get("AnalyzerConfiguration") != before.get("AnalyzerConfiguration"):
            given = {**_subject(identifier), "configuration": _configuration(after)}
            await self.call(ctx, "UpdateAnalyzer", given)
        await self._set_rules(ctx, identifier, before, after)
        changed, gone = tag_changes(before, after)
        if changed:
            await self.call(ctx, "TagResource", {"resourceArn": identifier, "tags": changed})
        if gone:
            await self.call(ctx, "UntagResource", {"resourceArn": identifier, "tagKeys": gone})

    async def _set_rules(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        old, new = ({rule["RuleName"]: rule for rule in each.get("ArchiveRules") or ()} for each in (before, after))
        for name in old.keys() - new.keys():
            await self.call(ctx, "DeleteArchiveRule", {**_subject(identifier), "ruleName": name})
        for name, rule in new.items():
            if rule != old.get(name):
                operation = "UpdateArchiveRule" if name in old else "CreateArchiveRule"
                await self.call(ctx, operation, {**_subject(identifier), **_rule(rule)})

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteAnalyzer", _subject(identifier))

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [analyzer["arn"] for analyzer in await self._all(ctx, "ListAnalyzers", "analyzers", {})]

    async def _all(self, ctx: Context, operation: str, member: str, params: Properties) -> Items:
        """What a listing operation has on all of its pages."""
        page = await self.call(ctx, operation, params)
        found = list(page[member])
        while page.get("nextToken"):
            page = await self.call(ctx, operation, {**params, "nextToken": page["nextToken"]})
            found += page[member]
        return found


def _subject(identifier: str) -> Properties:
    return {"analyzerName": identifier.rpartition("/")[2]}


# -- archive rules, as templates and as operations have them


def _rule(rule: Properties) -> Properties:
    criteria = {
        each["Property"]: {_CRITERIA[name]: value for name, value in pick(each, *_CRITERIA).items()}
        for each in rule.get("Filter") or ()
    }
    return {"ruleName": rule["RuleName"], "filter": criteria}


def _shown_rule(rule: Properties) -> Properties:
    criteria = [
        {"Property": name, **{shown: each[member] for shown, member in _CRITERIA.items() if member in each}}
        for name, each in rule["filter"].items()
    ]
    return {"RuleName": rule["ruleName"], "Filter": criteria}


# -- configurations of analyzers of unused access; others have none


def _configuration(properties: Properties) -> Properties | None:
    given = properties.get("AnalyzerConfiguration")
    if given is None:
        return None
    unused = given.get("UnusedAccessConfiguration") or {}
    exclusions = (unused.get("AnalysisRule") or {}).get("Exclusions")
    wanted = {"unusedAccessAge": unused.get("UnusedAccessAge")}
    if exclusions is not None:
        wanted["analysisRule"] = {"exclusions": [_exclusion(each) for each in exclusions]}
    return {"unusedAccess": pick(wanted, *wanted)}


def _exclusion(given: Properties) -> Properties:
    wanted = {
        "accountIds": given.get("AccountIds"),
        "resourceTags": [tag_list({"Tags": tags}) for tags in given.get("ResourceTags") or ()],
    }
    return {name: value for name, value in wanted.items() if value}


def _shown_configuration(configuration: Properties | None) -> Properties | None:
    if configuration is None:
        return None
    unused = configuration["unusedAccess"]
    shown: Properties = {"UnusedAccessAge": unused["unusedAccessAge"]}
    if "analysisRule" in unused:
        shown["AnalysisRule"] = {
            "Exclusions": [_shown_exclusion(each) for each in unused["analysisRule"]["exclusions"]]
        }
    return {"UnusedAccessConfiguration": shown}


def _shown_exclusion(exclusion: Properties) -> Properties:
    tags = [
        [{"Key": key, "Value": value} for key, value in each.items()] for each in exclusion.get("resourceTags") or ()
    ]
    shown = {"AccountIds": exclusion.get("accountIds"), "ResourceTags": tags}
    return {name: value for name, value in shown.items() if value}
