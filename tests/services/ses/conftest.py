"""What the tests of both APIs have in common."""

import pytest

from tests.services.sesv2.conftest import Inbox, Mailbox, refused, wait_until

__all__ = ["refused"]


@pytest.fixture
def ses(aws):
    return aws("ses")


@pytest.fixture
def mailbox(aws):
    return Mailbox(aws)


@pytest.fixture
def inbox(aws):
    return Inbox(aws)


@pytest.fixture
def sender(aws, ses):
    """An address of a verified domain, out of the sandbox."""
    ses.verify_domain_identity(Domain="example.com")
    aws("sesv2").put_account_details(
        MailType="TRANSACTIONAL", WebsiteURL="https://example.com", ProductionAccessEnabled=True
    )
    found = {"EmailIdentity": "example.com"}
    wait_until(lambda: aws("sesv2").get_email_identity(**found)["VerifiedForSendingStatus"])
    return "shop@example.com"
