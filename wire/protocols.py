"""Protocol servers by name; their libraries are imported when one is made."""

import importlib
from typing import Any

from lowlift.data.hints import hint
from lowlift.wire.adapter import Adapter, ServeError
from lowlift.wire.image import PointImage

SERVERS = {"modbus": "lowlift.wire.modbus_server:ModbusServer", "opcua": "lowlift.wire.opcua_server:OpcUaServer",
           "bacnet": "lowlift.wire.bacnet_server:BacnetServer"}  # fmt: skip
"""By protocol, where its adapter is."""


class UnknownProtocolError(ValueError):
    """A protocol that does not exist; the message lists near ones."""


def check_protocol(name: str) -> None:
    """Whether there is a protocol of that name.

    Raises:
        UnknownProtocolError: there is none.
    """
    if name not in SERVERS:
        raise UnknownProtocolError(f"unknown protocol {name!r}; {hint(name, SERVERS)}")


def server(name: str, image: PointImage, **options: Any) -> Adapter:
    """A server of an image, not started yet.

    Raises:
        UnknownProtocolError: there is no such protocol.
        ServeError: its library is not installed.
    """
    check_protocol(name)
    module, _, kind = SERVERS[name].partition(":")
    try:
        adapter: Adapter = getattr(importlib.import_module(module), kind)(image, **options)
    except ModuleNotFoundError as error:
        raise ServeError(f"{name}: {error.name} is not installed; install lowlift[hil]") from error
    return adapter
