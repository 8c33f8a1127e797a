"""Modbus TCP server of a point image, on pymodbus.

Unit 1. Input registers and discrete inputs are what the plant shows, holding registers and coils what it is told; see
:mod:`lowlift.wire.addresses` for the layout. Reads may begin anywhere; a write must cover whole numbers, and several points written by one
request are all taken or all refused.

Exceptions: 01 function not supported (:mod:`lowlift.wire.modbus_requests`), 02 a cell belongs to no point, is read-only, or a number would
be cut in two, 03 a value is no number, of the wrong type or out of range, or the request contradicts itself, 04 the plant has failed, 0B
another unit than ours. A lost reading is not a number; an alarm that nobody can tell is set, since a bit has no third state.
"""

import logging
from collections.abc import Sequence
from typing import Any, ClassVar

from pymodbus.constants import ExcCodes
from pymodbus.exceptions import NoSuchIdException
from pymodbus.pdu.device import ModbusDeviceIdentification
from pymodbus.simulator import DataType, SimData, SimDevice

from lowlift.wire.adapter import Adapter
from lowlift.wire.addresses import Table
from lowlift.wire.image import PointImage
from lowlift.wire.modbus_connection import CLIENT, Server
from lowlift.wire.modbus_requests import READS, REQUESTS, WRITES
from lowlift.wire.point import Refusal, RefusedError
from lowlift.wire.registers import GapError, RegisterMap, decode, encode

CODES = {
    Refusal.UNKNOWN_POINT: ExcCodes.ILLEGAL_ADDRESS, Refusal.READ_ONLY: ExcCodes.ILLEGAL_ADDRESS,
    Refusal.NOT_A_NUMBER: ExcCodes.ILLEGAL_VALUE, Refusal.WRONG_TYPE: ExcCodes.ILLEGAL_VALUE, Refusal.OUT_OF_RANGE: ExcCodes.ILLEGAL_VALUE,
    Refusal.OUT_OF_SERVICE: ExcCodes.DEVICE_FAILURE,
}  # fmt: skip


class ImageContext:
    """What pymodbus asks for cells: in place of a store of its own, the point image."""

    def __init__(self, image: PointImage) -> None:
        self.image = image
        self.unit = image.points.unit_id
        self.maps = {table: RegisterMap(image.points, table) for table in Table}

    def device_ids(self) -> list[int]:
        """The one unit."""
        return [self.unit]

    async def async_getValues(self, device_id: int, func_code: int, address: int, count: int = 1) -> list[int] | list[bool] | ExcCodes:
        """Cells from ``address``, or an exception code."""
        touched = self._touched(device_id, func_code, address, count)
        if isinstance(touched, ExcCodes):
            return touched
        table, points = self.maps[READS[func_code]], self.image.points
        cells: list[Any] = []
        for k in touched:
            value = self.image.value(table.positions[k])
            if READS[func_code].is_bits:
                # A bit has no third state: what nobody knows is not shown as normal.
                cells.append(not value <= 0.5)
            else:
                cells += encode(value, table.addresses[k], points.word_order, table.absent[k])
        skipped = address - table.starts[touched[0]]
        return cells[skipped : skipped + count]

    async def async_setValues(
        self, device_id: int, func_code: int, address: int, values: Sequence[int] | Sequence[bool]
    ) -> ExcCodes | None:
        """Write cells from ``address``; an exception code where nothing has been written."""
        self._ours(device_id)
        if func_code not in WRITES:
            return ExcCodes.ILLEGAL_FUNCTION
        if self.image.failed:
            self.refused(device_id, func_code, address, f"the plant has failed: {self.image.failed}")
            return ExcCodes.DEVICE_FAILURE
        table, points = self.maps[WRITES[func_code]], self.image.points
        try:
            touched = table.whole(address, len(values))
        except GapError as error:
            self.refused(device_id, func_code, address, str(error))
            return ExcCodes.ILLEGAL_ADDRESS
        wanted: dict[str, float] = {}
        for k in touched:
            at = table.addresses[k]
            cells = values[at.address - address : at.end - address]
            numbers = [int(c) for c in cells]
            value = float(numbers[0]) if at.table.is_bits else decode(numbers, at, points.word_order, table.absent[k])
            wanted[points.points[table.positions[k]].name] = value
        try:
            self.image.write(wanted, CLIENT.get())
        except RefusedError as error:
            return CODES[error.refusal]
        return None

    def unreadable(self, device_id: int, func_code: int, address: int, count: int) -> ExcCodes | None:
        """Why a read would be refused; none where it would be answered."""
        touched = self._touched(device_id, func_code, address, count)
        return touched if isinstance(touched, ExcCodes) else None

    def refused(self, device_id: int, func_code: int, address: int | None, text: str) -> None:
        """Remember a write that is refused before it reaches a point."""
        self._ours(device_id)
        self.image.refused(CLIENT.get(), WRITES[func_code].value + ("" if address is None else f" {address}"), text)

    def _touched(self, device_id: int, func_code: int, address: int, count: int) -> range | ExcCodes:
        self._ours(device_id)
        if func_code not in READS:
            return ExcCodes.ILLEGAL_FUNCTION
        if self.image.failed:
            return ExcCodes.DEVICE_FAILURE
        try:
            return self.maps[READS[func_code]].touched(address, count)
        except GapError:
            return ExcCodes.ILLEGAL_ADDRESS

    def _ours(self, device_id: int) -> None:
        if device_id != self.unit:
            raise NoSuchIdException(f"unit {device_id} is not here")


class ModbusServer(Adapter):
    """Serves an image over Modbus TCP.

    Args:
        image: what it shows.
        host: address to bind; loopback unless told otherwise, since Modbus knows no users.
        port: TCP port; 0 takes a free one.
    """

    protocol: ClassVar[str] = "modbus"

    def __init__(self, image: PointImage, host: str = "127.0.0.1", port: int = 502) -> None:
        super().__init__(image)
        self.host, self.port = host, port
        self._server: Server | None = None

    @property
    def url(self) -> str:
        """``modbus://host:port``."""
        return f"modbus://{self.host}:{self.port}"

    async def open(self) -> None:
        """Bind and serve.

        Raises:
            OSError: the port is taken or the address is not ours.
        """
        # What fails is raised; the library's own log would say it twice.
        logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
        identity = ModbusDeviceIdentification(
            info_name={
                "VendorName": "lowlift",
                "ProductCode": self.image.points.site,
                "ProductName": self.image.points.title,
            }
        )
        # pymodbus insists on a store of its own, which the image then replaces.
        store = SimDevice(self.image.points.unit_id, simdata=[SimData(0, datatype=DataType.REGISTERS, values=0)])
        server = Server(store, identity=identity, address=(self.host, self.port), custom_pdu=REQUESTS)
        server.context = ImageContext(self.image)  # type: ignore[assignment]
        try:
            await server.serve_forever(background=True)
        except RuntimeError as error:
            raise OSError(str(error)) from error
        self._server = server
        sockets = getattr(server.transport, "sockets", ())
        if self.port == 0 and sockets:
            self.port = int(sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Let go of the port and of all connections."""
        if self._server is not None:
            await self._server.shutdown()
            self._server = None
