"""Options of every command that reaches a site over a protocol: one name, one meaning."""

from pathlib import Path
from typing import Annotated, Any

import typer

from lowlift.terminal import UsageError

MapOption = Annotated[Path | None, typer.Option("--map", help="Names, instances and registers of an existing site, TOML or CSV.")]
ClientAddressOption = Annotated[
    str | None, typer.Option("--client-address", help="Own BACnet/IP address with mask. [default: 127.0.0.1/32:0]")
]
UserOption = Annotated[str | None, typer.Option("--user", help="OPC UA user.")]
PasswordOption = Annotated[Path | None, typer.Option("--password-file", help="File that holds the user's password.")]
CertificateOption = Annotated[Path | None, typer.Option("--certificate", help="Own OPC UA certificate, DER or PEM.")]
ServerCertificateOption = Annotated[
    Path | None, typer.Option("--server-certificate", help="Certificate of the OPC UA server, DER or PEM: nobody else is talked to.")
]
KeyOption = Annotated[Path | None, typer.Option("--private-key", help="Its private key.")]


def link_options(
    *, client_address: str | None, user: str | None, password_file: Path | None, certificate: Path | None, private_key: Path | None,
    server_certificate: Path | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Those that are given, as :func:`lowlift.wire.links.make_link` takes them.

    Raises:
        UsageError: the password cannot be read.
        BacnetAddressError: no address.
    """
    if client_address is not None:
        from lowlift.wire.bacnet_address import parse_bacnet_address

        client_address = parse_bacnet_address(client_address, "--client-address", port=0).text
    password = None if password_file is None else _password(password_file)
    said = {"client_address": client_address, "user": user, "password": password, "certificate": certificate, "private_key": private_key,
            "server_certificate": server_certificate}  # fmt: skip
    return {name: value for name, value in said.items() if value is not None}


def _password(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--password-file {path}: {error}") from error
