"""MFA devices, with codes computed as an authenticator app computes them."""

import base64
import io

import pytest
import segno

from fogbank.services.iam import mfa, totp


@pytest.fixture
def code_at(fogbank_server):
    """The code that a seed (base32) shows some steps of thirty seconds from now."""

    def code_at(seed, steps=0):
        now = fogbank_server.app.clock.now()
        return totp.code(base64.b32decode(seed), totp.counter(now) + steps)

    return code_at


@pytest.fixture
def device(iam):
    return iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]


@pytest.fixture
def enable(iam, code_at):
    def enable(device, user="user", first=-1):
        seed = device["Base32StringSeed"]
        iam.enable_mfa_device(
            UserName=user,
            SerialNumber=device["SerialNumber"],
            AuthenticationCode1=code_at(seed, first),
            AuthenticationCode2=code_at(seed, first + 1),
        )

    return enable


# -- virtual devices


def test_a_device_comes_with_its_seed_and_a_picture_of_it(aws, device):
    assert device["SerialNumber"] == f"arn:aws:iam::{aws.account}:mfa/phone"
    seed = device["Base32StringSeed"].decode()
    assert len(base64.b32decode(seed)) == 40
    expected = io.BytesIO()
    segno.make(f"otpauth://totp/phone@{aws.account}?secret={seed}", micro=False).save(expected, kind="png", scale=4)
    assert device["QRCodePNG"] == expected.getvalue()


def test_the_seed_is_shown_once(iam, device):
    assert iam.list_virtual_mfa_devices()["VirtualMFADevices"] == [{"SerialNumber": device["SerialNumber"]}]


def test_a_name_is_taken_once_per_path(iam, device, refused):
    with refused("EntityAlreadyExists", "MFADevice entity at the same path and name already exists."):
        iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")
    other = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone", Path="/other/")["VirtualMFADevice"]
    assert other["SerialNumber"].endswith(":mfa/other/phone")


def test_devices_are_listed_by_whether_they_are_somebodys(iam, device, make_user, enable):
    free = iam.create_virtual_mfa_device(VirtualMFADeviceName="spare")["VirtualMFADevice"]["SerialNumber"]
    user = make_user()
    enable(device)

    def listed(status):
        return iam.list_virtual_mfa_devices(AssignmentStatus=status)["VirtualMFADevices"]

    assert [found["SerialNumber"] for found in listed("Any")] == [device["SerialNumber"], free]
    assert [found["SerialNumber"] for found in listed("Unassigned")] == [free]
    (assigned,) = listed("Assigned")
    assert assigned["User"]["Arn"] == user["Arn"]
    assert assigned["EnableDate"]


def test_pages_of_devices_add_up(iam):
    for name in "abc":
        iam.create_virtual_mfa_device(VirtualMFADeviceName=name)
    pages = list(iam.get_paginator("list_virtual_mfa_devices").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["VirtualMFADevices"]) for page in pages] == [2, 1]


def test_a_device_can_be_deleted_only_while_it_is_nobodys(iam, device, make_user, enable, refused):
    make_user()
    enable(device)
    serial = device["SerialNumber"]
    with refused("DeleteConflict", "MFA VirtualDevice in use. Must deactivate first."):
        iam.delete_virtual_mfa_device(SerialNumber=serial)
    iam.deactivate_mfa_device(UserName="user", SerialNumber=serial)
    iam.delete_virtual_mfa_device(SerialNumber=serial)
    with refused("NoSuchEntity", f"VirtualMFADevice with serial number {serial} doesn't exist."):
        iam.delete_virtual_mfa_device(SerialNumber=serial)


def test_a_device_has_tags(iam, refused):
    tags = [{"Key": "team", "Value": "blue"}]
    created = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone", Tags=tags)["VirtualMFADevice"]
    assert created["Tags"] == tags
    serial = created["SerialNumber"]
    iam.tag_mfa_device(SerialNumber=serial, Tags=[{"Key": "desk", "Value": "4"}])
    iam.untag_mfa_device(SerialNumber=serial, TagKeys=["team"])
    assert iam.list_mfa_device_tags(SerialNumber=serial)["Tags"] == [{"Key": "desk", "Value": "4"}]
    with refused("NoSuchEntity"):
        iam.list_mfa_device_tags(SerialNumber=serial + "x")


# -- enabling


def test_two_codes_that_follow_each_other_enable_a_device(iam, device, make_user, enable):
    make_user()
    enable(device)
    (shown,) = iam.list_mfa_devices(UserName="user")["MFADevices"]
    assert (shown["UserName"], shown["SerialNumber"]) == ("user", device["SerialNumber"])
    assert iam.get_mfa_device(UserName="user", SerialNumber=device["SerialNumber"])["EnableDate"] == shown["EnableDate"]


def test_a_client_need_not_wait_for_the_second_code(device, make_user, enable):
    make_user()
    enable(device, first=0)


@pytest.mark.parametrize("steps", [(0, -1), (0, 0), (-9, -8), (0, 2)])
def test_other_codes_do_not(iam, device, make_user, code_at, refused, steps):
    make_user()
    first, second = (code_at(device["Base32StringSeed"], step) for step in steps)
    with refused("InvalidAuthenticationCode", "Authentication code for device is not valid."):
        iam.enable_mfa_device(
            UserName="user",
            SerialNumber=device["SerialNumber"],
            AuthenticationCode1=first,
            AuthenticationCode2=second,
        )
    assert iam.list_mfa_devices(UserName="user")["MFADevices"] == []


def test_a_device_is_one_users(device, make_user, enable, refused):
    make_user()
    make_user("other")
    enable(device)
    with refused("EntityAlreadyExists", "MFA Device is already in use."):
        enable(device, "other")


def test_only_devices_and_users_that_are_there_are_enabled(device, make_user, enable, refused):
    with refused("NoSuchEntity", "The user with name user cannot be found."):
        enable(device)
    make_user()
    with refused("NoSuchEntity", "doesn't exist."):
        enable({**device, "SerialNumber": device["SerialNumber"] + "x"})


def test_a_user_has_eight_devices_at_most(iam, make_user, enable, refused):
    make_user()

    def create(number):
        return iam.create_virtual_mfa_device(VirtualMFADeviceName=f"device{number}")["VirtualMFADevice"]

    for number in range(8):
        enable(create(number))
    with refused("LimitExceeded", "Cannot exceed quota for MFADevicesPerUser: 8"):
        enable(create(8))


def test_a_hardware_token_is_known_by_its_serial_number(iam, make_user, enable, refused):
    make_user()
    token = {"SerialNumber": "GAHT12345678", "Base32StringSeed": base64.b32encode(mfa.hardware_seed("GAHT12345678"))}
    enable(token)
    assert iam.list_mfa_devices(UserName="user")["MFADevices"][0]["SerialNumber"] == "GAHT12345678"
    assert iam.list_virtual_mfa_devices()["VirtualMFADevices"] == []
    iam.deactivate_mfa_device(UserName="user", SerialNumber="GAHT12345678")
    with refused("NoSuchEntity", "MFA Device invalid for user."):
        iam.deactivate_mfa_device(UserName="user", SerialNumber="GAHT12345678")


def test_a_user_with_a_device_cannot_be_deleted(iam, device, make_user, enable, refused):
    make_user()
    enable(device)
    with refused("DeleteConflict", "Cannot delete entity, must delete MFA device first."):
        iam.delete_user(UserName="user")


# -- clocks that run off


def test_a_device_whose_clock_ran_off_is_brought_in_step(iam, device, make_user, enable, code_at, refused):
    make_user()
    enable(device)
    seed, serial = device["Base32StringSeed"], device["SerialNumber"]

    def resync(first, second):
        codes = {"AuthenticationCode1": code_at(seed, first), "AuthenticationCode2": code_at(seed, second)}
        iam.resync_mfa_device(UserName="user", SerialNumber=serial, **codes)

    resync(40, 41)
    with refused("InvalidAuthenticationCode"):
        resync(40, 42)
    with refused("InvalidAuthenticationCode"):
        resync(4000, 4001)


def test_only_a_users_own_device_is_brought_in_step(iam, device, make_user, refused):
    make_user()
    with refused("NoSuchEntity", "MFA Device invalid for user."):
        iam.resync_mfa_device(
            UserName="user",
            SerialNumber=device["SerialNumber"],
            AuthenticationCode1="123456",
            AuthenticationCode2="654321",
        )
