"""S3 Intelligent-Tiering: archives for what nobody reads."""

import pytest

DAY = 86400
LARGE = b"x" * (128 * 1024)


@pytest.fixture
def configure(s3, bucket):
    def configure(status="Enabled", filter=None, **days):
        tiers = [{"AccessTier": f"{tier.upper()}_ACCESS", "Days": number} for tier, number in days.items()]
        document = {"Id": "t", "Status": status, "Tierings": tiers, **({} if filter is None else {"Filter": filter})}
        s3.put_bucket_intelligent_tiering_configuration(Bucket=bucket, Id="t", IntelligentTieringConfiguration=document)

    return configure


@pytest.fixture
def tier(s3, bucket):
    return lambda key="k": s3.head_object(Bucket=bucket, Key=key).get("ArchiveStatus")


@pytest.fixture
def stored(bucket, put):
    return lambda key="k", body=LARGE: put(bucket, key, body, StorageClass="INTELLIGENT_TIERING")


def test_unread_object_sinks_from_tier_to_tier(configure, stored, tier, clock):
    stored()
    configure(archive=90, deep_archive=180)
    clock.advance(seconds=90 * DAY)
    assert tier() is None
    clock.advance(seconds=2 * DAY)
    assert tier() == "ARCHIVE_ACCESS"
    clock.advance(seconds=90 * DAY)
    assert tier() == "DEEP_ARCHIVE_ACCESS"


def test_object_that_is_read_stays(configure, stored, tier, get, bucket, clock):
    stored()
    configure(archive=90)
    clock.advance(seconds=60 * DAY)
    get(bucket, "k")
    clock.advance(seconds=60 * DAY)
    assert tier() is None


def test_only_large_objects_that_the_filter_names_sink(configure, stored, tier, clock):
    stored("a/large")
    stored("a/small", LARGE[1:])
    stored("b/large")
    configure(archive=90, filter={"Prefix": "a/"})
    clock.advance(seconds=92 * DAY)
    assert (tier("a/large"), tier("a/small"), tier("b/large")) == ("ARCHIVE_ACCESS", None, None)


def test_objects_of_other_classes_do_not_sink(configure, bucket, put, tier, clock):
    put(bucket, "k", LARGE)
    configure(archive=90)
    clock.advance(seconds=92 * DAY)
    assert tier() is None


def test_sunken_object_is_read_after_a_restore(refused, s3, configure, stored, tier, get, bucket, clock):
    stored()
    configure(archive=90)
    clock.advance(seconds=92 * DAY)
    with refused("InvalidObjectState", 403, StorageClass="INTELLIGENT_TIERING", AccessTier="ARCHIVE_ACCESS"):
        get(bucket, "k")
    with refused("MalformedXML", 400):
        s3.restore_object(Bucket=bucket, Key="k", RestoreRequest={"Days": 1})
    s3.restore_object(Bucket=bucket, Key="k", RestoreRequest={"GlacierJobParameters": {"Tier": "Expedited"}})
    clock.advance(seconds=60)
    assert (tier(), get(bucket, "k")) == (None, LARGE)


def test_disabled_configuration_does_nothing(configure, stored, tier, clock):
    stored()
    configure(status="Disabled", archive=90)
    clock.advance(seconds=92 * DAY)
    assert tier() is None


@pytest.mark.parametrize(
    "days", [{"archive": 89}, {"deep_archive": 179}, {"archive": 731}, {"archive": 180, "deep_archive": 180}]
)
def test_days_have_bounds(refused, configure, days):
    with refused("InvalidArgument", 400):
        configure(**days)
