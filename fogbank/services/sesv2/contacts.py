"""Contact lists, their topics, and who wants to hear of what.

contact_lists  name             -> ContactList
contacts       list, address    -> Contact
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import AWSError, Context, Record
from fogbank.kernel.actions import with_members
from fogbank.mail import addresses, problems
from fogbank.mail.permissions import on
from fogbank.services.sesv2.service import service
from fogbank.services.sesv2.shared import Answer, Request, page, page_size, start_of, tag_list, tag_map

_LISTS = 1
_TOPICS = 20
ON_LIST = on("contact-list", "ContactListName")


class ContactList(Record, frozen=True):
    """`topics` are in wire form."""

    name: str
    created: float
    updated: float
    description: str
    topics: list[dict[str, Any]]
    tags: dict[str, str] = {}


class Contact(Record, frozen=True):
    """`preferences` are by topic: OPT_IN, OPT_OUT."""

    address: str
    created: float
    updated: float
    preferences: dict[str, str]
    unsubscribed: bool
    attributes: str


contact_lists = service.collection("contact_lists", ContactList)
contacts = service.collection("contacts", Contact)


# -- lists


def _topics(ctx: Context, request: Request) -> list[dict[str, Any]]:
    topics = request.get("Topics") or []
    names = [topic["TopicName"] for topic in topics]
    if len(topics) > _TOPICS:
        raise problems.invalid(ctx, f"A contact list can have no more than {_TOPICS} topics.")
    if len(set(names)) < len(names):
        raise problems.invalid(ctx, "A contact list cannot have a topic twice.")
    return topics


@service.operation(**ON_LIST, action=with_members("ses:CreateContactList", {"Tags": "ses:TagResource"}))
async def create_contact_list(ctx: Context, request: Request) -> None:
    """There can be one. https://docs.aws.amazon.com/ses/latest/dg/sending-email-list-management.html"""
    name = request["ContactListName"]
    if await contact_lists.get(ctx, name) is not None:
        raise AWSError("AlreadyExistsException", f"List with name: {name} already exists.")
    if await contact_lists.count(ctx) >= _LISTS:
        raise problems.problem(ctx, "limit", f"An account can have no more than {_LISTS} contact list.")
    topics, tags = _topics(ctx, request), tag_map(ctx, request.get("Tags"))
    made = ContactList(name, ctx.now(), ctx.now(), request.get("Description") or "", topics, tags)
    contact_lists.put(ctx, made, name)


async def find_list(ctx: Context, request: Request) -> ContactList:
    found = await contact_lists.get(ctx, request["ContactListName"])
    if found is None:
        raise AWSError("NotFoundException", f"List with name: {request['ContactListName']} doesn't exist.")
    return found


@service.operation(**ON_LIST)
async def get_contact_list(ctx: Context, request: Request) -> Answer:
    found = await find_list(ctx, request)
    return {
        "ContactListName": found.name,
        "Topics": found.topics,
        "Description": found.description or None,
        "CreatedTimestamp": found.created,
        "LastUpdatedTimestamp": found.updated,
        "Tags": tag_list(found.tags),
    }


@service.operation(**ON_LIST)
async def update_contact_list(ctx: Context, request: Request) -> None:
    found = await find_list(ctx, request)
    description = request.get("Description")
    changed = msgspec.structs.replace(
        found,
        topics=_topics(ctx, request),
        description=found.description if description is None else description,
        updated=ctx.now(),
    )
    contact_lists.put(ctx, changed, changed.name)


@service.operation(resource=lambda ctx, request: "*")
async def list_contact_lists(ctx: Context, request: Request) -> Answer:
    rows = await contact_lists.scan(ctx, after=start_of(request), limit=page_size(request) + 1)
    shown, following = page(rows, request, lambda found: found.name)
    listed = [{"ContactListName": found.name, "LastUpdatedTimestamp": found.updated} for found in shown]
    return {"ContactLists": listed, "NextToken": following}


@service.operation(**ON_LIST)
async def delete_contact_list(ctx: Context, request: Request) -> None:
    found = await find_list(ctx, request)
    contact_lists.delete(ctx, found.name)
    for contact in await contacts.scan(ctx, found.name):
        contacts.delete(ctx, found.name, contact.address)


# -- contacts


def _contact(ctx: Context, request: Request, found: ContactList, created: float) -> Contact:
    try:
        address = addresses.plain(request["EmailAddress"])
    except addresses.BadAddress as error:
        raise problems.invalid(ctx, str(error)) from error
    given = {each["TopicName"]: each["SubscriptionStatus"] for each in request.get("TopicPreferences") or ()}
    if unknown := given.keys() - {topic["TopicName"] for topic in found.topics}:
        raise problems.invalid(ctx, f"List {found.name} does not have a topic {min(unknown)}.")
    unsubscribed, attributes = bool(request.get("UnsubscribeAll")), request.get("AttributesData") or ""
    return Contact(address, created, ctx.now(), given, unsubscribed, attributes)


@service.operation(**ON_LIST)
async def create_contact(ctx: Context, request: Request) -> None:
    found = await find_list(ctx, request)
    made = _contact(ctx, request, found, ctx.now())
    if await contacts.get(ctx, found.name, made.address) is not None:
        raise AWSError("AlreadyExistsException", f"Contact already exists in list {found.name}.")
    contacts.put(ctx, made, found.name, made.address)


async def _find(ctx: Context, request: Request) -> tuple[ContactList, Contact]:
    found = await find_list(ctx, request)
    contact = await contacts.get(ctx, found.name, request["EmailAddress"])
    if contact is None:
        raise AWSError("NotFoundException", f"{request['EmailAddress']} doesn't exist in List.")
    return found, contact


@service.operation(**ON_LIST)
async def get_contact(ctx: Context, request: Request) -> Answer:
    found, contact = await _find(ctx, request)
    return {
        "ContactListName": found.name,
        **_shown(found, contact),
        "AttributesData": contact.attributes or None,
        "CreatedTimestamp": contact.created,
    }


def _shown(found: ContactList, contact: Contact) -> Answer:
    defaults = {topic["TopicName"]: topic["DefaultSubscriptionStatus"] for topic in found.topics}
    return {
        "EmailAddress": contact.address,
        "TopicPreferences": _preferences(contact.preferences),
        "TopicDefaultPreferences": _preferences(defaults),
        "UnsubscribeAll": contact.unsubscribed,
        "LastUpdatedTimestamp": contact.updated,
    }


def _preferences(given: dict[str, str]) -> list[dict[str, str]]:
    return [{"TopicName": name, "SubscriptionStatus": status} for name, status in given.items()]


@service.operation(**ON_LIST)
async def update_contact(ctx: Context, request: Request) -> None:
    found, contact = await _find(ctx, request)
    made = _contact(ctx, request, found, contact.created)
    if request.get("AttributesData") is None:
        made = msgspec.structs.replace(made, attributes=contact.attributes)
    contacts.put(ctx, made, found.name, made.address)


@service.operation(**ON_LIST)
async def delete_contact(ctx: Context, request: Request) -> None:
    found, contact = await _find(ctx, request)
    contacts.delete(ctx, found.name, contact.address)


@service.operation(**ON_LIST)
async def list_contacts(ctx: Context, request: Request) -> Answer:
    found = await find_list(ctx, request)
    chosen = request.get("Filter") or {}
    rows = [
        contact
        for contact in await contacts.scan(ctx, found.name, after=start_of(request))
        if _passes(found, contact, chosen)
    ][: page_size(request) + 1]
    shown, following = page(rows, request, lambda contact: contact.address)
    return {"Contacts": [_shown(found, contact) for contact in shown], "NextToken": following}


def _passes(found: ContactList, contact: Contact, chosen: Request) -> bool:
    wanted = chosen.get("FilteredStatus")
    topic = chosen.get("TopicFilter") or {}
    if not wanted:
        return True
    if not topic.get("TopicName"):
        return contact.unsubscribed == (wanted == "OPT_OUT")
    with_default = bool(topic.get("UseDefaultIfPreferenceUnavailable"))
    return _status(found, contact, topic["TopicName"], with_default) == wanted


def _status(found: ContactList, contact: Contact, topic: str, with_default: bool = True) -> str:
    if contact.unsubscribed:
        return "OPT_OUT"
    defaults = {each["TopicName"]: each["DefaultSubscriptionStatus"] for each in found.topics}
    return contact.preferences.get(topic) or (defaults.get(topic, "") if with_default else "")


async def have_opted_out(ctx: Context, options: Request | None, recipients: list[str]) -> bool:
    """Does the only recipient of a mail to a list not want it? A contact that is not there is made."""
    if not options:
        return False
    found = await find_list(ctx, options)
    if len(recipients) != 1:
        raise problems.invalid(ctx, "A mail with ListManagementOptions can have one recipient only.")
    topic = options.get("TopicName") or ""
    if topic and topic not in {each["TopicName"] for each in found.topics}:
        raise AWSError("NotFoundException", f"List {found.name} does not have a topic {topic}.")
    contact = await contacts.get(ctx, found.name, addresses.plain(recipients[0]))
    if contact is None:
        made = _contact(ctx, {"EmailAddress": recipients[0]}, found, ctx.now())
        contacts.put(ctx, made, found.name, made.address)
        contact = made
    return contact.unsubscribed or (bool(topic) and _status(found, contact, topic) == "OPT_OUT")
