"""What the BACnet/IP link layers of bacpypes3 (0.0.110) lack: a foreign-device table that ends, and letting go."""

import functools
from typing import Any

from bacpypes3.ipv4.service import BIPBBMD, BIPForeign

FOREIGN_MAX = 64
"""Foreign devices that a BBMD takes: anybody may register, and each one gets every broadcast."""
REFUSED = 0x0030
"""Register-Foreign-Device NAK (ASHRAE 135, J.2.1)."""


def guard(layer: Any) -> None:
    """Bound the foreign-device table of a BBMD."""
    if isinstance(layer, BIPBBMD):
        layer.register_foreign_device = functools.partial(_register, layer, layer.register_foreign_device)


def _register(layer: Any, register: Any, address: Any, ttl: int) -> int:
    if len(layer.bbmdFDT) >= FOREIGN_MAX and all(entry.fdAddress != address for entry in layer.bbmdFDT):
        return REFUSED
    result: int = register(address, ttl)
    return result


def let_go(layer: Any) -> None:
    """End what a link layer would do for ever: registering again, counting down its table."""
    if isinstance(layer, BIPBBMD):
        layer._fdt_clock_handle.cancel()
    elif isinstance(layer, BIPForeign):
        layer.unregister()
