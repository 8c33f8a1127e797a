"""One Modbus TCP connection: frames cut from the stream, answered in order, with what pymodbus leaves out.

pymodbus takes one frame from each arrival of data, so a client that sends its next request before the answer to the last would lose it, and
answers an unknown function with function 0. Here every frame is answered in its order, an unknown function with its own number; a stream
that is no Modbus is dropped, because nobody can tell where its next frame begins; and a client that sends faster than it is answered gets
exception 06 (busy) for what goes beyond :data:`QUEUE`. From a client that does not read its answers nothing more is taken until it does.
"""

import asyncio
import collections
import contextvars
import logging
from typing import Any

from pymodbus.constants import ExcCodes
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ExceptionResponse
from pymodbus.server import ModbusTcpServer
from pymodbus.server.requesthandler import ServerRequestHandler

from lowlift.wire.adapter import accept_no_more
from lowlift.wire.modbus_requests import WRITES, is_served
from lowlift.wire.seldom import Seldom

logger = logging.getLogger(__name__)

HEAD, LONGEST = 7, 260
"""Octets before the function, and of a whole frame (Modbus Messaging on TCP/IP 1.0b)."""
QUEUE = 64
"""Requests of one client that may wait."""
CLIENT: contextvars.ContextVar[str] = contextvars.ContextVar("CLIENT", default="modbus")
"""Who has sent the request at hand: each connection is somebody of its own."""


class Connection(ServerRequestHandler):
    """Answers one client."""

    def __init__(self, owner: "Server") -> None:
        super().__init__(owner, owner.trace_packet, owner.trace_pdu, owner.trace_connect)  # type: ignore[no-untyped-call]
        self._foreign = owner.foreign
        self._stream = bytearray()
        self._waiting: collections.deque[bytes] = collections.deque()
        self._worker: asyncio.Task[None] | None = None

    def data_received(self, data: bytes) -> None:
        """Cut frames from what has arrived."""
        self._stream += data
        while len(self._stream) >= HEAD + 1:
            length = 6 + int.from_bytes(self._stream[4:6], "big")
            if self._stream[2:4] != b"\0\0" or not HEAD < length <= LONGEST:
                self._foreign.note()
                self._stream.clear()
                self.close()
                return
            if len(self._stream) < length:
                break
            frame = bytes(self._stream[:length])
            del self._stream[:length]
            if len(self._waiting) < QUEUE:
                self._waiting.append(frame)
            else:
                self._refuse(frame, ExcCodes.DEVICE_BUSY)
        if self._waiting and (self._worker is None or self._worker.done()):
            self._worker = self.loop.create_task(self._answer())

    async def _answer(self) -> None:
        peer = self.transport.get_extra_info("peername") if self.transport else None
        CLIENT.set(f"modbus {peer[0]}:{peer[1]}" if peer else "modbus")
        while self._waiting and self.transport:
            frame = self._waiting.popleft()
            if not is_served(frame[HEAD:]):
                self._refuse(frame, ExcCodes.ILLEGAL_FUNCTION)
                continue
            try:
                _, request = self.framer.handleFrame(frame, 0, 0)
            except (ModbusException, ValueError, LookupError) as error:
                logger.debug("modbus: %s", error)
                unit, function = frame[HEAD - 1], frame[HEAD]
                if function in WRITES and unit in self.server.context.device_ids():
                    self.server.context.refused(unit, function, None, f"a request of {len(frame) - HEAD} octets that cannot be read")
                self._refuse(frame, ExcCodes.ILLEGAL_VALUE)
                continue
            if request is not None:
                self.last_pdu, self.last_addr = request, None
                await self.handle_request()  # type: ignore[no-untyped-call]
            # Other connections of this loop have their turn.
            await asyncio.sleep(0)

    def _refuse(self, frame: bytes, code: ExcCodes) -> None:
        answer = ExceptionResponse(frame[HEAD] & 0x7F, code)
        answer.dev_id, answer.transaction_id = frame[HEAD - 1], int.from_bytes(frame[:2], "big")
        if self.transport:
            self.server_send(answer, None)  # type: ignore[no-untyped-call]

    def pause_writing(self) -> None:
        """The client does not read: nothing more is read from it, so that its answers stay few."""
        if isinstance(self.transport, asyncio.Transport):
            self.transport.pause_reading()

    def resume_writing(self) -> None:
        """It reads again."""
        if isinstance(self.transport, asyncio.Transport):
            self.transport.resume_reading()

    def close(self, reconnect: bool = False) -> None:
        """Let go; answers that the client has not taken are dropped, since nobody knows whether it ever reads."""
        transport = self.transport
        super().close(reconnect=reconnect)
        if isinstance(transport, asyncio.Transport) and transport.get_write_buffer_size():
            transport.abort()


class Server(ModbusTcpServer):
    """A server of such connections."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.foreign = Seldom(logger.warning, "modbus: a connection that does not speak Modbus is closed")

    async def shutdown(self) -> None:
        """Close all connections, and say how many others there were."""
        await accept_no_more(self.transport)
        await super().shutdown()  # type: ignore[no-untyped-call]
        self.foreign.close()

    def callback_new_connection(self) -> Any:
        """Somebody connects."""
        return Connection(self)
