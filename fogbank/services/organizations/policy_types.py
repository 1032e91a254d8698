"""The types of policies: what each allows, as data.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies.html and orgs_reference_limits.html. Authorization policies
(SCPs, RCPs) are written in the language of IAM; management policies are JSON with inheritance operators, see `inheritance`.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

Language = Literal["identity", "resource", "management"]


class Default(msgspec.Struct, frozen=True):
    """AWS's policy of a type, which is attached everywhere to begin with."""

    id: str
    name: str
    description: str
    content: str


class PolicyType(msgspec.Struct, frozen=True):
    """One type.

    size       characters that a document may have
    attached   how many may be attached to one target
    number     how many an organization may have
    language   of its documents
    element    the one element that a management policy's document has; empty where any is taken
    assign     only @@assign may be used in it
    service    the principal that needs access before the type can be enabled
    default    AWS's policy of the type
    """

    name: str
    size: int = 10_000
    attached: int = 10
    number: int = 1_000
    language: Language = "management"
    element: str = ""
    assign: bool = False
    service: str = ""
    default: Default | None = None

    @property
    def in_arns(self) -> str:
        return self.name.lower()

    @property
    def must_stay(self) -> bool:
        """Whether a target always has a policy of this type."""
        return self.name == "SERVICE_CONTROL_POLICY"


_FULL_ACCESS = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
_FULL_RESOURCE_ACCESS = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}'
)

SCP: Final = PolicyType(
    "SERVICE_CONTROL_POLICY",
    size=5_120,
    attached=5,
    number=10_000,
    language="identity",
    default=Default("p-FullAWSAccess", "FullAWSAccess", "Allows access to every operation", _FULL_ACCESS),
)
RCP: Final = PolicyType(
    "RESOURCE_CONTROL_POLICY",
    size=5_120,
    attached=5,
    language="resource",
    default=Default("p-RCPFullAWSAccess", "RCPFullAWSAccess", "Allows access to every resource", _FULL_RESOURCE_ACCESS),
)

TYPES: Final = {
    kind.name: kind
    for kind in (
        SCP,
        RCP,
        PolicyType("TAG_POLICY", element="tags"),
        PolicyType("BACKUP_POLICY", element="plans"),
        PolicyType("AISERVICES_OPT_OUT_POLICY", size=2_500, attached=5, element="services", assign=True),
        PolicyType("CHATBOT_POLICY", attached=5, element="chatbot"),
        PolicyType("DECLARATIVE_POLICY_EC2", element="ec2_attributes"),
        PolicyType("SECURITYHUB_POLICY", element="securityhub", service="securityhub.amazonaws.com"),
        PolicyType("SECURITYHUB_CSPM_POLICY"),
        PolicyType("INSPECTOR_POLICY", element="inspector", service="inspector2.amazonaws.com"),
        PolicyType("UPGRADE_ROLLOUT_POLICY", element="upgrade_rollout"),
        PolicyType("BEDROCK_POLICY", element="bedrock"),
        PolicyType("S3_POLICY", element="s3_attributes"),
        PolicyType("NETWORK_SECURITY_DIRECTOR_POLICY"),
        PolicyType("GUARDDUTY_POLICY"),
    )
}
AUTHORIZATION: Final = frozenset({SCP.name, RCP.name})
