"""An OpenID Connect provider of the tests' own: it publishes its keys over TLS and signs what it is asked to."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import ipaddress
import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def self_signed(key, name="127.0.0.1"):
    """A certificate for the key, good for an hour."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )


class Issuer:
    def __init__(self, directory):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.documents = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._secure(directory)
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self.url = f"https://{self.host}"
        self.documents["/.well-known/openid-configuration"] = {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        self.publish(self.key)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def publish(self, key):
        """Make this key the one that the issuer shows."""
        shown = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key()))
        self.documents["/keys"] = {"keys": [shown | {"kid": "1", "use": "sig", "alg": "ES256"}]}

    def token(self, key=None, headers=None, **claims):
        now = int(time.time())
        given = {"iss": self.url, "sub": "ada", "aud": "sts.amazonaws.com", "iat": now, "exp": now + 300}
        claims = {name: value for name, value in (given | claims).items() if value is not None}
        return jwt.encode(claims, key or self.key, "ES256", headers or {"kid": "1"})

    def _secure(self, directory):
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self_signed(key)
        self.thumbprint = hashlib.sha1(certificate.public_bytes(serialization.Encoding.DER)).hexdigest()
        path = directory / "issuer.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._server.handle_error = lambda *_: None

    def _handler(self):
        documents = self.documents

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                document = documents.get(self.path)
                self.send_response(404 if document is None else 200)
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(json.dumps(document).encode())

            def log_message(self, *_):
                pass

        return Handler
