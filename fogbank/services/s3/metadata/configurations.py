"""The metadata configuration of a bucket: of version 2, with tables in a bucket that AWS manages, or of version 1, with one of the
customer's.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/metadata-tables-configuring.html. A table that cannot be made does not fail the
request: its status says why.
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import AWSError, Context
from fogbank.services.s3 import changes, errors, settings
from fogbank.services.s3.content import digests
from fogbank.services.s3.metadata import schemas, tables
from fogbank.services.s3.metadata.tables import Place
from fogbank.services.s3.permissions import access
from fogbank.services.s3.records import Home, home_of
from fogbank.services.s3.service import service

Request = dict[str, Any]
Answer = dict[str, Any]
Document = dict[str, Any]

KIND = "metadata"
JOURNAL, INVENTORY = "journal", "inventory"
_NAMESPACE_V1 = "aws_s3_metadata"
_MANAGED = "aws-s3"
_ENABLED, _DISABLED = "ENABLED", "DISABLED"
_COLUMNS = {JOURNAL: schemas.JOURNAL, INVENTORY: schemas.INVENTORY}
_DAYS_LEAST = 7

_CREATE = {"action": "s3:CreateBucketMetadataTableConfiguration", **access.ON_BUCKET}
_GET = {"action": "s3:GetBucketMetadataTableConfiguration", **access.ON_BUCKET}
_DELETE = {"action": "s3:DeleteBucketMetadataTableConfiguration", **access.ON_BUCKET}


# -- refusals; AWS does not document their sentences


def _missing() -> AWSError:
    return AWSError("MetadataConfigurationNotFound", "The specified metadata configuration does not exist.", 404)


def _exists() -> AWSError:
    message = "The bucket has a metadata configuration already. Delete it before you create another one."
    return AWSError("MetadataConfigurationAlreadyExists", message, 409)


def _needs_extra() -> AWSError:
    why = "Metadata tables take PyIceberg and pyarrow: pip install 'fogbank[tables]'."
    return errors.header_not_implemented("MetadataConfiguration", why)


def _no_annotation_table() -> AWSError:
    return errors.header_not_implemented("AnnotationTableConfiguration", "Fogbank writes no annotation tables.")


# -- what the versions have in common


async def _new(ctx: Context, request: Request) -> Home:
    """The bucket that is to get a configuration."""
    digests.check_document(ctx.request)
    home = await home_of(ctx, request)
    if await settings.packed(home, KIND) is not None:
        raise _exists()
    if not tables.can_write():
        raise _needs_extra()
    return home


async def _find(ctx: Context, request: Request) -> tuple[Home, Document]:
    home = await home_of(ctx, request)
    document = await settings.read(home, KIND)
    if document is None:
        raise _missing()
    return home, document


def _save(home: Home, document: Document) -> None:
    settings.write(home, KIND, document)
    changes.set_feature(home, KIND, True)


async def _make(ctx: Context, document: Document, kind: str, name: str, encryption: Document | None) -> None:
    """Make a table, or note why it cannot be made."""
    place = Place(document["bucket"], document["namespace"], name)
    try:
        arn = await ctx.undoing(tables.create, ctx, place, _COLUMNS[kind], encryption)
        document[kind] = {"TableName": name, "TableArn": arn, "TableStatus": "ACTIVE"}
    except AWSError as error:
        document[kind] = {"TableName": name, "TableStatus": "FAILED", "Error": _failure(error)}


def _failure(error: AWSError) -> Document:
    again = "To create a new metadata table, you must delete the metadata configuration for this bucket, and then create a new one."
    code, message = _FAILURES.get(error.code, ("ServerInternalError", "An internal error has occurred."))
    return {"ErrorCode": code, "ErrorMessage": f"{message} {again}"}


_NO_PERMISSION = (
    "AccessDeniedCreatingResources",
    "You don't have sufficient permissions to create the required resources.",
)
_FAILURES = {
    "AccessDeniedException": _NO_PERMISSION,
    "ForbiddenException": _NO_PERMISSION,
    "ConflictException": (
        "TableAlreadyExists",
        "The table that you specified already exists in the table bucket's namespace. Specify a different table name.",
    ),
    "NotFoundException": (
        "TableBucketNotFound",
        "The table bucket that you specified doesn't exist in this Amazon Web Services Region and account.",
    ),
}


async def _namespace(ctx: Context, bucket_arn: str, name: str) -> None:
    """Have a namespace, which may be there already; a table says why it cannot be had."""
    try:
        await ctx.undoing(tables.ask, ctx, "CreateNamespace", {"tableBucketARN": bucket_arn, "namespace": [name]})
    except AWSError as error:
        if error.code == "InternalServerErrorException":
            raise


# -- version 2


@service.operation(**_CREATE)
async def create_bucket_metadata_configuration(ctx: Context, request: Request) -> Answer:
    """Have a journal table, and perhaps an inventory table, in the bucket `aws-s3` of the account.

    Errors: MetadataConfigurationAlreadyExists, InvalidArgument for a wrong number of days.
    """
    home = await _new(ctx, request)
    wanted = request["MetadataConfiguration"]
    if (wanted.get("AnnotationTableConfiguration") or {}).get("ConfigurationState") == _ENABLED:
        raise _no_annotation_table()
    journal = wanted["JournalTableConfiguration"]
    document: Document = {
        "version": 2,
        "bucket": await _managed_bucket(ctx),
        "namespace": "b_" + home.name.replace("-", "_").replace(".", "_"),
        "expiration": _expiration(journal["RecordExpiration"]),
        "state": _DISABLED,
    }
    await _namespace(ctx, document["bucket"], document["namespace"])
    await _make(ctx, document, JOURNAL, JOURNAL, journal.get("EncryptionConfiguration"))
    await _set_inventory(ctx, document, wanted.get("InventoryTableConfiguration") or {})
    _save(home, document)
    await _fill(home, document)
    await _plan_expiration(home)
    return {}


async def _plan_expiration(home: Home) -> None:
    scope = settings.scope(home)
    at = settings.next_midnight(scope.now())
    await scope.schedule("expire_metadata_journal", {"bucket": home.name}, at=at, key=home.name)


async def _managed_bucket(ctx: Context) -> str:
    arn = f"arn:{ctx.partition}:s3tables:{ctx.region}:{ctx.account}:bucket/{_MANAGED}"
    try:
        await ctx.undoing(tables.ask, ctx, "CreateTableBucket", {"name": _MANAGED})
    except AWSError as error:
        if error.code == "InternalServerErrorException":
            raise
    return arn


def _expiration(given: Document) -> Document:
    days = given.get("Days")
    if given["Expiration"] == _ENABLED and (days is None or days < _DAYS_LEAST):
        raise errors.invalid_argument(f"Days must be a whole number from {_DAYS_LEAST} to 2147483647", "Days", days)
    return given


async def _set_inventory(ctx: Context, document: Document, wanted: Document) -> None:
    document["state"] = wanted.get("ConfigurationState", _DISABLED)
    if document["state"] == _ENABLED and document.get(INVENTORY, {}).get("TableStatus") != "ACTIVE":
        await _make(ctx, document, INVENTORY, INVENTORY, wanted.get("EncryptionConfiguration"))


async def _fill(home: Home, document: Document) -> None:
    """An inventory table begins with what is there."""
    if document["state"] == _ENABLED:
        await settings.scope(home).schedule("write_metadata_inventory", {"bucket": home.name}, key=home.name)


@service.operation(**_GET)
async def get_bucket_metadata_configuration(ctx: Context, request: Request) -> Answer:
    """The configuration of either version, and how its tables are."""
    _, document = await _find(ctx, request)
    result: Answer = {
        "DestinationResult": {
            "TableBucketType": "aws" if document["version"] == 2 else "customer",
            "TableBucketArn": document["bucket"],
            "TableNamespace": document["namespace"],
        },
        "JournalTableConfigurationResult": {**document[JOURNAL], "RecordExpiration": document["expiration"]},
        "InventoryTableConfigurationResult": {**document.get(INVENTORY, {}), "ConfigurationState": document["state"]},
    }
    return {"GetBucketMetadataConfigurationResult": {"MetadataConfigurationResult": result}}


@service.operation(**_DELETE)
async def delete_bucket_metadata_configuration(ctx: Context, request: Request) -> Answer:
    """Write nothing any more. The tables stay."""
    home, _ = await _find(ctx, request)
    settings.erase(home, KIND)
    changes.set_feature(home, KIND, False)
    return {}


@service.operation(**access.ON_BUCKET)
async def update_bucket_metadata_inventory_table_configuration(ctx: Context, request: Request) -> Answer:
    digests.check_document(ctx.request)
    home, document = await _find_v2(ctx, request)
    await _set_inventory(ctx, document, request["InventoryTableConfiguration"])
    _save(home, document)
    await _fill(home, document)
    return {}


@service.operation(**access.ON_BUCKET)
async def update_bucket_metadata_journal_table_configuration(ctx: Context, request: Request) -> Answer:
    digests.check_document(ctx.request)
    home, document = await _find_v2(ctx, request)
    expiration = _expiration(request["JournalTableConfiguration"]["RecordExpiration"])
    _save(home, {**document, "expiration": expiration})
    await _plan_expiration(home)
    return {}


@service.operation(**access.ON_BUCKET)
async def update_bucket_metadata_annotation_table_configuration(ctx: Context, request: Request) -> Answer:
    """Annotation tables are off, and stay so."""
    digests.check_document(ctx.request)
    await _find_v2(ctx, request)
    if request["AnnotationTableConfiguration"]["ConfigurationState"] == _ENABLED:
        raise _no_annotation_table()
    return {}


async def _find_v2(ctx: Context, request: Request) -> tuple[Home, Document]:
    home, document = await _find(ctx, request)
    if document["version"] != 2:
        raise errors.method_not_allowed("PUT", "BUCKET")
    return home, document


# -- version 1


@service.operation(**_CREATE)
async def create_bucket_metadata_table_configuration(ctx: Context, request: Request) -> Answer:
    """Have a journal table in a table bucket of the caller's."""
    home = await _new(ctx, request)
    wanted = request["MetadataTableConfiguration"]["S3TablesDestination"]
    document: Document = {
        "version": 1,
        "bucket": wanted["TableBucketArn"],
        "namespace": _NAMESPACE_V1,
        "expiration": {"Expiration": _DISABLED},
        "state": _DISABLED,
    }
    await _namespace(ctx, document["bucket"], _NAMESPACE_V1)
    await _make(ctx, document, JOURNAL, wanted["TableName"], None)
    _save(home, document)
    return {}


@service.operation(**_GET)
async def get_bucket_metadata_table_configuration(ctx: Context, request: Request) -> Answer:
    _, document = await _find_v1(ctx, request)
    journal = document[JOURNAL]
    destination = {
        "TableBucketArn": document["bucket"],
        "TableName": journal["TableName"],
        "TableArn": journal.get("TableArn", ""),
        "TableNamespace": document["namespace"],
    }
    result = {
        "MetadataTableConfigurationResult": {"S3TablesDestinationResult": destination},
        "Status": journal["TableStatus"],
        "Error": journal.get("Error"),
    }
    return {"GetBucketMetadataTableConfigurationResult": result}


@service.operation(**_DELETE)
async def delete_bucket_metadata_table_configuration(ctx: Context, request: Request) -> Answer:
    await _find_v1(ctx, request)
    return await delete_bucket_metadata_configuration(ctx, request) or {}


async def _find_v1(ctx: Context, request: Request) -> tuple[Home, Document]:
    """Configurations of version 2 have operations of their own."""
    home, document = await _find(ctx, request)
    if document["version"] != 1:
        raise errors.method_not_allowed(ctx.request.method if ctx.request is not None else "GET", "BUCKET")
    return home, document
