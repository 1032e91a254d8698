"""Secrets at rest: only with their root key, only under their name."""

from __future__ import annotations

import os
import shutil

import pytest
from cryptography.exceptions import InvalidTag

from fogbank.kernel.vault import Vault
from fogbank.testing import server

VAULT = Vault("test-vault")


@pytest.fixture
def running(tmp_path):
    with server(data_dir=tmp_path) as one:
        yield one


def do(running, method, *args):
    """Run a method of the vault in a transaction."""
    ctx = running.app.system_context()
    return running.call(ctx.transact(method, ctx, *args))


def test_a_secret_comes_back_under_its_name_only(running):
    sealed = do(running, VAULT.seal, b"s3cret", "name")
    assert b"s3cret" not in sealed
    assert do(running, VAULT.unseal, sealed, "name") == b"s3cret"
    with pytest.raises(InvalidTag):
        do(running, VAULT.unseal, sealed, "another")


def test_the_root_key_is_beside_the_store(running):
    do(running, VAULT.seal, b"s3cret", "name")
    assert [name.startswith("test-vault-") for name in running.app.secrets.names()] == [True]


def test_without_the_root_key_there_is_no_secret(tmp_path):
    with server(data_dir=tmp_path) as first:
        sealed = do(first, VAULT.seal, b"s3cret", "name")
        directory = first.app.secrets.directory
    shutil.move(directory, os.path.join(tmp_path, "elsewhere"))
    with server(data_dir=tmp_path) as second, pytest.raises(LookupError, match="which is not in"):
        do(second, VAULT.unseal, sealed, "name")
