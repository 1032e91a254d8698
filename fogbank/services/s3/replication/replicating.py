"""Replication at work: versions that a rule is about are queued in the transaction that writes them, and carried one after another.

    replications    bucket, order -> Job

https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnot-replicated.html. A replica keeps its version's
id, ETag, dates, metadata and tags. The queue is in the order of the changes, so that a replica is never older than what followed it.
A job leaves the queue in the transaction that notes how it ended: begun again after a crash it finds the replica, or makes it. One
that meets with what nobody expected is tried a few times, then it has failed: the others wait for it no longer. The role of the
configuration has to be allowed each step: reading at the source, replicating at the destination, KMS on both sides.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import msgspec

from fogbank.kernel import Collection, Context, Record
from fogbank.services.s3 import changes, records, settings
from fogbank.services.s3.changes import Change
from fogbank.services.s3.content import bodies
from fogbank.services.s3.content.bodies import Received
from fogbank.services.s3.encryption.keys import Sealing
from fogbank.services.s3.object import courses, vault
from fogbank.services.s3.object.walking import Place, walk
from fogbank.services.s3.records import ENABLED, Home, Object
from fogbank.services.s3.replication import replicas
from fogbank.services.s3.replication.replicas import Failed, Leg, Target
from fogbank.services.s3.replication.rules import COMPLETED, FAILED, KIND, PENDING, REPLICA, Replication, compiled
from fogbank.services.s3.service import service

log = logging.getLogger("fogbank.s3")

Payloads = dict[str, Any]

# How often a job is tried that meets with what nobody expected; in between it rests for 1, 2, 4, ... seconds.
_ATTEMPTS = 5
# The reason that events give for it: those of AWS are all about what somebody can mend.
_UNEXPECTED = "InternalError"


class Job(Record, frozen=True):
    """A version to replicate, or only what changed about it (`is_change`). `requested` is epoch seconds; `attempts` went wrong."""

    key: str
    version_id: str
    is_change: bool
    requested: float
    attempts: int = 0


jobs: Collection[Job] = service.collection("replications", Job, scope="account")

_WRITES = frozenset({changes.PUT, changes.POST, changes.COPY, changes.COMPLETED, changes.MARKED})
_CHANGES = frozenset({changes.TAGGED, changes.UNTAGGED, changes.ACL, changes.LOCKED})


async def replication_of(home: Home) -> Replication | None:
    packed = await settings.packed(home, KIND)
    return None if packed is None else compiled(packed)


# -- what is replicated


@changes.follow(KIND)
async def note(change: Change) -> None:
    """Queue what a rule is about. Replicas are not replicated, but changes of them where a rule says so."""
    is_change = change.event in _CHANGES
    if not is_change and change.event not in _WRITES:
        return
    replication = await replication_of(change.home) if change.home.bucket.versioning == ENABLED else None
    rules = [] if replication is None else replication.rules_for(change.key, change.record)
    is_replica = change.record.course.replication == REPLICA
    if is_replica:
        rules = [rule for rule in rules if rule.of_replicas and is_change]
    elif is_change and not change.record.course.replication:
        rules = []  # it was there before the rules
    if rules:
        await queue(change.home, change.key, change.record, is_change, is_replica)


async def queue(home: Home, key: str, record: Object, is_change: bool = False, is_replica: bool = False) -> None:
    """Replicate a version as soon as may be; until then it is pending."""
    scope = settings.scope(home)
    if not is_replica:
        await vault.rewrite(home, key, courses.replace(record, replication=PENDING))
    is_first = not await jobs.count(scope, home.name, limit=1)
    job = Job(key, record.version_id, is_change, scope.now())
    moment = int(scope.now() * 1e6)
    jobs.put(scope, job, home.name, moment, await _turn(scope, home, moment))
    if is_first:
        await scope.schedule("replicate", {"bucket": home.name}, key=home.name)


async def _turn(scope: Context, home: Home, moment: int) -> int:
    """The number of the job among those of the same microsecond."""
    before = await jobs.items(scope, (int,), home.name, moment, reverse=True, limit=1)
    return int(before[0][0][0]) + 1 if before else 0


@service.task
async def replicate_existing(ctx: Context, payload: Payloads) -> None:
    """Queue a page of the versions that were there before the rules, where rules are about those."""
    home = await records.find(ctx, payload["bucket"])
    replication = None if home is None else await replication_of(home)
    if home is None or replication is None:
        return
    place = payload.get("place")
    found, following = await walk(home, None if place is None else Place(*place))
    for key, record, *_ in found:
        if (
            not record.null
            and not record.course.replication
            and any(rule.existing for rule in replication.rules_for(key, record))
        ):
            await queue(home, key, record)
    if following is not None:
        again = {"bucket": home.name, "place": list(following)}
        await ctx.schedule("replicate_existing", again, key=home.name)


# -- carrying it


@service.task(transaction=False)
async def replicate(ctx: Context, payload: Payloads) -> None:
    """Carry all that is queued for a bucket, in order."""
    while (first := await ctx.transact(_first, ctx, payload["bucket"])) is not None:
        place, job = first
        try:
            failures = await _carry(ctx, payload["bucket"], job)
            await ctx.transact(_settle, ctx, payload["bucket"], place, job, failures)
        except Exception:
            log.exception("replication of %s/%s: attempt %d", payload["bucket"], job.key, job.attempts + 1)
            await ctx.transact(_put_off, ctx, payload["bucket"], place, job)
            return


async def _put_off(ctx: Context, name: str, place: Any, job: Job) -> None:
    """Try again later; a job that cannot even be noted as failed is dropped, so that the others get their turn."""
    if job.attempts < _ATTEMPTS:
        jobs.put(ctx, msgspec.structs.replace(job, attempts=job.attempts + 1), name, *place)
    else:
        jobs.delete(ctx, name, *place)
    await ctx.schedule("replicate", {"bucket": name}, delay=2**job.attempts, key=name)


async def resume(home: Home) -> None:
    """Carry what is queued, should nobody be at it any more."""
    await settings.scope(home).schedule("replicate", {"bucket": home.name}, key=home.name)


async def _first(ctx: Context, name: str) -> tuple[Any, Job] | None:
    found = await jobs.items(ctx, (int, int), name, limit=1)
    return found[0] if found else None


class Failure(NamedTuple):
    rule: str
    bucket: str
    reason: str


async def _carry(ctx: Context, name: str, job: Job) -> list[Failure] | None:
    """Carry a version to all of its destinations; gives those where that failed. None: no rule is about it any more."""
    failures = []
    legs = await ctx.transact(_legs, ctx, name, job)
    if not legs:
        return None
    for leg in legs:
        try:
            await _carry_to(ctx, leg, job.is_change)
        except Failed as failed:
            failures.append(Failure(leg.rule.id, leg.rule.bucket, failed.reason))
        except Exception:
            if job.attempts + 1 < _ATTEMPTS:
                raise
            log.exception("replication of %s/%s to %s has failed", name, job.key, leg.rule.bucket)
            failures.append(Failure(leg.rule.id, leg.rule.bucket, _UNEXPECTED))
    return failures


async def _legs(ctx: Context, name: str, job: Job) -> list[Leg]:
    """Where a version is to go by now."""
    home = await records.find(ctx, name)
    replication = None if home is None else await replication_of(home)
    record = None if home is None else await vault.version(home, job.key, job.version_id)
    if replication is None or record is None:
        return []
    rules = replication.rules_for(job.key, record)
    if record.course.replication == REPLICA:
        rules = [rule for rule in rules if rule.of_replicas]
    return [Leg(name, job.key, job.version_id, replication.role, rule) for rule in rules]


async def _carry_to(ctx: Context, leg: Leg, is_change: bool) -> None:
    """Small bodies are carried in one transaction, the blobs of larger ones are copied in between."""
    plan = await ctx.transact(_begin, ctx, leg, is_change)
    if plan is None:
        return
    copied: list[Received] = []
    try:
        for offset, size, salt in plan.pieces:
            stream = await ctx.transact(_open, ctx, leg, offset, size)
            copied.append(await bodies.drain(ctx, stream, "", plan.sealing, salt))
        await ctx.transact(_finish, ctx, leg, plan.sealing, copied)
    except BaseException as error:
        for received in copied:
            received.give_up(ctx, error)
        raise


class Plan(NamedTuple):
    """What is left to copy outside of transactions: (offset, size, salt) of each blob, and how the replica is encrypted."""

    pieces: list[tuple[int, int, bytes]]
    sealing: Sealing


async def _begin(ctx: Context, leg: Leg, is_change: bool) -> Plan | None:
    """Do what can be done at once; None when that was all."""
    target = await replicas.target(ctx, leg)
    if target is None or await replicas.is_there(target, is_change):
        return None
    if target.record.blob or target.record.parts:
        return Plan(await replicas.pieces(target), await replicas.sealing(target))
    await replicas.place_small(target)
    return None


async def _open(ctx: Context, leg: Leg, offset: int, size: int) -> AsyncIterator[bytes]:
    return await replicas.stream(await _found_again(ctx, leg), offset, size)


async def _finish(ctx: Context, leg: Leg, sealing: Sealing, copied: list[Received]) -> None:
    await replicas.place(await _found_again(ctx, leg), sealing, copied)


async def _found_again(ctx: Context, leg: Leg) -> Target:
    target = await replicas.target(ctx, leg)
    if target is None:
        raise Failed("SrcObjectNotFound")
    return target


async def _settle(ctx: Context, name: str, place: Any, job: Job, failures: list[Failure] | None) -> None:
    """Note how it ended, and take the job out of the queue."""
    jobs.delete(ctx, name, *place)
    home = await records.find(ctx, name)
    record = None if home is None else await vault.version(home, job.key, job.version_id)
    if home is None or record is None or record.course.replication in ("", REPLICA):
        return
    settled = courses.replace(record, replication=COMPLETED if failures == [] else FAILED)
    await vault.rewrite(home, job.key, settled)
    for failure in failures or ():
        await changes.happened(
            changes.NOT_REPLICATED,
            home,
            job.key,
            settled,
            rule=failure.rule,
            destination=f"arn:aws:s3:::{failure.bucket}",
            operation="OBJECT_PUT",
            requested=job.requested,
            failure=failure.reason,
        )
