"""Served plants against clients that nobody here has written: Debian's ``mbpoll``, npm's ``@bacnet-js/client`` and ``node-opcua-client``.

Each client reads every point of the plant's point list, which it is given as ``lowlift points --format json`` prints it, writes setpoints,
modes and hand values, and writes what must be refused. What it got is compared here with the point list: value, name, unit, range, states.
The plant stands still meanwhile. OPC UA is read and written through Basic256Sha256 (sign and encrypt, certificates on both sides) with a
user's name, read in the open by an anonymous client, whose writes are refused like a stranger's session. Modbus has no units to be read.

npm packages go into a folder outside the repository, which ``--packages`` names and ``--install`` fills; Node.js 20 or newer. A client that
is not there is left out and said to be.

Usage: ``python benchmarks/independent_clients.py --packages FOLDER [--install] [--plants gb200_hall frontier] [--protocols ...] [--json]``
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from independent_clients_check import judged, plan
from independent_clients_run import PACKAGES, RUNS, MissingError

from lowlift.hil.default_scenario import scenario_of
from lowlift.hil.served_plant import ServedPlant
from lowlift.models import load
from lowlift.wire.point_table import entries

PLANTS = ("gb200_hall", "frontier")
SCENARIO = "workload=llm_training,weather=tucson,start=07-04,days=0.1"
STEPS = 40
"""Plant steps before anybody looks: readings that differ from each other."""


def check(name: str, protocol: str, folder: Path | None) -> dict[str, Any]:
    """One plant by one client.

    Args:
        name: the plant.
        protocol: ``modbus``, ``bacnet`` or ``opcua``.
        folder: where the npm packages are.

    Raises:
        MissingError: the client is not installed.
    """
    plant = load(name, check=False)
    served = ServedPlant(plant, scenario_of(plant, SCENARIO), step=5.0)
    for _ in range(STEPS):
        served.step()
    writes = plan(entries(served.image.points), protocol)
    return judged(protocol, served, RUNS[protocol](served, writes, folder), writes)


def main(arguments: Sequence[str] | None = None) -> int:
    """Check and print; 1 where anything differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plants", nargs="+", default=list(PLANTS))
    parser.add_argument("--protocols", nargs="+", default=list(RUNS), choices=list(RUNS))
    parser.add_argument("--packages", type=Path, help="folder of the npm packages, outside the repository")
    parser.add_argument("--install", action="store_true", help="install them there first")
    parser.add_argument("--json", action="store_true")
    told = parser.parse_args(arguments)
    if told.install:
        told.packages.mkdir(parents=True, exist_ok=True)
        quiet = ["--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run(["npm", "install", "--prefix", str(told.packages), *quiet, *PACKAGES.values()], check=True, stdout=sys.stderr)
    results, missing = [], []
    for name in told.plants:
        for protocol in told.protocols:
            try:
                results.append(check(name, protocol, told.packages))
            except MissingError as error:
                missing.append(f"{name} over {protocol}: left out, {error}")
    if told.json:
        print(json.dumps({"results": results, "missing": missing}, indent=1))
    else:
        print(table(results))
        print(*missing, sep="\n", end="\n" if missing else "")
    return int(any(r["wrong"] for r in results))


def table(results: Sequence[dict[str, Any]]) -> str:
    """What was read, written and refused, and below it what was wrong."""
    lines = [
        "| plant | protocol | points | read right | writes taken | writes refused | also |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    fixed = {"plant", "protocol", "points", "read", "taken", "refused", "writes", "wrong"}
    for r in results:
        also = ", ".join(f"{k.replace('_', ' ')}: {v}" for k, v in r.items() if k not in fixed)
        lines.append(f"| {r['plant']} | {r['protocol']} | {r['points']} | {r['read']} | {r['taken']} | {r['refused']} | {also} |")
    return "\n".join([*lines, *(f"WRONG {r['plant']} {r['protocol']}: {w}" for r in results for w in r["wrong"])])


if __name__ == "__main__":
    sys.exit(main())
