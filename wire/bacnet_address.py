"""BACnet/IP addresses as people write them: ``192.0.2.10/24:47808``, the mask and the port of which may be left out."""

import dataclasses
import ipaddress

PORT = 47808
"""Of BACnet/IP, 0xBAC0 (ASHRAE 135, Annex J)."""


class BacnetAddressError(ValueError):
    """No BACnet/IP address; the message names the option and what would be right."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class BacnetIpAddress:
    """Where a BACnet/IP device is."""

    network: ipaddress.IPv4Interface
    """Address and mask; the mask says where broadcasts go, 32 bits where none is given."""
    port: int
    """UDP port, 0 to 65535; 0 takes a free one."""

    @property
    def host(self) -> str:
        """The address alone."""
        return str(self.network.ip)

    @property
    def text(self) -> str:
        """``192.0.2.10/24:47808``."""
        return f"{self.network.with_prefixlen}:{self.port}"


def parse_bacnet_address(text: str, option: str, *, port: int = PORT) -> BacnetIpAddress:
    """An address out of a text.

    Args:
        text: like ``192.0.2.10/24:47808``; mask, port or both may be left out.
        option: what the text was given for, like ``--client-address``; errors name it.
        port: where none is given.

    Raises:
        BacnetAddressError: no IPv4 address, no such mask, or a port that is not from 0 to 65535.
    """
    host, colon, given = text.strip().partition(":")
    try:
        network = ipaddress.IPv4Interface(host)
    except ValueError as error:
        raise BacnetAddressError(f"{option} {text}: must be like 192.0.2.10/24:47808 ({error})") from error
    if colon and not (given.isascii() and given.isdigit() and int(given) <= 65535):
        raise BacnetAddressError(f"{option} {text}: the port must be a whole number from 0 to 65535")
    return BacnetIpAddress(network=network, port=int(given) if colon else port)
