"""``lowlift schedule send`` to a BACnet device in another process: what it holds then, also when it refuses half way."""

import contextlib
import dataclasses
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
from schedule_cases import SITE, altered, schedule
from schedule_device import free_port
from typer.testing import CliRunner

from lowlift.bms.formats import read_schedule
from lowlift.cli import app
from lowlift.sim.schedule import Schedule

PROGRAM = Path(__file__).parents[1] / "schedule_device.py"


@contextlib.contextmanager
def device() -> Iterator[tuple[list[str], Callable[[str], None]]]:
    """Where it is, as options of the command line, and what tells it to refuse."""
    command = [sys.executable, str(PROGRAM), "T_supply_set[1]", "m_cw_set", "other"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        port = process.stdout.readline().strip()

        def refuse(line: str) -> None:
            print(line, file=process.stdin, flush=True)
            assert process.stdout is not None and process.stdout.readline() == "done\n"

        try:
            yield ["--plant", SITE.name, "--address", f"127.0.0.1:{port}", "--instance", "7", "--timeout", "20"], refuse
        finally:
            process.stdin.close()


def said(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["schedule", *arguments])
    return result.exit_code, result.output


def test_a_schedule_reaches_a_device_whole_or_what_it_holds_is_said(tmp_path: Path) -> None:
    day = (pd.Timestamp.now(tz="UTC") + pd.Timedelta(days=1)).date().isoformat()
    first = dataclasses.replace(schedule("UTC", day, minutes=240), created=pd.Timestamp.now(tz="UTC").floor("s"))
    second = altered(first, 1, value=30.3)
    store = ["--store", str(tmp_path / "store"), "--plant", SITE.name]
    with device() as (where, refuse):

        def approve(made: Schedule) -> None:
            made.export(tmp_path / "next.json")
            code, output = said("approve", str(tmp_path / "next.json"), *store, "--who", "Ada")
            assert code == 0, output

        def send() -> tuple[int, str]:
            return said("send", "--store", str(tmp_path / "store"), *where, "--bind", f"127.0.0.1/32:{free_port()}")

        def held() -> Schedule:
            path = tmp_path / "held.json"
            code, output = said("receive", str(path), *where, "--bind", f"127.0.0.1/32:{free_port()}")
            assert code == 0, output
            return read_schedule(path, site=SITE)

        approve(first)
        code, output = send()
        assert code == 0 and first.checksum in output, output
        assert held() == first

        # Refused once, half way: everything is taken back.
        approve(second)
        refuse("m_cw_set description 1 0")
        code, output = send()
        assert code == 2 and "refused (write schedule 2 description)" in output and "the device holds what it held before" in output
        assert held() == first

        # Refused, and the way back is refused as well: it is said of each object what it holds.
        refuse("m_cw_set description 9 0")
        code, output = send()
        assert code == 2 and "NOT ALL COULD BE TAKEN BACK: m_cw_set (schedule 2): no rows, so that its Schedule_Default of" in output
        assert "T_supply_set[1] (schedule 1): what it held before" in output
        refuse("m_cw_set description 0 0")
        refuse("m_cw_set exception-schedule 9 0")
        refuse("T_supply_set[1] exception-schedule 9 2")
        code, output = send()
        assert code == 2 and "T_supply_set[1] (schedule 1): the new schedule; m_cw_set (schedule 2): what it held before" in output

        # Half of one and half of the other is not read as a schedule, and mended by sending again.
        code, output = said("receive", str(tmp_path / "mixed.json"), *where, "--bind", f"127.0.0.1/32:{free_port()}")
        assert code == 2 and "(m_cw_set): edited after export, refused: 0 of 2 rows there" in output, output
        for line in ("m_cw_set exception-schedule", "T_supply_set[1] exception-schedule"):
            refuse(f"{line} 0 0")
        code, output = send()
        assert code == 0 and held() == second
