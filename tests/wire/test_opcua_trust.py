"""Who is believed over OPC UA: pinned servers, passwords, and certificates that cannot be used."""

import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from certificates import make_certificate
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from wire_plants import points, served

from lowlift.wire.adapter import ServeError
from lowlift.wire.link import SetupError
from lowlift.wire.links import UrlError, make_link
from lowlift.wire.opcua_certificate import CertificateError, CertificateWarning, read_certificate, read_pair
from lowlift.wire.opcua_client import APPLICATION
from lowlift.wire.opcua_server import APPLICATION as SERVER
from lowlift.wire.opcua_server import OpcUaServer

C = 273.15
CMD = "T_chw_set.cmd"
PASSWORD = "for this test only"
AWAY = "opc.tcp://192.0.2.7:4840"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="module")
def pair(folder: Path) -> tuple[Path, Path]:
    (folder / "server").mkdir()
    return make_certificate(folder / "server", SERVER)


@pytest.fixture(scope="module")
def own(folder: Path) -> dict[str, Path]:
    (folder / "own").mkdir()
    certificate, key = make_certificate(folder / "own", APPLICATION)
    return {"certificate": certificate, "private_key": key}


@pytest.fixture(scope="module")
def there(pair: tuple[Path, Path]) -> Iterator[OpcUaServer]:
    one = OpcUaServer(served().image, port=0, users={"operator": PASSWORD}, certificate=pair[0], private_key=pair[1])
    one.start()
    yield one
    one.stop()


def made(folder: Path, *, uri: str | None = APPLICATION, days: tuple[float, float] = (-1.0, 1.0), bits: int = 2048) -> dict[str, Path]:
    """A key pair as it should not be; PEM under a name that does not say so."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    builder = builder.not_valid_before(now + timedelta(days=days[0])).not_valid_after(now + timedelta(days=days[1]))
    if uri is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri)]), critical=False)
    files = {"certificate": folder / "own.crt", "private_key": folder / "own.key"}
    files["certificate"].write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    files["private_key"].write_bytes(key.private_bytes(*form))
    return files


def test_a_pinned_server_takes_the_password_and_the_setpoint(
    there: OpcUaServer, pair: tuple[Path, Path], own: dict[str, Path], tmp_path: Path
) -> None:
    pem = tmp_path / "server.crt"
    pem.write_bytes(read_certificate(pair[0]).public_bytes(serialization.Encoding.PEM))
    for pin in (pair[0], pem):
        with make_link(points(), there.url, timeout=10.0, user="operator", password=PASSWORD, server_certificate=pin, **own) as link:
            link.write({CMD: C + 8.5})
            assert link.read([CMD])[CMD] == pytest.approx(C + 8.5)


def test_somebody_in_the_middle_gets_nothing(there: OpcUaServer, own: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "middle").mkdir()
    other, _ = make_certificate(tmp_path / "middle", SERVER)
    link = make_link(points(), there.url, timeout=10.0, user="operator", password=PASSWORD, server_certificate=other, **own)
    with pytest.raises(SetupError, match=r"another certificate \(SHA-256 ([0-9A-F]{2}:)+.*nothing has been sent"):
        link.connect()


def test_a_wrong_password_is_not_tried_again_and_again(there: OpcUaServer, pair: tuple[Path, Path], own: dict[str, Path]) -> None:
    link = make_link(points(), there.url, timeout=10.0, user="operator", password="wrong", server_certificate=pair[0], **own)
    with pytest.raises(SetupError, match="Bad"):
        link.connect()


def test_a_password_goes_to_nobody_unknown(own: dict[str, Path], pair: tuple[Path, Path]) -> None:
    with pytest.raises(UrlError, match="a password would go to whoever answers; --server-certificate"):
        make_link(points(), AWAY, user="operator", password=PASSWORD, **own)
    with pytest.raises(UrlError, match="needs the user"):
        make_link(points(), AWAY, password=PASSWORD, server_certificate=pair[0], **own)
    with pytest.raises(UrlError, match="over a secure connection only"):
        make_link(points(), AWAY, server_certificate=pair[0])
    for options in ({}, own):
        with pytest.warns(CertificateWarning, match="whoever answers is believed"):
            make_link(points(), AWAY, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make_link(points(), AWAY, user="operator", password=PASSWORD, server_certificate=pair[0], **own)


@pytest.mark.parametrize(
    ("how", "what"),
    [({"days": (-2.0, -1.0)}, "is valid from .* and now it is"), ({"days": (1.0, 2.0)}, "is valid from"), ({"bits": 1024}, "2048 to 4096")],
)
def test_certificates_that_cannot_be_used_are_refused_on_both_sides(how: dict, what: str, tmp_path: Path) -> None:
    files = made(tmp_path, **how)
    with pytest.raises(UrlError, match=what):
        make_link(points(), "opc.tcp://127.0.0.1:1", **files)
    with pytest.raises(ServeError, match=what):
        OpcUaServer(served().image, port=0, **files).start()


def test_files_that_are_not_there_or_do_not_belong_together(own: dict[str, Path], tmp_path: Path) -> None:
    none = tmp_path / "none.pem"
    for options, what in (
        (own | {"certificate": none}, "certificate .*none.pem cannot be read: No such file"),
        (own | {"private_key": none}, "private key .*none.pem cannot be read: No such file"),
        (own | {"server_certificate": none}, "server certificate .*none.pem cannot be read: No such file"),
        (own | {"private_key": made(tmp_path)["private_key"]}, "does not belong to certificate"),
    ):
        with pytest.raises(UrlError, match=what):
            make_link(points(), "opc.tcp://127.0.0.1:1", **options)


def test_a_certificate_without_a_uri_is_warned_of_and_one_with_another_names_the_application(tmp_path: Path) -> None:
    files = made(tmp_path, uri="urn:site:lowlift")
    assert read_pair(files["certificate"], files["private_key"], APPLICATION).uri == "urn:site:lowlift"
    files = made(tmp_path, uri=None)
    with pytest.warns(CertificateWarning, match="names no URI .*urn:lowlift:control"):
        assert read_pair(files["certificate"], files["private_key"], APPLICATION).uri == APPLICATION
    (tmp_path / "bad").write_bytes(b"nothing")
    with pytest.raises(CertificateError, match="no certificate in DER or PEM"):
        read_certificate(tmp_path / "bad")
