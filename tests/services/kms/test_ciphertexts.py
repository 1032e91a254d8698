"""The format of ciphertext blobs, and the names of materials: what always holds."""

import os

from hypothesis import given, settings
from hypothesis import strategies as st

from fogbank.services.kms import ciphertexts
from fogbank.services.kms.key import material_id

KEY = "12345678-1234-1234-1234-123456789012"
MATERIAL = os.urandom(32)
NAME = material_id(KEY, MATERIAL)

contexts = st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=4)
accounts = st.integers(0, 10**12 - 1).map("{:012d}".format)


@given(st.binary(min_size=1, max_size=4096), contexts, accounts)
def test_what_is_encrypted_is_decrypted(plaintext, context, account):
    blob = ciphertexts.parse(ciphertexts.encrypt(account, KEY, NAME, MATERIAL, plaintext, context))
    assert (blob.account, blob.key_id, blob.material) == (account, KEY, NAME)
    assert ciphertexts.decrypt(blob, MATERIAL, context) == plaintext


@given(st.binary(max_size=64), st.integers(0, 1000), st.integers(1, 255))
def test_no_changed_blob_is_decrypted(plaintext, at, change):
    data = bytearray(ciphertexts.encrypt("123456789012", KEY, NAME, MATERIAL, plaintext or b"x", {}))
    data[at % len(data)] ^= change
    blob = ciphertexts.parse(bytes(data))
    assert blob is None or ciphertexts.decrypt(blob, MATERIAL, {}) is None


@given(st.binary(max_size=300))
@settings(max_examples=100)
def test_garbage_is_parsed_as_garbage(data):
    blob = ciphertexts.parse(data)
    assert blob is None or ciphertexts.decrypt(blob, MATERIAL, {}) is None


@given(contexts, contexts)
def test_no_two_contexts_are_encoded_alike(one, other):
    assert (ciphertexts.encoded(one) == ciphertexts.encoded(other)) == (one == other)


@given(st.permutations(["a", "b", "c", "d"]))
def test_the_order_of_a_context_is_of_no_matter(names):
    assert ciphertexts.encoded(dict.fromkeys(names, "x")) == ciphertexts.encoded(dict.fromkeys("abcd", "x"))


def test_a_material_has_one_name_per_key():
    assert material_id(KEY, MATERIAL) == NAME
    assert material_id(KEY, os.urandom(32)) != NAME
    assert material_id(KEY[::-1], MATERIAL) != NAME
