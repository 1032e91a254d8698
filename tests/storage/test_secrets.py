"""The keys beside the store: written once, for the owner only, and carried by snapshots."""

import asyncio
import io
import os
import stat
import zipfile

import pytest

from fogbank.app import App
from fogbank.config import Settings
from fogbank.storage.base import StoreError
from fogbank.storage.secrets import Secrets


def test_only_the_owner_can_read_a_secret(tmp_path):
    secrets = Secrets(str(tmp_path / "secrets"))
    secrets.add("a-key", b"secret")
    assert secrets.read("a-key") == b"secret"
    assert stat.S_IMODE(os.stat(tmp_path / "secrets" / "a-key").st_mode) == 0o600
    assert stat.S_IMODE(os.stat(tmp_path / "secrets").st_mode) == 0o700
    assert secrets.names() == ["a-key"]


def test_a_secret_that_is_not_there_cannot_be_read(tmp_path):
    with pytest.raises(OSError):
        Secrets(str(tmp_path)).read("none")


def test_a_secret_is_written_once(tmp_path):
    secrets = Secrets(str(tmp_path))
    secrets.add("a-key", b"first")
    secrets.add("a-key", b"second")
    assert Secrets(str(tmp_path)).read("a-key") == b"first"


def run(work, **options):
    async def main():
        app = App(Settings(port=0, ephemeral=True, **options))
        await app.open()
        try:
            return await work(app)
        finally:
            await app.close()

    return asyncio.run(main())


def test_a_snapshot_brings_secrets_to_another_server(tmp_path):
    target = str(tmp_path / "state.zip")

    async def first(app):
        app.secrets.add("a-key", b"secret")
        await app.save(target)

    async def second(app):
        app.secrets.add("another", b"stays")
        await app.load(target)
        return [(name, app.secrets.read(name)) for name in app.secrets.names()]

    run(first, secrets=str(tmp_path / "first"))
    assert run(second, secrets=str(tmp_path / "second")) == [("a-key", b"secret"), ("another", b"stays")]


def test_a_snapshot_cannot_write_outside_of_the_secrets(tmp_path):
    target = io.BytesIO()

    async def save(app):
        await app.save(target)

    async def load(app):
        await app.load(target)

    run(save)
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr("secrets/../escaped", b"x")
    with pytest.raises(StoreError):
        run(load, secrets=str(tmp_path / "secrets"))
    assert not (tmp_path / "escaped").exists()
