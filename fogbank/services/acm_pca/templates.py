"""Templates: which extensions a certificate gets, and what of the request and of its CSR is passed through. Pure.

https://docs.aws.amazon.com/privateca/latest/userguide/UsingTemplates.html. The name of a template tells all:
`SubordinateCACertificate_PathLen1_APICSRPassthrough/V1`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

PREFIX = ":acm-pca:::template/"
DEFAULT = "EndEntityCertificate/V1"

_SERVER, _CLIENT = "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"
_CODE, _OCSP = "1.3.6.1.5.5.7.3.3", "1.3.6.1.5.5.7.3.9"
_SIGN_CERTIFICATES = ("digital_signature", "key_cert_sign", "crl_sign")
_ENCIPHER = ("digital_signature", "key_encipherment")


class Template(NamedTuple):
    """What a template prescribes.

    is_authority, path_length, constraints_critical   basic constraints
    is_root        the issuer is the subject itself
    usages         key usage, critical; none for blank templates
    extended       extended key usage (object identifiers), and whether it is critical
    revocable      has it the CRL distribution point and the OCSP responder?
    from_api, from_csr   may the request, may the CSR, bring extensions?
    """

    is_authority: bool
    path_length: int | None
    constraints_critical: bool
    is_root: bool
    usages: tuple[str, ...]
    extended: tuple[str, ...]
    extended_critical: bool
    revocable: bool
    from_api: bool
    from_csr: bool
    arn: str


class _Base(NamedTuple):
    usages: tuple[str, ...]
    extended: tuple[str, ...] = ()
    extended_critical: bool = False
    is_authority: bool = False
    is_root: bool = False
    is_blank: bool = False
    revocable: bool = True


_BASES = {
    "EndEntityCertificate": _Base(_ENCIPHER, (_SERVER, _CLIENT)),
    "EndEntityClientAuthCertificate": _Base(_ENCIPHER, (_CLIENT,)),
    "EndEntityServerAuthCertificate": _Base(_ENCIPHER, (_SERVER,)),
    "CodeSigningCertificate": _Base(("digital_signature",), (_CODE,), True),
    "OCSPSigningCertificate": _Base(("digital_signature",), (_OCSP,), True, revocable=False),
    "RootCACertificate": _Base(_SIGN_CERTIFICATES, is_authority=True, is_root=True, revocable=False),
    "SubordinateCACertificate": _Base(_SIGN_CERTIFICATES, is_authority=True),
    "BlankEndEntityCertificate": _Base((), is_blank=True),
    "BlankRootCACertificate": _Base((), is_authority=True, is_root=True, is_blank=True, revocable=False),
    "BlankSubordinateCACertificate": _Base((), is_authority=True, is_blank=True),
}
_NAME = re.compile(
    r"(?P<base>[A-Za-z]+)(?P<critical>_CriticalBasicConstraints)?(?:_PathLen(?P<length>[0-3]))?"
    r"(?:_(?P<through>APICSR|API|CSR)Passthrough)?/V1"
)


def find(arn: str | None, partition: str = "aws") -> Template | None:
    """The template of an ARN, the default one for none; None when there is no such template."""
    name = DEFAULT if arn is None else arn.partition(PREFIX)[2]
    found = _NAME.fullmatch(name)
    base = _BASES.get(found["base"]) if found else None
    if found is None or base is None or not _is_known(base, found):
        return None
    through = found["through"] or ""
    return Template(
        base.is_authority,
        int(found["length"]) if found["length"] else None,
        base.is_authority or found["critical"] is not None,
        base.is_root,
        base.usages,
        base.extended,
        base.extended_critical,
        base.revocable,
        "API" in through,
        "CSR" in through,
        f"arn:{partition}{PREFIX}{name}",
    )


def _is_known(base: _Base, found: re.Match[str]) -> bool:
    """Does AWS have this combination?"""
    through, length, critical = found["through"], found["length"], found["critical"]
    if critical and not (base.is_blank and not base.is_authority):
        return False
    if length and not (base.is_authority and (base.is_blank or not base.is_root)):
        return False
    if base.is_root and through not in (None, "API"):
        return False
    if base.is_blank and through is None:
        return False
    return not (base.is_authority and not base.is_root and length is None)
