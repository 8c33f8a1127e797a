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
KeyOption = Annotated[Path | None, typer.Option("--private-key", help="Its private key.")]


def link_options(
    *, client_address: str | None, user: str | None, password_file: Path | None, certificate: Path | None, private_key: Path | None
) -> dict[str, Any]:
    """Those that are given, as :func:`lowlift.wire.links.make_link` takes them.

    Raises:
        UsageError: the password cannot be read.
    """
    password = None if password_file is None else _password(password_file)
    said = {"address": client_address, "user": user, "password": password, "certificate": certificate, "private_key": private_key}
    return {name: value for name, value in said.items() if value is not None}


def _password(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--password-file {path}: {error}") from error
