"""Modbus requests that pymodbus (3.16) answers otherwise than the Modbus Application Protocol 1.1b3 says.

Functions that would be answered as if they were done (files, FIFO queues, counters of a serial line) are not served. A write whose numbers
contradict each other is refused whole, and remembered. Where a request writes and reads, both addresses are checked before anything is
written (6.17). The answer to a write repeats the request (6.5, 6.6), whatever is in force then.
"""

import struct
from typing import Any, Protocol

from pymodbus.constants import ExcCodes
from pymodbus.pdu import ExceptionResponse, ModbusPDU
from pymodbus.pdu.bit_message import WriteMultipleCoilsRequest, WriteSingleCoilRequest, WriteSingleCoilResponse
from pymodbus.pdu.register_message import (
    MaskWriteRegisterRequest,
    ReadWriteMultipleRegistersRequest,
    WriteMultipleRegistersRequest,
    WriteSingleRegisterRequest,
    WriteSingleRegisterResponse,
)

from lowlift.wire.addresses import Table

READS = {1: Table.COIL, 2: Table.DISCRETE, 3: Table.HOLDING, 4: Table.INPUT, 22: Table.HOLDING, 23: Table.HOLDING}
"""Table that a function reads."""
WRITES = {5: Table.COIL, 15: Table.COIL, 6: Table.HOLDING, 16: Table.HOLDING, 22: Table.HOLDING, 23: Table.HOLDING}
"""Table that a function writes."""
DIAGNOSTICS, SERVER_ID, DEVICE_ID = 8, 17, 43
QUERY_DATA = 0
"""The one diagnostic that is served: send back what was sent."""
SERVED = {*READS, *WRITES, DIAGNOSTICS, SERVER_ID, DEVICE_ID}
ON, OFF = 0xFF00, 0x0000
COILS_MAX, REGISTERS_MAX, REGISTERS_MAX_BOTH = 1968, 123, 121
"""Most cells that one request writes: functions 15, 16 and 23."""


class Cells(Protocol):
    """Where requests read and write."""

    async def async_getValues(self, device_id: int, func_code: int, address: int, count: int = 1) -> Any:
        """Cells, or an exception code."""

    async def async_setValues(self, device_id: int, func_code: int, address: int, values: Any) -> ExcCodes | None:
        """Write cells; an exception code where nothing has been written."""

    def unreadable(self, device_id: int, func_code: int, address: int, count: int) -> ExcCodes | None:
        """Why a read would be refused; none where it would be answered."""

    def refused(self, device_id: int, func_code: int, address: int, text: str) -> None:
        """Remember a write that is refused before it reaches a point."""


def is_served(pdu: bytes) -> bool:
    """Whether a request, from its function on, is one that this server does.

    >>> is_served(bytes([3, 0, 0, 0, 1])), is_served(bytes([24, 0, 0])), is_served(bytes([8, 0, 4, 0, 0]))
    (True, False, False)
    """
    return pdu[0] in SERVED and (pdu[0] != DIAGNOSTICS or int.from_bytes(pdu[1:3], "big") == QUERY_DATA)


class WriteCoil(WriteSingleCoilRequest):
    """Function 05: on and off have one number each."""

    _wrong = ""

    def decode(self, data: bytes) -> None:
        """Address and value."""
        self.address, value = struct.unpack(">HH", data[:4])
        self.bits = [value == ON]
        self._wrong = _length(data, 4)
        if value not in (ON, OFF):
            self._wrong = f"0x{value:04X} is neither on (0x{ON:04X}) nor off (0x{OFF:04X})"

    async def datastore_update(self, context: Any, device_id: int) -> ModbusPDU:
        """Write, and repeat the request."""
        if self._wrong:
            return _refusal(context, self, device_id, self.address, self._wrong)
        if code := await context.async_setValues(device_id, self.function_code, self.address, self.bits):
            return ExceptionResponse(self.function_code, code)
        return WriteSingleCoilResponse(address=self.address, bits=self.bits)


class WriteRegister(WriteSingleRegisterRequest):
    """Function 06."""

    _wrong = ""

    def decode(self, data: bytes) -> None:
        """Address and value."""
        super().decode(data)
        self._wrong = _length(data, 4)

    async def datastore_update(self, context: Any, device_id: int) -> ModbusPDU:
        """Write, and repeat the request."""
        if self._wrong:
            return _refusal(context, self, device_id, self.address, self._wrong)
        if code := await context.async_setValues(device_id, self.function_code, self.address, self.registers):
            return ExceptionResponse(self.function_code, code)
        return WriteSingleRegisterResponse(address=self.address, registers=self.registers)


class WriteCoils(WriteMultipleCoilsRequest):
    """Function 15."""

    async def datastore_update(self, context: Any, device_id: int) -> ModbusPDU:
        """Write where quantity and octets agree."""
        wrong = _quantity(self.count, COILS_MAX, (self.count + 7) // 8, self.byte_count, self.data_byte_count)
        if wrong:
            return _refusal(context, self, device_id, self.address, wrong)
        return await super().datastore_update(context, device_id)


class WriteRegisters(WriteMultipleRegistersRequest):
    """Function 16."""

    async def datastore_update(self, context: Any, device_id: int) -> ModbusPDU:
        """Write where quantity and octets agree."""
        wrong = _quantity(self.count, REGISTERS_MAX, 2 * self.count, self.byte_count, self._payload_byte_count)
        if wrong:
            return _refusal(context, self, device_id, self.address, wrong)
        return await super().datastore_update(context, device_id)


class MaskRegister(MaskWriteRegisterRequest):
    """Function 22."""

    async def datastore_update(self, context: Any, device_id: int) -> ModbusPDU:
        """Write where the register can be read."""
        if code := context.unreadable(device_id, self.function_code, self.address, 1):
            return _refusal(context, self, device_id, self.address, f"register {self.address} has no value", code)
        return await super().datastore_update(context, device_id)


class ReadWriteRegisters(ReadWriteMultipleRegistersRequest):
    """Function 23: the write comes before the read, and neither without the other."""

    async def datastore_update(self, context: Any, device_id: int) -> ModbusPDU:
        """Write and read where both can be done."""
        count = self.write_count
        wrong = _quantity(count, REGISTERS_MAX_BOTH, 2 * count, self.write_byte_count, self._payload_byte_count)
        if wrong:
            return _refusal(context, self, device_id, self.write_address, wrong)
        if code := context.unreadable(device_id, self.function_code, self.read_address, self.read_count):
            last = self.read_address + self.read_count - 1
            text = f"registers {self.read_address} to {last} cannot be read, so that nothing is written"
            return _refusal(context, self, device_id, self.write_address, text, code)
        return await super().datastore_update(context, device_id)


REQUESTS: list[type[ModbusPDU]] = [WriteCoil, WriteRegister, WriteCoils, WriteRegisters, MaskRegister, ReadWriteRegisters]
"""What takes the place of the library's own."""


def _length(data: bytes, length: int) -> str:
    return "" if len(data) == length else f"{len(data)} octets after the function, must be {length}"


def _quantity(count: int, most: int, octets: int, said: int | None, there: int | None) -> str:
    if not 1 <= count <= most:
        return f"{count} cells, must be 1 to {most}"
    return "" if said == there == octets else f"{said} octets said and {there} there, must be {octets} for {count} cells"


def _refusal(
    context: Cells, request: ModbusPDU, device_id: int, address: int, text: str, code: ExcCodes = ExcCodes.ILLEGAL_VALUE
) -> ExceptionResponse:
    context.refused(device_id, request.function_code, address, text)
    return ExceptionResponse(request.function_code, code)
