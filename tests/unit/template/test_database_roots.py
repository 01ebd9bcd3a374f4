"""Why the template sets SSL_CERT_FILE: psycopg's OpenSSL looks for roots where there are none."""

import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

# As CATALOG_URL may ask for it; the last line of the error says how far it came.
CONNECT = """
import psycopg, sys
try:
    psycopg.connect(host="localhost", port=int(sys.argv[1]), user="a", dbname="b",
                    connect_timeout=5, sslmode="verify-full", sslrootcert="system",
                    sslnegotiation="direct")
except psycopg.OperationalError as error:
    print(str(error).strip().splitlines()[-1])
"""


@pytest.fixture
def roots(tmp_path: Path) -> Path:
    """A certificate for localhost that is its own root; beside it its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1)
    builder = builder.not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(1))
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    signed = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    (tmp_path / "roots.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    return tmp_path / "roots.pem"


@pytest.fixture
def port(roots: Path) -> Iterator[int]:
    """A server that shakes hands as a database does, and hangs up."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(roots, roots.with_name("key.pem"))
    context.set_alpn_protocols(["postgresql"])
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):  # the listener is closed
            while True:
                connection, _ = listener.accept()
                with (
                    suppress(OSError),
                    connection,
                    context.wrap_socket(connection, server_side=True) as secure,
                ):
                    secure.recv(100)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(10)


def connected(port: int, **variables: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "SSL_CERT_FILE"}
    done = subprocess.run(
        [sys.executable, "-c", CONNECT, str(port)],
        env=environment | variables,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_a_database_is_trusted_by_the_roots_that_the_variable_names(port: int, roots: Path) -> None:
    assert "certificate verify failed" in connected(port)
    trusted = connected(port, SSL_CERT_FILE=str(roots))
    assert trusted
    assert "verify failed" not in trusted
