"""An ACME client of the tests' own (RFC 8555), on `cryptography` and urllib only."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import urllib.error
import urllib.request

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID


def encode(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Problem(Exception):
    """A refusal: `kind` is the last part of its type."""

    def __init__(self, status, document):
        super().__init__(document)
        self.status = status
        self.kind = document["type"].rpartition(":")[2]


class Client:
    """One client with a key; `account` is its URL once it has registered. `last` are the headers of the last answer."""

    def __init__(self, directory_url, key=None):
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        with urllib.request.urlopen(directory_url) as answer:
            self.directory = json.load(answer)
        self.account = None
        self.last = {}

    @property
    def jwk(self):
        return jwk_of(self.key)

    def nonce(self):
        request = urllib.request.Request(self.directory["newNonce"], method="HEAD")
        with urllib.request.urlopen(request) as answer:
            return answer.headers["replay-nonce"]

    def signed(self, to, payload, key=None, **header):
        """A flattened JWS."""
        protected = encode(json.dumps({"alg": "ES256", "url": to, **header}).encode())
        body = "" if payload is None else encode(json.dumps(payload).encode())
        r, s = decode_dss_signature((key or self.key).sign(f"{protected}.{body}".encode(), ec.ECDSA(hashes.SHA256())))
        signature = encode(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
        return {"protected": protected, "payload": body, "signature": signature}

    def post(self, to, payload=None, **header):
        """The answer to a signed request: JSON where it is, else text. Raises Problem."""
        who = {"kid": self.account} if self.account else {"jwk": self.jwk}
        body = self.signed(to, payload, **{"nonce": header.pop("nonce", None) or self.nonce(), **who, **header})
        request = urllib.request.Request(to, json.dumps(body).encode(), {"Content-Type": "application/jose+json"})
        try:
            with urllib.request.urlopen(request) as answer:
                self.last = answer.headers
                text = answer.read().decode()
        except urllib.error.HTTPError as error:
            raise Problem(error.code, json.load(error)) from None
        return json.loads(text) if "json" in self.last.get("content-type", "") else text

    def register(self, key_id=None, mac_key=None, **payload):
        url = self.directory["newAccount"]
        if key_id is not None:
            payload["externalAccountBinding"] = self.binding(url, key_id, mac_key)
        document = self.post(url, payload)
        self.account = self.last["location"]
        return document

    def binding(self, url, key_id, mac_key):
        protected = encode(json.dumps({"alg": "HS256", "kid": key_id, "url": url}).encode())
        payload = encode(json.dumps(self.jwk).encode())
        secret = base64.urlsafe_b64decode(mac_key + "=" * (-len(mac_key) % 4))
        mac = hmac.new(secret, f"{protected}.{payload}".encode(), hashlib.sha256).digest()
        return {"protected": protected, "payload": payload, "signature": encode(mac)}

    def order(self, *names):
        identifiers = [{"type": "dns", "value": name} for name in names]
        return self.post(self.directory["newOrder"], {"identifiers": identifiers})

    def finalize(self, order, *names, key=None):
        csr = signing_request(names, key or ec.generate_private_key(ec.SECP256R1()))
        return self.post(order["finalize"], {"csr": encode(csr)})


def jwk_of(key):
    numbers = key.public_key().public_numbers()
    x, y = (encode(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


def signing_request(names, key):
    """A CSR in DER."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    )
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
