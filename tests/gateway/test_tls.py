"""TLS and plain HTTP on one port, and the certificate that is made for it."""

from __future__ import annotations

import datetime
import os
import socket
import ssl
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509

from fogbank.gateway import tls
from fogbank.gateway.front import Limits
from fogbank.http import FileBody, Response
from tests.gateway.conftest import StartEdge
from tests.gateway.front_harness import PATIENCE, STEADY, Edge, Wire, hasty, message, read_stream

MIB = 1024 * 1024


@pytest.fixture(scope="session")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("certificate")
    tls.server_context(path)
    return path


@pytest.fixture
def secure(start_edge: StartEdge, limits: Limits, directory: Path) -> Edge:
    return start_edge(limits, tls=directory)


def client_context(directory: Path, *protocols: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(directory / tls.CERTIFICATE))
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return context


def connect(edge: Edge, directory: Path, *protocols: str, name: str = "localhost") -> Wire:
    wire = edge.connect()
    wire.socket = client_context(directory, *protocols).wrap_socket(wire.socket, server_hostname=name)
    return wire


@pytest.mark.parametrize("protocols", [(), ("http/1.1",), ("spdy/3", "http/1.1")])
def test_tls_is_answered(secure: Edge, directory: Path, protocols: tuple[str, ...]) -> None:
    wire = connect(secure, directory, *protocols)
    assert wire.get("/a").json["scheme"] == "https"
    assert wire.ask("PUT", "/b", body=b"x" * 3 * MIB).json["size"] == 3 * MIB


def test_plain_is_answered_on_the_same_port(secure: Edge) -> None:
    assert secure.connect().get("/").json["scheme"] == "http"


def test_client_is_known_behind_tls(secure: Edge, directory: Path) -> None:
    assert connect(secure, directory).get("/").json["remote"] == "127.0.0.1"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_current_versions_of_tls_are_spoken(secure: Edge, directory: Path, version: ssl.TLSVersion) -> None:
    context = client_context(directory)
    context.minimum_version = context.maximum_version = version
    wire = secure.connect()
    wire.socket = context.wrap_socket(wire.socket, server_hostname="localhost")
    assert wire.get("/").status == 200


def test_request_sent_right_behind_the_handshake_is_answered(secure: Edge, directory: Path) -> None:
    for _ in range(20):
        assert connect(secure, directory).send(message("GET", "/")).answer().status == 200


def test_handshake_may_come_byte_by_byte(secure: Edge, directory: Path) -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context(directory).wrap_bio(incoming, outgoing, server_hostname="localhost")
    wire = secure.connect()
    wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while True:
        try:
            client.do_handshake()
            break
        except ssl.SSLWantReadError:
            for byte in outgoing.read():
                wire.socket.send(bytes([byte]))
            incoming.write(wire.socket.recv(65536))
    client.write(message("GET", "/"))
    wire.socket.sendall(outgoing.read())
    incoming.write(wire.socket.recv(65536))
    while True:
        try:
            assert client.read(65536).startswith(b"HTTP/1.1 200 OK\r\n")
            return
        except ssl.SSLWantReadError:
            incoming.write(wire.socket.recv(65536))


def test_files_are_sent_through_tls(secure: Edge, directory: Path, tmp_path: Path) -> None:
    path = tmp_path / "blob"
    path.write_bytes(os.urandom(5 * MIB))
    secure.route("/", lambda request, reply: Response(200, [], FileBody(os.open(path, os.O_RDONLY), 10, 4 * MIB)))
    wire = connect(secure, directory)
    assert wire.get("/").body == path.read_bytes()[10 : 4 * MIB + 10]
    assert wire.get("/next").status == 200


def test_streams_are_read_through_tls(secure: Edge, directory: Path) -> None:
    secure.route("/up", read_stream, streamed=True)
    assert connect(secure, directory).ask("PUT", "/up", body=b"x" * 5 * MIB).json["size"] == 5 * MIB


def test_early_answer_is_seen_through_tls(secure: Edge, directory: Path) -> None:
    secure.route("/up", lambda request, reply: Response(403), streamed=True)
    wire = connect(secure, directory)
    wire.send(message("PUT", "/up", f"Content-Length: {MIB}"), b"x" * 500_000)
    assert wire.answer().status == 403


def test_client_that_goes_away_is_seen_through_tls(secure: Edge, directory: Path) -> None:
    gone = threading.Event()
    secure.route("/poll", lambda request, reply: setattr(reply, "on_disconnect", gone.set))
    wire = connect(secure, directory).send(message("GET", "/poll"))
    until(lambda: secure.app.requests)
    wire.close()
    assert gone.wait(PATIENCE)


def test_handshake_that_fails_costs_one_connection(secure: Edge, directory: Path) -> None:
    wire = secure.connect().send(b"\x16\x03\x01\x00\x05nonsense")
    with pytest.raises((ssl.SSLError, OSError, AssertionError)):
        assert wire.is_closed()
        raise OSError
    assert connect(secure, directory).get("/").status == 200


def test_client_that_does_not_trust_us_costs_one_connection(secure: Edge, directory: Path) -> None:
    wire = secure.connect()
    with pytest.raises(ssl.SSLCertVerificationError):
        ssl.create_default_context().wrap_socket(wire.socket, server_hostname="localhost")
    assert connect(secure, directory).get("/").status == 200


@hasty
def test_handshake_that_does_not_go_on_is_timed_out(secure: Edge) -> None:
    wire = secure.connect().send(b"\x16\x03\x01")
    try:
        wire.rest()
    except ConnectionResetError:
        pass
    until(lambda: not secure.front._connections)


def test_close_ends_tls_connections(secure: Edge, directory: Path) -> None:
    wire = connect(secure, directory)
    wire.get("/")
    began = time.monotonic()
    secure.close()
    assert time.monotonic() - began < STEADY.close_seconds
    assert wire.receive() == b""


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


# The certificate


@pytest.mark.parametrize(
    "name",
    [
        "localhost",
        "sqs.localhost",
        "localhost.localstack.cloud",
        "s3.localhost.localstack.cloud",
        "bucket.s3.localhost",
        "bucket.s3.localhost.localstack.cloud",
        "bucket.s3.us-east-1.localhost.localstack.cloud",
        "bucket.s3-website.localhost.localstack.cloud",
        "abc123.execute-api.localhost.localstack.cloud",
        "abc123.lambda-url.eu-central-1.localhost.localstack.cloud",
        "127.0.0.1",
    ],
)
def test_certificate_is_good_for_the_names_of_endpoints(secure: Edge, directory: Path, name: str) -> None:
    assert connect(secure, directory, name=name).get("/").status == 200


def load(directory: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate((directory / tls.CERTIFICATE).read_bytes())


def test_certificate_is_good_for_ipv6(directory: Path) -> None:
    names = load(directory).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "::1" in [str(address) for address in names.get_values_for_type(x509.IPAddress)]


def test_certificate_is_good_for_strict_clients(secure: Edge, directory: Path) -> None:
    context = client_context(directory)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.wrap_socket(secure.connect().socket, server_hostname="localhost")


def test_certificate_stays_the_same(tmp_path: Path) -> None:
    tls.server_context(tmp_path / "new" / "directory")
    first = load(tmp_path / "new" / "directory")
    tls.server_context(tmp_path / "new" / "directory")
    assert load(tmp_path / "new" / "directory") == first


def test_certificate_is_made_anew_before_it_expires(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls, "VALIDITY", tls.MARGIN - datetime.timedelta(hours=1))
    tls.server_context(tmp_path)
    soon = load(tmp_path)
    monkeypatch.undo()
    tls.server_context(tmp_path)
    assert load(tmp_path).not_valid_after_utc > soon.not_valid_after_utc


@pytest.mark.parametrize("name", [tls.CERTIFICATE, tls.KEY])
def test_certificate_is_made_anew_when_half_of_it_is_missing(tmp_path: Path, name: str) -> None:
    tls.server_context(tmp_path)
    (tmp_path / name).unlink()
    tls.server_context(tmp_path)


def test_certificate_is_made_anew_when_it_is_not_one(tmp_path: Path) -> None:
    tls.server_context(tmp_path)
    (tmp_path / tls.CERTIFICATE).write_text("garbage")
    tls.server_context(tmp_path)


def test_certificate_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=example.org"]
    files = ["-keyout", str(tmp_path / tls.KEY), "-out", str(tmp_path / tls.CERTIFICATE)]
    subprocess.run(["openssl", "req", *kind, *files], check=True, capture_output=True)
    theirs = load(tmp_path)
    tls.server_context(tmp_path)
    assert load(tmp_path) == theirs


@pytest.mark.skipif(sys.platform == "win32", reason="no such file modes")
def test_key_is_for_the_owner_only(directory: Path) -> None:
    assert stat.S_IMODE((directory / tls.KEY).stat().st_mode) == 0o600


def test_directory_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError):
        tls.server_context(tmp_path / "file")
