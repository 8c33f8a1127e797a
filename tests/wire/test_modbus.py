"""Modbus over a real socket: values and units, exception codes, a link that is cut, frames that are none."""

import contextlib
import gc
import itertools
import math
import socket
import struct
import threading
import types
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from modbus_frames import ask, place, write16
from wire_plants import points, served

from lowlift.hil.served_plant import ServedPlant
from lowlift.wire.adapter import ServeError
from lowlift.wire.addresses import Table
from lowlift.wire.link import LinkError, LinkTimeoutError
from lowlift.wire.modbus_client import ModbusLink
from lowlift.wire.modbus_server import ModbusServer
from lowlift.wire.point import Refusal, RefusedError
from lowlift.wire.site_map import apply_map


def chilled(plant: ServedPlant) -> float:
    """Temperature of chilled water as it is [K]."""
    return float(plant.true[0, plant.plant.site.sheet.measurements.names.index("T_chw")])


@pytest.fixture
def server(plant: ServedPlant) -> Iterator[ModbusServer]:
    one = ModbusServer(plant.image, port=0)
    one.start()
    yield one
    one.stop()


@pytest.fixture
def link(server: ModbusServer) -> Iterator[ModbusLink]:
    with ModbusLink(points(), "127.0.0.1", server.port) as one:
        yield one


def test_all_points_arrive_in_si(plant: ServedPlant, link: ModbusLink) -> None:
    plant.step()
    seen, truth = link.read(), plant.image.values()
    assert set(seen) == set(points().index)
    for p, value in zip(points().points, truth, strict=True):
        assert seen[p.name] == pytest.approx(p.to_si(float(value)), rel=1e-6, abs=1e-4)
    assert seen["T_chw"] == pytest.approx(chilled(plant), abs=1e-4)
    assert seen["P_it"] > 1e5


def test_the_bytes_are_those_of_the_documentation(plant: ServedPlant, server: ModbusServer) -> None:
    answer = ask(server, struct.pack(">BHH", 4, place("T_chw"), 2))
    assert answer[:2] == bytes([4, 4])
    assert struct.unpack(">f", answer[2:])[0] == pytest.approx(chilled(plant) - 273.15, abs=1e-4)
    assert ask(server, struct.pack(">BHH", 2, place("n_chillers"), 1)) == bytes([2, 1, 1])
    assert ask(server, struct.pack(">BHH", 1, place("remote_enable.cmd"), 1)) == bytes([1, 1, 1])


def test_a_setpoint_is_written_read_back_and_obeyed(plant: ServedPlant, link: ModbusLink) -> None:
    link.write({"T_chw_set.cmd": 280.15, "V_chw_set.cmd": 0.03, "remote_enable.cmd": 1.0, "y_chw.mode": 3.0})
    assert link.read()["T_chw_set.cmd"] == pytest.approx(280.15, abs=1e-4)
    for _ in range(200):
        plant.step()
    seen = link.read()
    assert seen["T_chw_set.fbk"] == pytest.approx(280.15, abs=1e-4)
    assert seen["V_chw_set.fbk"] == pytest.approx(0.03, rel=1e-4)
    assert any(e.source.startswith("modbus 127.0.0.1:") and e.point == "T_chw_set.cmd" for e in plant.image.events() if e.kind == "write")


NAN, COMMAND, MODE = float("nan"), 0, place("T_chw_set.mode")
LAST = max(a.modbus.end for a in points().addresses if a.modbus.table is Table.HOLDING)


@pytest.mark.parametrize(
    ("request_", "code", "unit"),
    [
        (write16(COMMAND, NAN), 3, 1),
        (write16(COMMAND, 99.0), 3, 1),
        (write16(MODE, 1.5), 3, 1),
        (write16(COMMAND, 9.0, 99.0), 3, 1),
        (write16(LAST, 1.0), 2, 1),
        (write16(COMMAND + 1, 9.0), 2, 1),
        (struct.pack(">BHH", 6, COMMAND, 5), 2, 1),
        (struct.pack(">BHHH", 22, COMMAND, 0, 0), 2, 1),
        (struct.pack(">BHH", 3, LAST, 1), 2, 1),
        (struct.pack(">BHH", 4, 60000, 2), 2, 1),
        (struct.pack(">BHH", 5, 900, 0xFF00), 2, 1),
        (struct.pack(">BHH", 3, 0, 2), 11, 9),
        (bytes([0x63, 0, 0]), 1, 1),
    ],
)
def test_illegal_requests_get_their_exception_and_change_nothing(
    plant: ServedPlant, server: ModbusServer, request_: bytes, code: int, unit: int
) -> None:
    before = plant.image.values()
    assert ask(server, request_, unit) == bytes([request_[0] | 0x80, code])
    assert (plant.image.values() == before).all()
    if request_[0] in (6, 16):
        assert plant.image.events()[-1].kind == "refused", "refusals are on record"


@pytest.mark.parametrize("encoding", ["int16", "uint16", "int32", "uint32", "float32"])
def test_a_lost_reading_is_lost_in_every_encoding(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(f'[points.V_chw]\nmodbus = {{ address = 0, encoding = "{encoding}" }}\n')
    mapped = apply_map(points(), tmp_path / "map.toml")

    def lost(t: float, readings: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return readings | {"V_chw": np.full_like(readings["V_chw"], np.nan)} if t > 0.0 else readings

    one = served(points=mapped, disturb=lost)
    server = ModbusServer(one.image, port=0)
    server.start()
    try:
        with ModbusLink(mapped, "127.0.0.1", server.port) as link:
            assert link.read(["V_chw"])["V_chw"] == pytest.approx(one.image.value(mapped.position("V_chw")) / 1000.0, abs=1e-3)
            one.step()
            assert math.isnan(link.read(["V_chw"])["V_chw"])
    finally:
        server.stop()


def test_an_alarm_that_nobody_can_tell_is_set(tmp_path: Path) -> None:
    reading = [281.0]

    def disturb(t: float, readings: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return readings | {"T_chw": np.full((1, 1), reading[0])}

    one, name = served(disturb=disturb), "alarm.limit_chilled_water_highest"
    server = ModbusServer(one.image, port=0)
    server.start()
    try:
        with ModbusLink(points(), "127.0.0.1", server.port) as link:
            seen = []
            for reading[0] in (281.0, math.nan, 290.0, 281.0):
                one.step()
                seen.append((link.read([name])[name], one.image.value(points().position(name))))
    finally:
        server.stop()
    assert [bit for bit, _ in seen] == [0.0, 1.0, 1.0, 0.0] and math.isnan(seen[1][1])
    said = [e.text for e in one.image.events() if e.kind == "alarm" and e.point == name]
    assert said == ["unknown", "alarm", "normal"]


def test_f40_the_link_refuses_before_it_sends_and_reports_what_the_other_side_refuses(plant: ServedPlant, link: ModbusLink) -> None:
    with pytest.raises(RefusedError, match=r"must lie between 5\.5 and 10"):
        link.write({"V_chw_set.cmd": 0.03, "T_chw_set.cmd": 300.0})
    assert link.read()["V_chw_set.cmd"] == pytest.approx(0.045, rel=1e-4), "all or nothing"
    with pytest.raises(RefusedError, match="did you mean"):
        link.write({"T_chw_sett.cmd": 280.0})
    with pytest.raises(RefusedError, match="cannot be written"):
        link.write({"T_chw": 280.0})
    # The other side's list is newer than ours.
    narrow = [p if p.name != "T_chw_set.cmd" else type(p)(**(vars(p) | {"high": 8.0})) for p in points().points]
    plant.image.points = type(points())(points().site, points().title, tuple(narrow), points().addresses)
    with pytest.raises(RefusedError, match="exception 03") as caught:
        link.write({"T_chw_set.cmd": 282.15})
    assert caught.value.refusal is Refusal.OUT_OF_RANGE


def test_a_cut_link_is_an_error_and_comes_back(plant: ServedPlant, server: ModbusServer, link: ModbusLink) -> None:
    link.read()
    server.stop()
    with pytest.raises(LinkError):
        link.read()
    with pytest.raises(LinkError, match="does not answer"):
        link.connect()
    again = ModbusServer(plant.image, port=server.port)
    again.start()
    try:
        assert set(link.read()) == set(points().index)
    finally:
        link.close()
        again.stop()


def test_f37_a_clock_that_is_set_back_does_not_lengthen_the_wait_for_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    back = itertools.count(2e9, -3600.0)
    monkeypatch.setattr("pymodbus.client.tcp.time", types.SimpleNamespace(time=lambda: next(back)))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        link = ModbusLink(points(), "127.0.0.1", silent.getsockname()[1], timeout=0.1)
        link.connect()
        taken, _ = silent.accept()
        # Who waits for longer finds a closed connection in place of silence.
        ending = threading.Timer(20.0, taken.shutdown, [socket.SHUT_RDWR])
        ending.start()
        try:
            with pytest.raises(LinkTimeoutError):
                link.read(["T_chw"])
        finally:
            ending.cancel()
            taken.close()


def test_a_port_that_is_taken(plant: ServedPlant, server: ModbusServer) -> None:
    with pytest.raises(ServeError, match=f"cannot serve at modbus://127.0.0.1:{server.port}"):
        ModbusServer(plant.image, port=server.port).start()


def test_f42_garbage_leaves_the_server_alive(server: ModbusServer, link: ModbusLink) -> None:
    for garbage in (b"\x00" * 300, b"\xff" * 12, bytes(range(256)) * 8, struct.pack(">HHHB", 1, 0, 60000, 1)):
        with socket.create_connection(("127.0.0.1", server.port), timeout=5.0) as s:
            s.sendall(garbage)
    assert set(link.read()) == set(points().index)


def test_f42_of_much_garbage_the_first_is_told_and_the_number(plant: ServedPlant, caplog: pytest.LogCaptureFixture) -> None:
    one = ModbusServer(plant.image, port=0)
    one.start()
    try:
        for _ in range(5):
            with socket.create_connection(("127.0.0.1", one.port), timeout=60.0) as s:
                s.sendall(b"\xff" * 12)
                assert s.recv(1) == b""
    finally:
        one.stop()
    told = [record.getMessage() for record in caplog.records if record.name == "lowlift.wire.modbus_connection"]
    first = "modbus: a connection that does not speak Modbus is closed"
    assert told[0] == first and told[-1].startswith(f"{first}: ") and told[-1].endswith("5 so far") and len(told) < 5


def test_requests_sent_without_waiting_are_all_answered_in_order(server: ModbusServer) -> None:
    read = struct.pack(">BHH", 4, 0, 2)
    with socket.create_connection(("127.0.0.1", server.port), timeout=5.0) as s:
        s.sendall(b"".join(struct.pack(">HHHB", k, 0, len(read) + 1, 1) + read for k in range(40)))
        got = b""
        while len(got) < 40 * 13:
            got += s.recv(4096)
    assert [int.from_bytes(got[k * 13 : k * 13 + 2], "big") for k in range(40)] == list(range(40))
    assert {got[k * 13 + 7] for k in range(40)} == {4}


def test_f39_a_flood_is_answered_with_busy_where_it_is_too_much(server: ModbusServer, link: ModbusLink) -> None:
    n, read = 300, struct.pack(">BHH", 4, 0, 2)
    with socket.create_connection(("127.0.0.1", server.port), timeout=5.0) as s:
        s.sendall(b"".join(struct.pack(">HHHB", k, 0, len(read) + 1, 1) + read for k in range(n)))
        seen: dict[int, tuple[int, ...]] = {}
        stream = b""
        while len(seen) < n:
            stream += s.recv(65536)
            while len(stream) >= 6 and len(stream) >= (length := 6 + int.from_bytes(stream[4:6], "big")):
                seen[int.from_bytes(stream[:2], "big")] = tuple(stream[7:9])
                stream = stream[length:]
    assert set(seen) == set(range(n))
    assert set(seen.values()) <= {(4, 4), (0x84, 6)} and (4, 4) in seen.values()
    assert set(link.read()) == set(points().index)


def test_a_frame_in_pieces(server: ModbusServer) -> None:
    read = struct.pack(">HHHBBHH", 5, 0, 6, 1, 4, 0, 2)
    with socket.create_connection(("127.0.0.1", server.port), timeout=5.0) as s:
        for k in range(len(read)):
            s.sendall(read[k : k + 1])
        assert s.recv(64)[:2] == b"\0\5"


def test_two_links_at_once(server: ModbusServer, link: ModbusLink) -> None:
    with ModbusLink(points(), "127.0.0.1", server.port) as other:
        link.write({"T_chw_set.cmd": 281.15})
        assert other.read()["T_chw_set.cmd"] == pytest.approx(281.15, abs=1e-4)
        assert link.read()["T_chw_set.cmd"] == pytest.approx(281.15, abs=1e-4)


def test_connections_that_come_while_it_ends_are_closed(plant: ServedPlant) -> None:
    server = ModbusServer(plant.image, port=0)
    server.start()
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=10.0)) for _ in range(60)]
        server.stop()
        for client in clients:
            with contextlib.suppress(ConnectionResetError):
                assert client.recv(1) == b""
    gc.collect()
