import os

from fogbank.storage.temporary import LOCK, TemporaryDirectory


def test_what_a_killed_process_left_behind_goes_and_what_is_in_use_stays(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    used = TemporaryDirectory("f-")
    left, other = tmp_path / "f-left", tmp_path / "other"
    for each in (left, other):
        each.mkdir()
        (each / LOCK).touch()
    for each in (used.path, left, other):
        os.utime(each, (0, 0))
    TemporaryDirectory("f-").close()
    assert sorted(tmp_path.iterdir()) == sorted([other, tmp_path / used.path])
    used.close()
    assert list(tmp_path.iterdir()) == [other]
