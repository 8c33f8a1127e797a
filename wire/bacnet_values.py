"""Present values as BACnet clients read them over and over, answered from encoded values.

Whoever shows a site polls present values: *ReadPropertyMultiple* of many objects, or *ReadProperty* of one. bacpypes3 (0.0.110) makes a
dozen Python objects of each value asked for, and 2,000 values a second took a third of a processor, for which the plant then waited. Such
requests are answered here from a table. A datagram that is not exactly one of them, asks for anything else, names an object that is not
there, or whose answer would need segments, is left to the library (ASHRAE 135, clauses 6.2, 15.5, 15.7, 20.1.2, 20.2 and annex J).
"""

import struct
from collections.abc import Callable
from typing import Any

from lowlift.wire.point import Kind

UNICAST = b"\x81\x0a"
"""Type and function of an original unicast NPDU over BACnet/IP."""
PLAIN = b"\x01\x04"
"""NPDU, version 1: neither source nor destination beyond this network, an answer is expected, normal priority."""
READ_ONE, READ_MANY = 12, 14
PRESENT_VALUE = 85
ONE_END = bytes((0x19, PRESENT_VALUE))
MANY_MIDDLE = bytes((0x1E, 0x09, PRESENT_VALUE, 0x1F))
MANY_PART = 1 + 4 + len(MANY_MIDDLE)
"""Bytes of one object in a *ReadPropertyMultiple*."""
HEAD = 10
"""Bytes before the parameters of a request: link, network, and four of the application."""
LONGEST = (50, 128, 206, 480, 1024, 1476)
"""Longest APDU that a client takes, by its code (20.1.2.5)."""


class PresentValues:
    """Encoded present values of a device's objects. All methods belong to the thread of its event loop."""

    def __init__(self) -> None:
        self._encoded: dict[bytes, bytes] = {}

    def follow(self, made: Any, kind: Kind) -> None:
        """Keep the present value of an object from now on, whoever changes it.

        Args:
            made: bacpypes3's object.
            kind: of its point.
        """
        number, instance = made.objectIdentifier
        place = (int(number) << 22 | instance).to_bytes(4, "big")

        def changed(_: Any, value: Any) -> None:
            self._encoded[place] = encode(kind, value)

        changed(None, made.presentValue)
        made._property_monitors["presentValue"].append(changed)

    def answer(self, frame: bytes) -> bytes | None:
        """The answer to a datagram; none where the library has to find it."""
        # A confirmed request in one segment: flags may only say that the client takes segments.
        if frame[:2] != UNICAST or frame[4:6] != PLAIN or len(frame) < HEAD or frame[6] & ~0x02 or frame[7] & 0x0F >= len(LONGEST):
            return None
        if int.from_bytes(frame[2:4], "big") != len(frame):
            return None
        service = frame[9]
        parts = self._one(frame) if service == READ_ONE else self._many(frame) if service == READ_MANY else None
        if parts is None:
            return None
        apdu = bytes((0x30, frame[8], service)) + parts
        if len(apdu) > LONGEST[frame[7] & 0x0F]:
            return None
        return UNICAST + (len(apdu) + 6).to_bytes(2, "big") + b"\x01\x00" + apdu

    def _one(self, frame: bytes) -> bytes | None:
        if len(frame) != HEAD + 7 or frame[HEAD] != 0x0C or frame[HEAD + 5 :] != ONE_END:
            return None
        value = self._encoded.get(frame[HEAD + 1 : HEAD + 5])
        return None if value is None else frame[HEAD:] + b"\x3e" + value + b"\x3f"

    def _many(self, frame: bytes) -> bytes | None:
        if len(frame) == HEAD or (len(frame) - HEAD) % MANY_PART:
            return None
        parts = []
        for at in range(HEAD, len(frame), MANY_PART):
            if frame[at] != 0x0C or frame[at + 5 : at + MANY_PART] != MANY_MIDDLE:
                return None
            value = self._encoded.get(frame[at + 1 : at + 5])
            if value is None:
                return None
            parts += [frame[at : at + 5], b"\x1e\x29\x55\x4e", value, b"\x4f\x1f"]
        return b"".join(parts)

    def listen(self, protocol: Any) -> None:
        """Look at each datagram of a link layer's protocol (``IPv4DatagramProtocol``) before the library does."""
        transport, others = protocol.server.local_transport, protocol.datagram_received
        protocol.datagram_received = _first(self.answer, transport.sendto, others)


def encode(kind: Kind, value: Any) -> bytes:
    """A present value with its application tag (20.2).

    Args:
        kind: of the point: *Real*, *Enumerated* or *Unsigned*.
        value: as bacpypes3 keeps it.
    """
    if kind is Kind.ANALOG:
        return b"\x44" + struct.pack(">f", value)
    if kind is Kind.BINARY:
        return bytes((0x91, int(value)))
    octets = int(value).to_bytes((int(value).bit_length() + 7) // 8 or 1, "big")
    return bytes((0x20 | len(octets),)) + octets


def _first(
    answer: Callable[[bytes], bytes | None], send: Callable[[bytes, Any], None], others: Callable[[bytes, Any], None]
) -> Callable[[bytes, Any], None]:
    def received(data: bytes, address: Any) -> None:
        found = answer(data)
        if found is None:
            others(data, address)
        else:
            send(found, address)

    return received
