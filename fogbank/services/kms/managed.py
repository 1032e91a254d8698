"""AWS managed keys: the keys behind the aliases that begin with `alias/aws/`, made when they are first used.

Their policies let everyone of the account use them through the service that they are for, and look at them otherwise.
https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-key
"""

from __future__ import annotations

import json

from fogbank.kernel import Context
from fogbank.services.kms import limits, specs
from fogbank.services.kms.key import (
    BY_KMS,
    ENABLED,
    Key,
    Rotation,
    keys,
    put_material,
    sealed_material,
)
from fogbank.services.kms.key_pairs import generate
from fogbank.services.kms.references import Alias, Target, aliases

PREFIX = "aws/"

# What each key protects, as its description says, and the service that uses it where the alias is not its name.
_PROTECTED = {
    "acm": "ACM private keys",
    "backup": "Backup data",
    "cloud9": "Cloud9 data",
    "codeartifact": "CodeArtifact data",
    "codebuild": "CodeBuild data",
    "codecommit": "CodeCommit repositories",
    "dms": "DMS data",
    "dynamodb": "DynamoDB data",
    "ebs": "EBS volumes",
    "elasticfilesystem": "EFS filesystems",
    "es": "Elasticsearch data",
    "fsx": "FSx resources",
    "glue": "Glue data",
    "kafka": "MSK data",
    "kinesis": "Kinesis streams",
    "kinesisvideo": "Kinesis Video Streams",
    "lambda": "Lambda functions",
    "lex": "Lex data",
    "rds": "RDS database volumes",
    "redshift": "Redshift clusters",
    "s3": "S3 objects",
    "secretsmanager": "Secrets Manager data",
    "ses": "SES data",
    "sns": "SNS data",
    "sqs": "SQS messages",
    "ssm": "SSM parameters",
    "timestream": "Timestream data",
    "workspaces": "WorkSpaces volumes",
    "xray": "X-Ray data",
}
_SERVICES = {"ebs": "ec2"}

# Aliases that every account has from the beginning, before there is a key behind them.
PREDEFINED = tuple(
    f"{PREFIX}{name}"
    for name in (
        "acm",
        "dynamodb",
        "ebs",
        "elasticfilesystem",
        "es",
        "glue",
        "kinesisvideo",
        "lambda",
        "rds",
        "redshift",
        "s3",
        "ssm",
        "xray",
    )
)


async def make(ctx: Context, alias: str) -> Target | None:
    """The key of an alias of AWS's in the context's scope, new; None when AWS has no such alias."""
    name = alias.removeprefix(PREFIX)
    if name not in _PROTECTED:
        return None
    key_id, material = ctx.ids.uuid(), generate(specs.SPECS[specs.SYMMETRIC])
    first = await sealed_material(ctx, key_id, 1, material)
    due = ctx.now() + limits.ROTATION_DAYS * limits.DAY
    key = Key(
        key_id,
        specs.SYMMETRIC,
        specs.ENCRYPT,
        BY_KMS,
        "AWS",
        ctx.now(),
        ENABLED,
        _policy(ctx, name),
        f"Default key that protects my {_PROTECTED[name]} when no other key is defined",
        aliases=(alias,),
        material=first.id,
        rotation=Rotation(limits.ROTATION_DAYS, due),
    )
    keys.put(ctx, key, key_id)
    put_material(ctx, key_id, first)
    aliases.put(ctx, Alias(alias, key_id, ctx.now(), ctx.now()), alias)
    await ctx.schedule("rotate", {"key": key_id}, at=due, key=key_id)
    return Target(ctx, key, alias)


def _policy(ctx: Context, name: str) -> str:
    through = f"{_SERVICES.get(name, name)}.{ctx.region}.amazonaws.com"
    condition = {"StringEquals": {"kms:CallerAccount": ctx.account, "kms:ViaService": through}}
    use = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:DescribeKey"]
    look = ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"]
    statements = [
        {
            "Sid": f"Allow access through {name} for all principals in the account that are authorized to use {name}",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": use,
            "Resource": "*",
            "Condition": condition,
        },
        {
            "Sid": "Allow direct access to key metadata to the account",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:{ctx.partition}:iam::{ctx.account}:root"},
            "Action": look,
            "Resource": "*",
        },
    ]
    return json.dumps({"Version": "2012-10-17", "Id": f"auto-{name}-1", "Statement": statements})
