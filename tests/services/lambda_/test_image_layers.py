"""Unpacking layers, whoever made them."""

from __future__ import annotations

import gzip
import io
import os
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fogbank.services.lambda_.runtime import images
from fogbank.services.lambda_.runtime.images import BadImage, Images

FILE, FOLDER, LINK, HARD = tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE


def layer(*members):
    """A plain layer of (name, kind, content or target)."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, kind, content in members:
            info = tarfile.TarInfo(name)
            info.type, info.mode, info.mtime = kind, 0o755, 1_000_000
            data = content if kind == FILE else b""
            info.size, info.linkname = len(data), "" if kind == FILE else content
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


@pytest.fixture
def unpack(tmp_path):
    def work(*layers):
        return Images(str(tmp_path / "images")).unpack("0" * 64, b"{}", (iter([each]) for each in layers)).root

    return work


def read(root, name):
    with open(os.path.join(root, name), "rb") as file:
        return file.read()


def test_files_and_folders_and_links_are_there(unpack):
    root = unpack(layer(("a", FOLDER, ""), ("a/b", FILE, b"1"), ("a/c", LINK, "b"), ("d", HARD, "a/b")))
    assert read(root, "a/c") == b"1"
    assert os.path.samefile(os.path.join(root, "d"), os.path.join(root, "a/b"))
    assert os.stat(os.path.join(root, "a/b")).st_mtime == 1_000_000


def test_links_lead_to_where_they_would_in_the_image(unpack):
    root = unpack(layer(("real", FOLDER, ""), ("link", LINK, "/real"), ("link/x", FILE, b"1")))
    assert read(root, "real/x") == b"1"


def test_nothing_is_written_through_a_link_that_leads_out(unpack, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    root = unpack(layer(("link", LINK, str(outside)), ("link/x", FILE, b"1")))
    assert list(outside.iterdir()) == []
    assert read(root, str(outside).lstrip("/") + "/x") == b"1"


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/../x"])
def test_a_name_that_leads_out_is_refused(unpack, name):
    with pytest.raises(BadImage, match="outside"):
        unpack(layer((name, FILE, b"1")))


@pytest.mark.parametrize("target", ["../../etc/passwd", "/etc/passwd", "nowhere"])
def test_a_hard_link_to_what_is_not_in_the_image_is_refused(unpack, target):
    with pytest.raises(BadImage):
        unpack(layer(("x", HARD, target)))


def test_links_in_a_circle_are_refused(unpack):
    with pytest.raises(BadImage, match="too many links"):
        unpack(layer(("a", LINK, "b"), ("b", LINK, "a"), ("a/x", FILE, b"1")))


def test_a_whiteout_takes_away_what_is_below(unpack):
    root = unpack(layer(("a/b", FILE, b"1"), ("a/c", FILE, b"2")), layer(("a/.wh.b", FILE, b"")))
    assert os.listdir(os.path.join(root, "a")) == ["c"]


def test_an_opaque_folder_keeps_what_its_own_layer_has(unpack):
    below = layer(("a/old", FILE, b"1"), ("a/sub/old", FILE, b"2"))
    above = layer(("a/new", FILE, b"3"), ("a/sub/new", FILE, b"4"), ("a/.wh..wh..opq", FILE, b""))
    root = unpack(below, above)
    assert sorted(os.listdir(os.path.join(root, "a"))) == ["new", "sub"]
    assert os.listdir(os.path.join(root, "a/sub")) == ["new"]


def test_what_is_above_replaces_what_is_below(unpack):
    below = layer(("folder", FOLDER, ""), ("folder/x", FILE, b"1"), ("file", FILE, b"2"), ("link", LINK, "/folder"))
    above = layer(("folder", FILE, b"3"), ("file", FOLDER, ""), ("link", FOLDER, ""))
    root = unpack(below, above)
    assert read(root, "folder") == b"3"
    assert os.path.isdir(os.path.join(root, "file"))
    assert not os.path.islink(os.path.join(root, "link"))


def test_devices_are_left_out(unpack):
    root = unpack(layer(("null", tarfile.CHRTYPE, ""), ("pipe", tarfile.FIFOTYPE, ""), ("x", FILE, b"1")))
    assert not os.path.lexists(os.path.join(root, "null"))
    assert not os.path.lexists(os.path.join(root, "pipe"))


def test_what_is_in_the_way_of_a_program_that_wakes_as_another_user_is_taken_off(unpack):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        info = tarfile.TarInfo("su")
        info.mode = 0o4755
        archive.addfile(info)
    assert os.stat(os.path.join(unpack(data.getvalue()), "su")).st_mode & 0o7777 == 0o755


def test_layers_may_be_packed(unpack, tmp_path):
    zstd = pytest.importorskip("backports.zstd", reason="Zstandard is not there")
    packed = [gzip.compress(layer(("a", FILE, b"1"))), zstd.compress(layer(("b", FILE, b"2")))]
    root = unpack(*packed)
    assert (read(root, "a"), read(root, "b")) == (b"1", b"2")


def test_bytes_that_are_no_archive_are_refused_and_leave_nothing(unpack, tmp_path):
    with pytest.raises(BadImage):
        unpack(layer(("a", FILE, b"1")), b"no archive" * 1000)
    assert list((tmp_path / "images").iterdir()) == []


@pytest.mark.parametrize("config", [b"", b"[]", b"no json", b'{"config": 3}'])
def test_a_configuration_that_is_none_is_refused(tmp_path, config):
    with pytest.raises(BadImage, match="configuration"):
        Images(str(tmp_path)).unpack("0" * 64, config, [])


def test_more_than_lambda_takes_is_refused(unpack, monkeypatch):
    monkeypatch.setattr(images, "IMAGE_BYTES", 10)
    with pytest.raises(BadImage, match="more than 10 bytes"):
        unpack(layer(("a", FILE, b"123456")), layer(("b", FILE, b"123456")))


_NAMES = st.lists(
    st.sampled_from(["a", "b", "..", "/", ".", ".wh.a", ".wh..", ".wh...", ".wh..wh..opq"]), min_size=1, max_size=6
).map("/".join)


@settings(max_examples=150, deadline=None)
@given(members=st.lists(st.tuples(_NAMES, st.sampled_from([FILE, FOLDER, LINK, HARD]), _NAMES), max_size=8))
def test_nothing_ever_gets_out(tmp_path_factory, members):
    place = tmp_path_factory.mktemp("unpacked")
    made = [(name, kind, target.encode() if kind == FILE else target) for name, kind, target in members]
    try:
        Images(str(place / "images")).unpack("0" * 64, b"{}", [iter([layer(*made)])])
    except BadImage:
        pass
    assert [each.name for each in place.iterdir()] == ["images"]
    assert {each.name for each in (place / "images").iterdir()} <= {"0" * 64}
