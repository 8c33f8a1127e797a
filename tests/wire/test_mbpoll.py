"""Modbus against a client that nobody here has written: Debian's mbpoll, where it is installed."""

import re
import shutil
import subprocess
from collections.abc import Iterator

import pytest
from wire_plants import points

from lowlift.hil.served_plant import ServedPlant
from lowlift.wire.addresses import Table
from lowlift.wire.modbus_server import ModbusServer

MBPOLL = shutil.which("mbpoll")
pytestmark = pytest.mark.skipif(MBPOLL is None, reason="mbpoll is not installed (apt install mbpoll)")


@pytest.fixture
def server(plant: ServedPlant) -> Iterator[ModbusServer]:
    one = ModbusServer(plant.image, port=0)
    one.start()
    yield one
    one.stop()


def mbpoll(server: ModbusServer, *arguments: str) -> tuple[str, str]:
    command = [str(MBPOLL), "-m", "tcp", "-p", str(server.port), "-a", "1", "-0", "-1", "-q", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20.0)
    return done.stdout, done.stderr


def test_every_point_of_every_table(server: ModbusServer, plant: ServedPlant) -> None:
    values = plant.image.values()
    for table, kind in ((Table.INPUT, "3:float"), (Table.HOLDING, "4:float"), (Table.COIL, "0"), (Table.DISCRETE, "1")):
        at = {a.modbus.address: float(values[k]) for k, a in enumerate(points().addresses) if a.modbus.table is table}
        out, _ = mbpoll(server, "-r", "0", "-c", str(len(at)), "-t", kind, "-B", "127.0.0.1")
        seen = {int(address): float(value) for address, value in re.findall(r"^\[(\d+)\]:\s+(\S+)", out, flags=re.MULTILINE)}
        assert seen == pytest.approx(at, rel=1e-4)


def test_a_setpoint_is_written_and_what_must_be_refused_is(server: ModbusServer, plant: ServedPlant) -> None:
    write = ("-r", "0", "-t", "4:float", "-B", "127.0.0.1")
    assert "Written 1 references" in mbpoll(server, *write, "7.5")[0]
    assert plant.image.value(points().position("T_chw_set.cmd")) == 7.5
    assert "Illegal data value" in mbpoll(server, *write, "99")[1]
    assert "Illegal data address" in mbpoll(server, "-r", "0", "-t", "4", "127.0.0.1", "5")[1]
    assert "Illegal data address" in mbpoll(server, "-r", "9000", "-t", "3:float", "127.0.0.1")[1]
    assert plant.image.value(points().position("T_chw_set.cmd")) == 7.5
