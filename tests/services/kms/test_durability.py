"""Keys survive: `kill -9`, a snapshot in another data directory. And what the store has is worth nothing alone."""

import asyncio
import os
import shutil
import sqlite3

import pytest

from fogbank.app import App
from fogbank.config import Settings
from fogbank.identity.principals import root
from fogbank.kernel import AWSError, Context
from fogbank.testing.clients import Clients
from fogbank.testing.process import ServerProcess

ACCOUNT = "123456789012"


def test_a_killed_server_comes_back_with_its_keys_and_what_is_due(tmp_path):
    with ServerProcess(tmp_path) as server:
        kms = Clients(server.endpoint, ACCOUNT)("kms")
        key, doomed = (kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(2))
        blob = kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"a": "b"})["CiphertextBlob"]
        kms.schedule_key_deletion(KeyId=doomed)
        server.kill()
        server.start()
        kms = Clients(server.endpoint, ACCOUNT)("kms")
        assert kms.decrypt(CiphertextBlob=blob, EncryptionContext={"a": "b"})["Plaintext"] == b"x"
        assert kms.describe_key(KeyId=doomed)["KeyMetadata"]["KeyState"] == "PendingDeletion"


# -- in this process, where the parts can be looked at


def run(directory, work, **settings):
    """Run `work(call)` on a state; `call(operation, request)` is the account's root."""

    async def main():
        app = App(Settings(port=0, data_dir=str(directory), **settings))
        await app.open()
        try:

            async def call(operation, **request):
                service = app.services.get("kms")
                ctx = Context(app, service, operation, root(ACCOUNT), ACCOUNT, "us-east-1", "id", "http://x")
                return await ctx.transact(service.operations[operation].handler, ctx, request)

            return await work(app, call)
        finally:
            await app.close()

    return asyncio.run(main())


async def make(app, call):
    key = (await call("create_key"))["KeyMetadata"]["KeyId"]
    return (await call("encrypt", KeyId=key, Plaintext=b"secret"))["CiphertextBlob"]


def test_the_root_key_is_a_file_of_the_owner_beside_the_store(tmp_path):
    run(tmp_path, make)
    (name,) = os.listdir(tmp_path / "secrets")
    path = tmp_path / "secrets" / name
    assert path.stat().st_mode & 0o777 == 0o600
    secret = path.read_bytes()
    assert len(secret) == 32
    with sqlite3.connect(tmp_path / "state.db") as database:
        rows = b"".join(bytes(part) for row in database.execute("select * from kv") for part in row)
    assert secret not in rows


def test_the_store_without_the_root_key_gives_nothing_away(tmp_path):
    blob = run(tmp_path / "here", make)
    shutil.copytree(tmp_path / "here", tmp_path / "there", ignore=shutil.ignore_patterns("secrets"))

    async def decrypt(app, call):
        with pytest.raises(AWSError) as caught:
            await call("decrypt", CiphertextBlob=blob)
        return caught.value

    error = run(tmp_path / "there", decrypt)
    assert error.code == "KMSInternalException"
    assert "is not in" in error.message


def test_a_snapshot_restores_in_another_data_directory(tmp_path):
    async def save(app, call):
        blob = await make(app, call)
        await app.save(str(tmp_path / "state.zip"))
        return blob

    blob = run(tmp_path / "here", save)

    async def load(app, call):
        other = await make(app, call)
        await app.load(str(tmp_path / "state.zip"))
        with pytest.raises(AWSError):
            await call("decrypt", CiphertextBlob=other)
        return (await call("decrypt", CiphertextBlob=blob))["Plaintext"]

    assert run(tmp_path / "there", load) == b"secret"


def test_servers_on_one_store_share_the_directory_of_secrets(tmp_path):
    secrets = str(tmp_path / "secrets")
    blob = run(tmp_path / "here", make, secrets=secrets)

    async def decrypt(app, call):
        return (await call("decrypt", CiphertextBlob=blob))["Plaintext"]

    assert run(tmp_path / "here", decrypt, secrets=secrets) == b"secret"
    assert not (tmp_path / "here" / "secrets").exists()
