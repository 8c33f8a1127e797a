"""BACnet/IP server of a point image, on bacpypes3.

One device with one object a point; see :mod:`lowlift.wire.addresses` for types and instances. Analog objects have their engineering units
and a COV increment. What can be written has a priority array: a value that the point table forbids is refused with *value-out-of-range* and
never enters the array; relinquishing falls back to the next priority, at last to the default of the point list. Everything else answers
*write-access-denied*. A reading that is no number has the reliability *no-sensor* and its fault flag.

Other protocols know no priorities: what they write stands in slot 16, and waits there while a BACnet command above it is in force, as an
operator's at priority 8. The slots are those of the point image (:mod:`lowlift.wire.priorities`).

Alarms are in :mod:`lowlift.wire.bacnet_events`, who is told of them in :mod:`lowlift.wire.bacnet_recipients`, trend logs in
:mod:`lowlift.wire.bacnet_trends`, the device's description of itself in :mod:`lowlift.wire.bacnet_device`, subscriptions in
:mod:`lowlift.wire.bacnet_cov`. The device is a BBMD, which takes foreign devices, or a foreign device itself, where it is told so
(ASHRAE 135, annex J).
"""

import datetime
import math
import socket
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from bacpypes3.app import Application
from bacpypes3.basetypes import BDTEntry, HostNPort
from bacpypes3.pdu import IPv4Address

from lowlift.wire.adapter import Adapter, ServeError
from lowlift.wire.bacnet_address import BacnetAddressError, parse_bacnet_address
from lowlift.wire.bacnet_device import Device, NetworkPort
from lowlift.wire.bacnet_events import look
from lowlift.wire.bacnet_extras import PORT, PORT_NAME, check_names, log_instances
from lowlift.wire.bacnet_network import guard, let_go
from lowlift.wire.bacnet_objects import object_of, show, show_slots
from lowlift.wire.bacnet_recipients import notification_class
from lowlift.wire.bacnet_schedules import Schedules
from lowlift.wire.bacnet_services import PlantApplication
from lowlift.wire.bacnet_trends import TrendBuffer, trend_log
from lowlift.wire.bacnet_values import PresentValues
from lowlift.wire.image import PointImage, Snapshot

VENDOR = 999
"""Vendor identifier of examples; lowlift has none of its own."""
LIFETIME = 60
"""For how long a foreign device registers, before it does so again [s]."""


class BacnetServer(Adapter):
    """Serves an image over BACnet/IP.

    Args:
        image: what it shows.
        address: to bind, like ``192.0.2.10/24:47808``; the mask says where broadcasts go, port 0 takes a free one. Loopback unless told
            otherwise, since BACnet/IP knows no users.
        recipients: who is told of alarms from the beginning, ``host:port``, or ``*`` for a broadcast; clients may write the list.
        bbmd: makes it a BBMD: the other BBMDs of the network, ``host:port``, which may be none.
        foreign: makes it a foreign device of this BBMD, ``host:port``.
        schedules: gives it a Schedule object for each setpoint command, see :mod:`lowlift.wire.bacnet_schedules`.

    Raises:
        ServeError: no such address, another device without its port, a BBMD that is to be a foreign device, or a point that is called like
            a Schedule object.
    """

    protocol: ClassVar[str] = "bacnet"
    pushes: ClassVar[bool] = True

    def __init__(
        self, image: PointImage, address: str = "127.0.0.1/32:47808", *, recipients: Sequence[str] = (),
        bbmd: Sequence[str] | None = None, foreign: str | None = None, schedules: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(image)
        try:
            own = parse_bacnet_address(address, "--bacnet-address")
        except BacnetAddressError as error:
            raise ServeError(str(error)) from error
        self.network, self.port = own.network, own.port
        others = {"--bacnet-recipients": [r for r in recipients if r != "*"], "--bacnet-bbmd": bbmd or (),
                  "--bacnet-foreign": () if foreign is None else (foreign,)}  # fmt: skip
        for option, given in others.items():
            for other in given:
                _check(other, option)
        if bbmd is not None and foreign is not None:
            raise ServeError("bacnet: a BBMD cannot be a foreign device of another one")
        if schedules:
            check_names(image.points)
        self.recipients, self.bbmd, self.foreign, self.scheduled = list(recipients), bbmd, foreign, schedules
        self._schedules: Schedules | None = None
        self._app: Application | None = None
        self._objects: list[Any] = []
        self._shown, self._told = np.zeros(0), np.zeros(0, dtype=int)
        self._values = PresentValues()

    @property
    def url(self) -> str:
        """``bacnet://host:port``."""
        return f"bacnet://{self.network.ip}:{self.port}"

    async def open(self) -> None:
        """Bind and serve.

        Raises:
            OSError: the port is taken or the address is not ours.
        """
        # The library shares ports and retries for ever: whether this one is ours alone is found out here.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((str(self.network.ip), self.port))
            self.port = probe.getsockname()[1]
        points = self.image.points
        device = Device(
            objectIdentifier=("device", points.device_instance), objectName=points.site, description=points.title, vendorName="lowlift",
            vendorIdentifier=VENDOR, modelName="lowlift", maxApduLengthAccepted=1476, segmentationSupported="segmentedBoth",
        )  # fmt: skip
        self._told, self._shown = self.image.revisions(), self.image.values()
        self._objects = [
            object_of(self.image, p, a, float(value)) for p, a, value in zip(points.points, points.addresses, self._shown, strict=True)
        ]
        self._logged = np.array(list(log_instances(points.points)), dtype=int)
        self.trends = TrendBuffer(len(self._logged))
        logs = [trend_log(self.trends, c, points.points[k], points.addresses[k]) for c, k in enumerate(self._logged)]
        self._schedules = Schedules(points, self._objects) if self.scheduled else None
        beside = [*logs, *(self._schedules.objects if self._schedules else ())]
        self._app = PlantApplication.from_object_list(
            [device, self._port(), *self._objects, notification_class(self.recipients), *beside]
        )  # fmt: skip
        self._app.image = self.image
        for layer in self._app.link_layers.values():
            guard(layer)
            for task in layer.server._transport_tasks:
                await task
        values = self._values = PresentValues()
        for made, point in zip(self._objects, points.points, strict=True):
            look(made)
            values.follow(made, point.kind)
        for layer in self._app.link_layers.values():
            values.listen(layer.server.local_protocol)
        if self._schedules is not None:
            self._schedules.start()

    async def close(self) -> None:
        """Let go of the port."""
        if self._schedules is not None:
            await self._schedules.stop()
        if self._app is not None:
            for layer in self._app.link_layers.values():
                let_go(layer)
            self._app.close()
            self._app = None

    async def refresh(self, snapshot: Snapshot) -> None:
        """Show what has changed; COV subscribers and recipients of alarms are told by the objects."""
        # Revisions first: a slot that changes now is looked at once more the next time.
        told, values = self.image.revisions(), self.image.values()
        for k in np.flatnonzero(told != self._told):
            self.image.way.give()
            show_slots(self._objects[k])
        self._told = told
        changed = np.flatnonzero(~((values == self._shown) | (np.isnan(values) & np.isnan(self._shown))))
        for k in changed:
            self.image.way.give()
            point = self.image.points.points[k]
            if not point.writable:
                show(point, self._objects[k], float(values[k]), math.isnan(self._shown[k]))
        self._shown = values
        if self.trends.due(snapshot.t):
            self._log(snapshot.t)

    def _log(self, t: float) -> None:
        faults = ~np.isfinite(self._shown[self._logged])
        last = np.array([float(self._objects[k].presentValue) for k in self._logged[faults]])
        values = self._shown[self._logged].copy()
        values[faults] = last
        self.trends.add(t, datetime.datetime.now(), values, faults)

    def _port(self) -> NetworkPort:
        own = f"{self.network.with_prefixlen}:{self.port}"
        role: dict[str, Any] = {}
        if self.foreign is not None:
            role = {"bacnetIPMode": "foreign", "fdBBMDAddress": HostNPort(self.foreign), "fdSubscriptionLifetime": LIFETIME}
        elif self.bbmd is not None:
            table = [BDTEntry(f"{self.network.ip}:{self.port}"), *(BDTEntry(peer) for peer in self.bbmd)]
            role = {"bacnetIPMode": "bbmd", "bbmdAcceptFDRegistrations": True, "bbmdForeignDeviceTable": [],
                    "bbmdBroadcastDistributionTable": table}  # fmt: skip
        return NetworkPort(IPv4Address(own), objectIdentifier=("network-port", PORT), objectName=PORT_NAME, **role)


def _check(address: str, option: str) -> None:
    try:
        good = parse_bacnet_address(address, option, port=0).port > 0 and "/" not in address
    except BacnetAddressError:
        good = False
    if not good:
        raise ServeError(f"{option} {address}: must be like 192.0.2.10:47808")
