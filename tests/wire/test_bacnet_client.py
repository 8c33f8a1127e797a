"""The link over BACnet against devices that refuse, answer nonsense, or write to it."""

import socket
import struct
import threading
from collections.abc import Callable, Collection, Iterator

import pytest
from bacnet_client import Client, with_client
from bacpypes3.pdu import Address
from bacpypes3.primitivedata import CharacterString, ObjectIdentifier, Unsigned
from cable import DatagramCable
from wire_plants import points

from lowlift.hil.served_plant import ServedPlant
from lowlift.wire.bacnet_client import INSTANCE, BacnetLink
from lowlift.wire.bacnet_device import CLIENT_SERVICES
from lowlift.wire.bacnet_server import BacnetServer
from lowlift.wire.link import LinkError, LinkTimeoutError
from lowlift.wire.point import Refusal, RefusedError

COMMANDS = ("T_chw_set.cmd", "y_chw.hand", "y_chw.mode", "heartbeat.cmd")
REAL = b"\x44" + struct.pack(">f", 20.0)
NONSENSE = {
    "text": b"\x75\x04\x00hot", "null": b"\x00", "empty": b"", "unsigned": b"\x21\x05", "two": 2 * REAL, "flags": REAL,
}  # fmt: skip


class Odd:
    """A device that answers every present value with the same bytes, and T_chw with others."""

    def __init__(self) -> None:
        self.value, self.flags = REAL, b"\x82\x04\x00"
        self._odd = ObjectIdentifier(points().addresses[points().position("T_chw")].bacnet.text)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while frame := (received := self._socket.recvfrom(2048))[0]:
            apdu = frame[6:]
            if apdu[0] >> 4 != 0:
                continue
            body, at = b"", 4
            while at < len(apdu):
                number = int.from_bytes(apdu[at + 1 : at + 5], "big")
                odd = (number >> 22, number & 0x3FFFFF) == (int(self._odd[0]), int(self._odd[1]))
                body, at = body + apdu[at : at + 5] + b"\x1e", at + 6
                while apdu[at] != 0x1F:
                    value = self.flags if apdu[at + 1] != 85 else REAL
                    body += bytes((0x29, apdu[at + 1])) + b"\x4e" + (self.value if odd and apdu[at + 1] == 85 else value) + b"\x4f"
                    at += 2
                body, at = body + b"\x1f", at + 1
            npdu = b"\x01\x00" + bytes((0x30, apdu[2], apdu[3])) + body
            self._socket.sendto(b"\x81\x0a" + (len(npdu) + 4).to_bytes(2, "big") + npdu, received[1])


@pytest.fixture
def odd() -> Iterator[Odd]:
    one = Odd()
    yield one
    one.close()


def refusing(name: str, others: Callable[[Collection[str], str, int], None]) -> Callable[[Collection[str], str, int], None]:
    def relinquish(names: Collection[str], source: str, priority: int) -> None:
        if name in names:
            raise RefusedError(Refusal.READ_ONLY, f"{name} is locked")
        others(names, source, priority)

    return relinquish


def test_one_refused_relinquish_leaves_no_other_slot_filled(server: BacnetServer, plant: ServedPlant) -> None:
    image = plant.image
    with BacnetLink(points(), "127.0.0.1", server.port, timeout=10.0) as link:
        link.write({name: points()[name].to_si(1.0 if name.endswith("mode") else points()[name].high or 1.0) for name in COMMANDS})
        assert set(link.own(COMMANDS)) == set(COMMANDS)
        released, image.relinquish = image.relinquish, refusing(COMMANDS[2], refusing(COMMANDS[0], image.relinquish))
        with pytest.raises(RefusedError, match=r"(?s)T_chw_set\.cmd.*write-access-denied.*y_chw\.mode.*write-access-denied") as refused:
            link.release(COMMANDS)
        assert refused.value.refusal is Refusal.READ_ONLY
        assert set(link.own(COMMANDS)) == {COMMANDS[0], COMMANDS[2]}, "what was asked after the refused ones has been let go"
        image.relinquish = released
        link.release(COMMANDS)
        assert not link.own(COMMANDS)


@pytest.mark.parametrize("what", NONSENSE)
def test_nonsense_of_a_device_is_a_link_error_that_names_the_point(odd: Odd, what: str) -> None:
    names = ["T_return", "T_chw", "P_it"]
    link = BacnetLink(points(), "127.0.0.1", odd.port, timeout=2.0)
    with link:
        assert link.read(names)["T_chw"] == pytest.approx(293.15)
        odd.value, odd.flags = NONSENSE[what], REAL if what == "flags" else odd.flags
        with pytest.raises(LinkError, match="makes no sense") as error:
            link.read(names)
        assert what == "flags" or "T_chw (" in str(error.value)
        odd.value, odd.flags = REAL, b"\x82\x04\x00"
        link.connect()
        assert link.read(names)["T_chw"] == pytest.approx(293.15), "connected again as after any other loss"


def test_F46_a_cable_pulled_is_a_lost_link_and_what_was_said_into_it_never_arrives(server: BacnetServer, plant: ServedPlant) -> None:
    name, k = COMMANDS[0], points().position(COMMANDS[0])
    with DatagramCable(server.port) as cable, BacnetLink(points(), "127.0.0.1", cable.port, timeout=10.0) as link:
        link.write({name: points()[name].to_si(7.0)})
        for talk in (
            lambda: link.write({name: points()[name].to_si(8.0)}), lambda: link.release([name]), lambda: link.read([name]),
        ):  # fmt: skip
            assert link._app is not None
            cable.pull()
            # Patient while the cable holds, for the sake of busy machines, and not while it cannot.
            link._app.device_object.apduTimeout = 100
            with pytest.raises(LinkTimeoutError):
                talk()
            cable.plug()
            link.connect()
        cable.pull()
        link.close()
        link.timeout = 0.3
        with pytest.raises(LinkTimeoutError):
            link.connect()
        link.timeout = 10.0
        assert [(s.priority, s.value) for s in plant.image.slots(k)] == [(13, 7.0)]
        cable.plug()
        link.connect()
        assert link.own([name])[name] == pytest.approx(points()[name].to_si(7.0))
        link.release([name])
        assert not plant.image.slots(k)


def test_nobody_writes_the_device_of_a_link(server: BacnetServer) -> None:
    with BacnetLink(points(), "127.0.0.1", server.port, timeout=10.0) as link:
        assert link._app is not None
        device, (layer,) = link._app.device_object, link._app.link_layers.values()
        own = layer.server.local_transport.get_extra_info("sockname")
        before = (device.apduTimeout, device.numberOfApduRetries, device.objectName)

        async def work(client: Client) -> None:
            client.address, me = Address(f"127.0.0.1:{own[1]}"), f"device,{INSTANCE}"
            for prop, value in (
                ("apdu-timeout", Unsigned(1)),
                ("number-of-apdu-retries", Unsigned(0)),
                ("object-name", CharacterString("x")),
            ):
                assert await client.write_at(me, value, prop) == "unrecognized-service", prop
            assert await client.write_at("network-port,1", CharacterString("x"), "object-name") == "unrecognized-service"
            assert await client.app.read_property(client.address, me, "object-name") == f"lowlift control {INSTANCE}"
            said = await client.app.read_property(client.address, me, "protocol-services-supported")
            assert set(str(said).split(";")) == set(CLIENT_SERVICES)

        with_client(server, work)
        assert (device.apduTimeout, device.numberOfApduRetries, device.objectName) == before
        assert "T_chw" in link.read(["T_chw"])
