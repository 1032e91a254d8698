"""One-time passwords by time, against the vectors of RFC 6238."""

import pytest

from fogbank.services.iam import totp

SEED = b"12345678901234567890"


@pytest.mark.parametrize(
    ("moment", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_codes_are_those_of_the_rfc(moment, code):
    assert totp.code(SEED, totp.counter(moment)) == code


def test_a_code_is_found_within_the_window_only():
    codes = [totp.code(SEED, 102)]
    assert totp.find(SEED, codes, 100, 2) == 102
    assert totp.find(SEED, codes, 100, 1) is None


def test_codes_have_to_follow_each_other():
    one, two, three = (totp.code(SEED, step) for step in (100, 101, 102))
    assert totp.find(SEED, [one, two], 100, 1) == 100
    assert totp.find(SEED, [one, three], 100, 1) is None
    assert totp.find(SEED, [two, one], 100, 1) is None
