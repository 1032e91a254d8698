"""Reserved concurrency: what a function has of the account's; and what the account has."""

from __future__ import annotations

from fogbank.kernel import Context
from fogbank.services.lambda_ import errors, limits
from fogbank.services.lambda_.capacity import provisioned
from fogbank.services.lambda_.records import (
    LATEST,
    ON_FUNCTION,
    Answer,
    Request,
    Reserved,
    anything,
    functions,
    named,
    reserved,
    whole,
)
from fogbank.services.lambda_.service import service


@service.operation(**ON_FUNCTION)
async def put_function_concurrency(ctx: Context, request: Request) -> Answer:
    of = named(ctx, request)
    await whole(of)
    asked = request["ReservedConcurrentExecutions"]
    others = [value.concurrency for key, value in await reserved.items(of.scope, (str,)) if key != (of.name,)]
    if limits.CONCURRENCY - sum(others) - asked < limits.UNRESERVED:
        raise errors.invalid_parameter(
            f"Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
            f"below its minimum value of [{limits.UNRESERVED}]."
        )
    prepared = await provisioned.total(of)
    if asked < prepared:
        raise errors.invalid_parameter(
            f"ReservedConcurrentExecutions  {asked} should not be lower than function's total provisioned concurrency [{prepared}]."
        )
    reserved.put(of.scope, Reserved(asked), of.name)
    return {"ReservedConcurrentExecutions": asked}


@service.operation(**ON_FUNCTION)
async def get_function_concurrency(ctx: Context, request: Request) -> Answer:
    of = named(ctx, request)
    await whole(of)
    found = await reserved.get(of.scope, of.name)
    return {} if found is None else {"ReservedConcurrentExecutions": found.concurrency}


@service.operation(**ON_FUNCTION)
async def delete_function_concurrency(ctx: Context, request: Request) -> None:
    of = named(ctx, request)
    await whole(of)
    reserved.delete(of.scope, of.name)


@service.operation(resource=anything)
async def get_account_settings(ctx: Context, request: Request) -> Answer:
    found = await functions.scan(ctx)
    kept = sum(each.concurrency for each in await reserved.scan(ctx))
    return {
        "AccountLimit": {
            "TotalCodeSize": limits.TOTAL_CODE_BYTES,
            "CodeSizeUnzipped": limits.UNZIPPED_BYTES,
            "CodeSizeZipped": limits.ZIP_BYTES,
            "ConcurrentExecutions": limits.CONCURRENCY,
            "UnreservedConcurrentExecutions": limits.CONCURRENCY - kept,
        },
        "AccountUsage": {
            "TotalCodeSize": sum(each.code.size for each in found),
            "FunctionCount": sum(each.version == LATEST for each in found),
        },
    }
