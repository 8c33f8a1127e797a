"""Certificates of OPC UA applications, checked before anybody relies on them (OPC 10000-6, 6.2.2; profile Basic256Sha256)."""

import dataclasses
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

PEM = b"-----BEGIN"
KEY_BITS = (2048, 4096)
"""Lengths of RSA keys that Basic256Sha256 takes."""


class CertificateError(ValueError):
    """A certificate or a key that cannot be used; the message names the file, and what is wrong."""


class CertificateWarning(UserWarning):
    """A certificate that the other side may refuse."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class KeyPair:
    """Certificate and private key of an application."""

    certificate: bytes
    """DER."""
    private_key: bytes
    """DER, PKCS 8."""
    uri: str
    """Of the application, as the certificate says."""


def read_certificate(path: str | Path, what: str = "certificate") -> x509.Certificate:
    """A certificate of DER or PEM that is valid now.

    Args:
        path: the file.
        what: what it is, for messages.

    Raises:
        CertificateError: unreadable, no certificate, not valid yet or any more, or no RSA key of a length that OPC UA takes.
    """
    data = _data(path, what)
    try:
        found = x509.load_pem_x509_certificate(data) if PEM in data else x509.load_der_x509_certificate(data)
        key: Any = found.public_key()
    except Exception as error:
        # Damaged files raise errors of many classes.
        raise CertificateError(f"{what} {path} cannot be read: no certificate in DER or PEM ({error})") from error
    now = datetime.now(UTC)
    if not found.not_valid_before_utc <= now <= found.not_valid_after_utc:
        raise CertificateError(f"{what} {path} is valid from {found.not_valid_before_utc:%Y-%m-%d %H:%M} to "
                               f"{found.not_valid_after_utc:%Y-%m-%d %H:%M} UTC, and now it is {now:%Y-%m-%d %H:%M}")  # fmt: skip
    if not isinstance(key, rsa.RSAPublicKey) or not KEY_BITS[0] <= key.key_size <= KEY_BITS[1]:
        raise CertificateError(f"{what} {path}: its key must be RSA of {KEY_BITS[0]} to {KEY_BITS[1]} bits")
    return found


def read_pair(certificate: str | Path, private_key: str | Path, application: str) -> KeyPair:
    """Certificate and key of an application.

    Args:
        certificate: DER or PEM.
        private_key: DER or PEM, without a password.
        application: its URI, where the certificate names none; that is warned of.

    Raises:
        CertificateError: see :func:`read_certificate`; a key that cannot be read, or that belongs to another certificate.
    """
    found, data = read_certificate(certificate), _data(private_key, "private key")
    try:
        load = serialization.load_pem_private_key if PEM in data else serialization.load_der_private_key
        key: Any = load(data, password=None)
    except Exception as error:
        raise CertificateError(f"private key {private_key} cannot be read: no key in DER or PEM without a password ({error})") from error
    if key.public_key() != found.public_key():
        raise CertificateError(f"private key {private_key} does not belong to certificate {certificate}")
    named = uris(found)
    if not named:
        warnings.warn(
            f"certificate {certificate} names no URI (subjectAltName URI:{application}): the other side may refuse it",
            CertificateWarning,
            2,
        )
    der = serialization.Encoding.DER
    plain = key.private_bytes(der, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return KeyPair(certificate=found.public_bytes(der), private_key=plain, uri=named[0] if named else application)


def uris(certificate: x509.Certificate) -> list[str]:
    """URIs that a certificate names, of its application first."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return list(names.get_values_for_type(x509.UniformResourceIdentifier))


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of a certificate, as ``openssl x509 -fingerprint -sha256`` shows it."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def _data(path: str | Path, what: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise CertificateError(f"{what} {path} cannot be read: {error.strerror or error}") from error
