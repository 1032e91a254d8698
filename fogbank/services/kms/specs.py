"""Key specs: what keys there are, what each may be used for, and by which algorithms.

https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Family = Literal["symmetric", "hmac", "rsa", "ecc", "eddsa", "mldsa", "mlkem", "sm2"]

SYMMETRIC = "SYMMETRIC_DEFAULT"

ENCRYPT = "ENCRYPT_DECRYPT"
SIGN = "SIGN_VERIFY"
MAC = "GENERATE_VERIFY_MAC"
AGREE = "KEY_AGREEMENT"
ENCAPSULATE = "ENCAPSULATE_DECAPSULATE"


class Spec(NamedTuple):
    """`algorithms` has the algorithms of each usage that the spec allows. `size` is in bits, or what the family goes by."""

    name: str
    family: Family
    size: int
    algorithms: dict[str, tuple[str, ...]]

    @property
    def asymmetric(self) -> bool:
        return self.family not in ("symmetric", "hmac")


_OAEP = ("RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256")
_RSA_SIGNING = tuple(f"RSASSA_{scheme}_SHA_{bits}" for scheme in ("PKCS1_V1_5", "PSS") for bits in (256, 384, 512))
_ECDH = ("ECDH",)


def _rsa(size: int) -> Spec:
    return Spec(f"RSA_{size}", "rsa", size, {ENCRYPT: _OAEP, SIGN: _RSA_SIGNING})


def _hmac(size: int) -> Spec:
    return Spec(f"HMAC_{size}", "hmac", size, {MAC: (f"HMAC_SHA_{size}",)})


_ALL = (
    Spec(SYMMETRIC, "symmetric", 256, {ENCRYPT: (SYMMETRIC,)}),
    *(_hmac(size) for size in (224, 256, 384, 512)),
    *(_rsa(size) for size in (2048, 3072, 4096)),
    Spec("ECC_NIST_P256", "ecc", 256, {SIGN: ("ECDSA_SHA_256",), AGREE: _ECDH}),
    Spec("ECC_NIST_P384", "ecc", 384, {SIGN: ("ECDSA_SHA_384",), AGREE: _ECDH}),
    Spec("ECC_NIST_P521", "ecc", 521, {SIGN: ("ECDSA_SHA_512",), AGREE: _ECDH}),
    Spec("ECC_SECG_P256K1", "ecc", 256, {SIGN: ("ECDSA_SHA_256",)}),
    Spec("ECC_NIST_EDWARDS25519", "eddsa", 256, {SIGN: ("ED25519_SHA_512", "ED25519_PH_SHA_512")}),
    *(Spec(f"ML_DSA_{size}", "mldsa", size, {SIGN: ("ML_DSA_SHAKE_256",)}) for size in (44, 65, 87)),
    *(Spec(f"ML_KEM_{size}", "mlkem", size, {ENCAPSULATE: ("ML_KEM",)}) for size in (512, 768, 1024)),
    Spec("SM2", "sm2", 256, {ENCRYPT: ("SM2PKE",), SIGN: ("SM2DSA",), AGREE: _ECDH}),
)
SPECS = {spec.name: spec for spec in _ALL}

# The member of a key's description that lists the algorithms of a usage.
MEMBERS = {
    ENCRYPT: "EncryptionAlgorithms",
    SIGN: "SigningAlgorithms",
    MAC: "MacAlgorithms",
    AGREE: "KeyAgreementAlgorithms",
    ENCAPSULATE: "EncapsulationAlgorithms",
}

_ALWAYS_GRANTABLE = frozenset({"CreateGrant", "RetireGrant", "DescribeKey"})
_SYMMETRIC_GRANTS = frozenset(
    {
        "Decrypt",
        "Encrypt",
        "GenerateDataKey",
        "GenerateDataKeyPair",
        "GenerateDataKeyPairWithoutPlaintext",
        "GenerateDataKeyWithoutPlaintext",
        "ReEncryptFrom",
        "ReEncryptTo",
    }
)
_GRANTS = {
    ENCRYPT: frozenset({"Decrypt", "Encrypt", "ReEncryptFrom", "ReEncryptTo", "GetPublicKey"}),
    SIGN: frozenset({"Sign", "Verify", "GetPublicKey"}),
    MAC: frozenset({"GenerateMac", "VerifyMac"}),
    AGREE: frozenset({"DeriveSharedSecret", "GetPublicKey"}),
    ENCAPSULATE: frozenset({"Encapsulate", "Decapsulate", "GetPublicKey"}),
}


def grantable(spec: str, usage: str) -> frozenset[str]:
    """The operations that a grant on a key may permit.

    https://docs.aws.amazon.com/kms/latest/developerguide/grants.html#terms-grant-operations
    """
    return _ALWAYS_GRANTABLE | (_SYMMETRIC_GRANTS if spec == SYMMETRIC else _GRANTS[usage])
