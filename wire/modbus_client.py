"""A link over Modbus TCP, on pymodbus: block reads of whole tables, writes of whole numbers."""

import logging
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Self

from pymodbus.client import ModbusTcpClient
from pymodbus.constants import ExcCodes
from pymodbus.exceptions import ConnectionException, ModbusException

from lowlift.wire.addresses import Table
from lowlift.wire.link import LinkError, LinkTimeoutError, SetupError, UnknownPointError, WithoutPriorities
from lowlift.wire.point import Refusal, RefusedError
from lowlift.wire.point_list import PointList
from lowlift.wire.registers import RegisterMap, decode, encode

REGISTERS_AT_ONCE, BITS_AT_ONCE, REGISTERS_WRITTEN, BITS_WRITTEN = 125, 2000, 123, 1968
"""Most cells of one request (Modbus Application Protocol 1.1b3)."""
ABSENT = (ExcCodes.GATEWAY_PATH_UNAVIABLE, ExcCodes.GATEWAY_NO_RESPONSE)
"""Whoever answers says that the unit is not there."""
REFUSALS = {ExcCodes.ILLEGAL_ADDRESS: Refusal.READ_ONLY, ExcCodes.ILLEGAL_VALUE: Refusal.OUT_OF_RANGE}


class ModbusLink(WithoutPriorities):
    """See :class:`lowlift.wire.link.Link`.

    Args:
        points: what is where on the other side.
        host: its address.
        port: its port.
        timeout: longest wait for an answer [s].
    """

    def __init__(self, points: PointList, host: str, port: int = 502, *, timeout: float = 3.0) -> None:
        self.points, self.host, self.port = points, host, port
        self.maps = {table: RegisterMap(points, table) for table in Table}
        self._client = ModbusTcpClient(host, port=port, timeout=timeout, retries=0)
        # What fails is raised; the library's own log would say it twice.
        logging.getLogger("pymodbus").setLevel(logging.CRITICAL)

    @property
    def url(self) -> str:
        """``modbus://host:port``."""
        return f"modbus://{self.host}:{self.port}"

    def connect(self) -> None:
        """Connect.

        Raises:
            LinkError: nobody answers.
        """
        if not self._client.connect():
            raise LinkError(f"{self.url} does not answer")

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def __enter__(self) -> Self:
        self.connect()
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def read(self, names: Collection[str] | None = None) -> dict[str, float]:
        """Points by name, SI, by whole blocks of neighbours.

        Raises:
            LinkTimeoutError: no answer in time.
            UnknownPointError: the other side has no such registers.
            SetupError: it has no such unit.
            LinkError: no connection, or nonsense.
        """
        wanted = None if names is None else {self.points.position(name) for name in names}
        result: dict[str, float] = {}
        for table, known in self.maps.items():
            for begin, end in _blocks(known, BITS_AT_ONCE if table.is_bits else REGISTERS_AT_ONCE):
                if wanted is not None and wanted.isdisjoint(known.positions[begin:end]):
                    continue
                first = known.starts[begin]
                names = [self.points.points[position].name for position in known.positions[begin:end]]
                cells = self._cells(table, first, known.addresses[end - 1].end - first, names)
                for k in range(begin, end):
                    at = known.addresses[k]
                    own = cells[at.address - first : at.end - first]
                    value = float(bool(own[0])) if table.is_bits else decode(own, at, self.points.word_order, known.absent[k])
                    point = self.points.points[known.positions[k]]
                    result[point.name] = point.to_si(value)
        return result

    def write(self, values: Mapping[str, float]) -> None:
        """Write commands, SI; neighbours go in one request.

        Raises:
            RefusedError: a value is refused, here or there.
            LinkError: no answer; some of the values may have arrived.
        """
        wanted = self.points.accept(values)
        for table in (Table.HOLDING, Table.COIL):
            known = self.maps[table]
            chosen = [k for k, position in enumerate(known.positions) if position in wanted]
            for run in _runs(known, chosen, BITS_WRITTEN if table.is_bits else REGISTERS_WRITTEN):
                self._send(table, known, run, [wanted[known.positions[k]] for k in run])

    def _send(self, table: Table, known: RegisterMap, run: list[int], values: list[float]) -> None:
        first = known.starts[run[0]]
        call: Any = self._client.write_coils if table.is_bits else self._client.write_registers
        cells: list[int] = []
        for k, value in zip(run, values, strict=True):
            order = self.points.word_order
            cells += [int(value > 0.5)] if table.is_bits else encode(value, known.addresses[k], order, known.absent[k])
        answer = self._ask(call, first, [bool(c) for c in cells] if table.is_bits else cells)
        if answer.isError():
            names = ", ".join(self.points.points[known.positions[k]].name for k in run)
            code = getattr(answer, "exception_code", None)
            if code in REFUSALS:
                raise RefusedError(REFUSALS[ExcCodes(code)], f"{names}: the other side refuses, Modbus exception {code:02X}")
            refused = LinkError(f"{names}: {answer if code is None else f'the other side refuses, Modbus exception {code:02X}'}")
            raise self._absent(code) or refused

    def _cells(self, table: Table, address: int, count: int, names: list[str]) -> list[int]:
        call = {Table.INPUT: self._client.read_input_registers, Table.HOLDING: self._client.read_holding_registers,
                Table.DISCRETE: self._client.read_discrete_inputs, Table.COIL: self._client.read_coils}[table]  # fmt: skip
        answer = self._ask(call, address, count=count)
        cells: list[int] = [] if answer.isError() else list(answer.bits if table.is_bits else answer.registers)
        if len(cells) < count:
            self._client.close()
            code = getattr(answer, "exception_code", None)
            if absent := self._absent(code):
                raise absent
            where = f"{self.url}: {table.value}s {address} to {address + count - 1} ({', '.join(names[:3])}{', …' * (len(names) > 3)})"
            if code == ExcCodes.ILLEGAL_ADDRESS:
                raise UnknownPointError(f"{where}: the other side has no such addresses, Modbus exception 02")
            raise LinkError(f"{where}: {answer if code is None else f'the other side refuses, Modbus exception {code:02X}'}")
        return cells

    def _absent(self, code: int | None) -> LinkError | None:
        if code not in ABSENT:
            return None
        unit = self.points.unit_id
        return SetupError(f"{self.url}: unit {unit} does not answer there, Modbus exception {code:02X}; is it the right one? See --map")

    def _ask(self, call: Any, *arguments: Any, **options: Any) -> Any:
        try:
            return call(*arguments, device_id=self.points.unit_id, **options)
        except (ModbusException, OSError) as error:
            self._client.close()
            lost = isinstance(error, ConnectionException | OSError)
            raise (LinkError if lost else LinkTimeoutError)(f"{self.url}: {error}") from error


def _blocks(known: RegisterMap, most: int) -> Iterator[tuple[int, int]]:
    """Ranges of points whose cells follow each other without a gap, at most ``most`` cells."""
    begin = 0
    for k in range(1, len(known.starts) + 1 if known.starts else 0):
        last = k == len(known.starts)
        if last or known.starts[k] != known.addresses[k - 1].end or known.addresses[k].end - known.starts[begin] > most:
            yield begin, k
            begin = k


def _runs(known: RegisterMap, chosen: list[int], most: int) -> Iterator[list[int]]:
    """The chosen points in groups that one request can write."""
    run: list[int] = []
    for k in chosen:
        if run and (known.starts[k] != known.addresses[run[-1]].end or known.addresses[k].end - known.starts[run[0]] > most):
            yield run
            run = []
        run.append(k)
    if run:
        yield run
