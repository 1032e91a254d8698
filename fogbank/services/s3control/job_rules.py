"""What a job may be asked to do. https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-create-job.html"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.kernel.errors import not_implemented
from fogbank.services.s3control import errors

Request = dict[str, Any]

TAGS = 50

# Operations of a job: the service and the operation that each needs.
_NEEDS = {
    "LambdaInvoke": ("lambda", "Invoke"),
    "S3PutObjectCopy": ("s3", "CopyObject"),
    "S3PutObjectAcl": ("s3", "PutObjectAcl"),
    "S3PutObjectTagging": ("s3", "PutObjectTagging"),
    "S3ReplicateObject": ("s3", "PutBucketReplication"),
    "S3DeleteObjectTagging": ("s3", "DeleteObjectTagging"),
    "S3InitiateRestoreObject": ("s3", "RestoreObject"),
    "S3PutObjectLegalHold": ("s3", "PutObjectLegalHold"),
    "S3PutObjectRetention": ("s3", "PutObjectRetention"),
    "S3UpdateObjectEncryption": ("s3", "UpdateObjectEncryption"),
    "S3ComputeObjectChecksum": ("s3", "GetObject"),
}
_CSV = "S3BatchOperations_CSV_20180820"


def check(ctx: Context, request: Request) -> None:
    """Raise InvalidRequest for a job that makes no sense, NotImplemented for one that needs what Fogbank lacks."""
    operation = {name: value for name, value in request["Operation"].items() if value is not None}
    if len(operation) != 1:
        raise errors.invalid_request("Exactly one operation must be specified.")
    _check_operation(ctx, *next(iter(operation.items())))
    _check_manifest(request)
    _check_report(request["Report"])


def _check_operation(ctx: Context, name: str, asked: Request) -> None:
    if name not in _NEEDS:
        raise not_implemented("s3control", f"CreateJob with {name}")
    service_name, needed = _NEEDS[name]
    service = ctx.app.services.get(service_name)
    if service is None or _snake(needed) not in service.operations:
        raise not_implemented(service_name, needed)
    if name == "S3PutObjectCopy" and not asked.get("TargetResource"):
        raise errors.invalid_request("TargetResource must be specified.")
    if name == "LambdaInvoke" and not asked.get("FunctionArn"):
        raise errors.invalid_request("FunctionArn must be specified.")
    if name == "S3ComputeObjectChecksum" and asked.get("ChecksumType") == "COMPOSITE":
        raise not_implemented("s3control", "CreateJob with composite checksums")


def _snake(name: str) -> str:
    from fogbank.protocols.model import snake_case

    return str(snake_case(name))


def _check_manifest(request: Request) -> None:
    manifest, generator = request.get("Manifest"), request.get("ManifestGenerator")
    if (manifest is None) == (generator is None):
        raise errors.invalid_request("Either a Manifest or a ManifestGenerator must be specified, but not both.")
    if generator is not None:
        _check_generator(generator)
        return
    assert manifest is not None
    fields = manifest["Spec"].get("Fields") or []
    if manifest["Spec"]["Format"] == _CSV:
        if fields.count("Bucket") != 1 or fields.count("Key") != 1 or fields.count("VersionId") > 1:
            raise errors.invalid_request("Required fields Bucket and Key are missing, or are given more than once.")
    elif fields:
        raise errors.invalid_request("Fields may be specified for CSV manifests only.")
    bucket, _, key = manifest["Location"]["ObjectArn"].partition(":::")[2].partition("/")
    if not bucket or not key:
        raise errors.invalid_request("The manifest's ObjectArn is not the ARN of an object.")


def _check_generator(generator: Request) -> None:
    wanted = generator.get("S3JobManifestGenerator")
    if wanted is None:
        raise errors.invalid_request("A ManifestGenerator must have a S3JobManifestGenerator.")
    if wanted["EnableManifestOutput"] and wanted.get("ManifestOutputLocation") is None:
        raise errors.invalid_request("A ManifestOutputLocation is required when EnableManifestOutput is true.")


def _check_report(report: Request) -> None:
    if report["Enabled"] and not all(report.get(name) for name in ("Bucket", "Format", "ReportScope")):
        raise errors.invalid_request("Bucket, Format and ReportScope are required when the report is enabled.")
