"""OpenID Connect providers."""

import pytest

GITHUB = "https://token.actions.githubusercontent.com"
THUMBPRINT = "6938fd4d98bab03faadb97b34396831e3780aea1"


@pytest.fixture
def github(iam):
    made = iam.create_open_id_connect_provider(
        Url=GITHUB, ClientIDList=["sts.amazonaws.com"], ThumbprintList=[THUMBPRINT.upper()]
    )
    return made["OpenIDConnectProviderArn"]


def test_a_provider_is_named_by_its_url(aws, iam, github):
    assert github == f"arn:aws:iam::{aws.account}:oidc-provider/token.actions.githubusercontent.com"
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == [{"Arn": github}]


def test_a_provider_is_answered_with_all_that_is_known(iam, github):
    provider = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=github)
    assert provider["Url"] == "token.actions.githubusercontent.com"
    assert provider["ClientIDList"] == ["sts.amazonaws.com"]
    assert provider["ThumbprintList"] == [THUMBPRINT]
    assert provider["Tags"] == []
    assert provider["CreateDate"]


@pytest.mark.parametrize(
    "url", ["example.com", "http://example.com", "https://", "https://example.com?a=b", "https://example.com/#a"]
)
def test_an_issuer_has_a_plain_https_url(iam, refused, url):
    with refused("ValidationError", "Invalid Open ID Connect Provider URL"):
        iam.create_open_id_connect_provider(Url=url)


def test_a_provider_is_there_once_whatever_its_last_slash(iam, github, refused):
    with refused("EntityAlreadyExists", f"Provider with url {GITHUB} already exists."):
        iam.create_open_id_connect_provider(Url=GITHUB)
    with refused("EntityAlreadyExists"):
        iam.create_open_id_connect_provider(Url=GITHUB + "/")


def test_an_issuer_with_a_path_is_another(iam, aws):
    arn = iam.create_open_id_connect_provider(Url="https://oidc.example.com/id/ABC")["OpenIDConnectProviderArn"]
    assert arn == f"arn:aws:iam::{aws.account}:oidc-provider/oidc.example.com/id/ABC"


@pytest.mark.parametrize(
    ("thumbprints", "code", "message"),
    [
        (["a" * 40 + str(n) for n in range(6)], "ValidationError", "thumbprintList"),
        ([f"{n:040}" for n in range(6)], "InvalidInput", "Thumbprint list must contain fewer than 5 entries."),
        (["g" * 40], "InvalidInput", "40 hexadecimal"),
    ],
)
def test_thumbprints_are_five_at_most_of_forty_digits(iam, github, refused, thumbprints, code, message):
    with refused(code, message):
        iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=github, ThumbprintList=thumbprints)


def test_thumbprints_are_replaced(iam, github):
    iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=github, ThumbprintList=["a" * 40])
    assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=github)["ThumbprintList"] == ["a" * 40]


def test_audiences_are_added_and_removed_without_errors_for_what_is_so_already(iam, github):
    for _ in range(2):
        iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=github, ClientID="other")
    assert _client_ids(iam, github) == ["sts.amazonaws.com", "other"]
    for _ in range(2):
        iam.remove_client_id_from_open_id_connect_provider(
            OpenIDConnectProviderArn=github, ClientID="sts.amazonaws.com"
        )
    assert _client_ids(iam, github) == ["other"]


def _client_ids(iam, arn):
    return iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["ClientIDList"]


def test_a_provider_has_a_hundred_audiences_at_most(iam, refused):
    ids = [f"client{number}" for number in range(100)]
    arn = iam.create_open_id_connect_provider(Url=GITHUB, ClientIDList=ids)["OpenIDConnectProviderArn"]
    with refused("LimitExceeded", "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100"):
        iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="more")


def test_what_is_not_there_is_refused(iam, github, refused):
    with refused("NoSuchEntity", f"OpenIDConnect Provider not found for arn {github}x"):
        iam.get_open_id_connect_provider(OpenIDConnectProviderArn=github + "x")
    with refused("InvalidInput", "is not valid"):
        iam.get_open_id_connect_provider(OpenIDConnectProviderArn="arn:aws:iam::123456789012:user/x")


def test_deleting_is_no_error_whether_it_is_there_or_not(iam, github):
    for _ in range(2):
        iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=github)
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == []


def test_a_provider_has_tags(iam):
    tags = [{"Key": "env", "Value": "ci"}]
    made = iam.create_open_id_connect_provider(Url=GITHUB, Tags=tags)
    assert made["Tags"] == tags
    arn = made["OpenIDConnectProviderArn"]
    iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=arn, Tags=[{"Key": "owner", "Value": "me"}])
    iam.untag_open_id_connect_provider(OpenIDConnectProviderArn=arn, TagKeys=["env"])
    owner = [{"Key": "owner", "Value": "me"}]
    assert iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=arn)["Tags"] == owner
    assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["Tags"] == owner
