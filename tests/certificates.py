"""Keys and self-signed certificates, made for one test."""

import asyncio
from pathlib import Path

from asyncua.crypto.cert_gen import setup_self_signed_certificate
from cryptography.x509.oid import ExtendedKeyUsageOID


def make_certificate(folder: Path, uri: str) -> tuple[Path, Path]:
    """Certificate and key of an application."""
    key, certificate = folder / "key.pem", folder / "certificate.der"
    names = {"commonName": "test", "organizationName": "test", "countryName": "DE", "localityName": "-", "stateOrProvinceName": "-"}
    uses = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    asyncio.run(setup_self_signed_certificate(key, certificate, uri, "localhost", uses, names))
    return certificate, key
