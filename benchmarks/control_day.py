"""A controller over each protocol against itself in the loop: energy of one served day, and what the wire costs.

The plant is served in this process behind a real socket, in lockstep: each heartbeat of the control client is worth one sample, so that the
result depends neither on the machine nor on its load. With ``--speed`` the plant waits for nobody: it runs so many times faster than real
time, and the client keeps up or misses samples. Run as ``python benchmarks/control_day.py --plant gb200_hall --hours 24``.
"""

import argparse
import json
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from lowlift import models
from lowlift.bms.audit_log import AuditTrail, verify
from lowlift.bms.control import ControlClient
from lowlift.bms.control_loop import ControlLoop
from lowlift.hil.default_scenario import scenario_of
from lowlift.hil.runner import Runner
from lowlift.hil.served_plant import ServedPlant
from lowlift.models.plant import Plant
from lowlift.sim.closed_loop import simulate
from lowlift.sim.entrants import live_run, make_run
from lowlift.sim.files import write_text
from lowlift.sim.scenario import Scenario
from lowlift.wire.links import make_link
from lowlift.wire.protocols import server

OPTIONS = {"modbus": {"port": 0}, "bacnet": {"address": "127.0.0.1/32:0"}, "opcua": {"port": 0}}


def in_process(plant: Plant, scenario: Scenario, controller: str, steps: int) -> float:
    (trajectory,) = simulate(plant, scenario, [make_run(controller, plant, scenario)])
    return float(trajectory.frame[list(plant.site.sheet.cooling)].to_numpy()[:steps].sum() * scenario.step)


def over(
    protocol: str, plant: Plant, scenario: Scenario, controller: str, steps: int, sample: float, speed: float | None
) -> dict[str, float | str]:
    served = ServedPlant(plant, scenario)
    # The loop begins at fail-safe setpoints, a served plant at its defaults.
    served.start_from(served.envelope.fail_safe(np.full((1, 1), served.envelope.rules.T_dew)))
    columns = [served.image.points.position(name) for name in plant.site.sheet.cooling]
    factors = served.image.points.factors[columns]
    used = [0.0]
    stop, cycles = threading.Event(), round(steps * scenario.step / sample)
    served.image.subscribe(lambda shown: used.append(float((shown.values[columns] / factors).sum() * scenario.step)))
    adapter = server(protocol, served.image, **OPTIONS[protocol])
    adapter.refresh_every = 0.0
    adapter.start()
    runner = Runner(served, lockstep=sample) if speed is None else Runner(served, speed=speed)
    runner.start()
    count = [0]

    def seen(cycle: object) -> None:
        count[0] += 1
        if (count[0] == cycles) if speed is None else (len(used) > steps):
            stop.set()

    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, AuditTrail(Path(folder) / "audit.jsonl") as trail:
        link = make_link(served.image.points, adapter.url, timeout=10.0)
        client = ControlClient(plant, live_run(controller, plant), link, trail, act=True, sample=sample, begin=scenario.index[0],
                               weather=lambda _: scenario.weather_past)  # fmt: skip
        tally = ControlLoop(client, stop=stop, seen=seen).run()
        verdict = verify(trail.path)
    took = time.perf_counter() - begun
    runner.stop()
    adapter.stop()
    return {"protocol": protocol, "sample_s": sample, "J": sum(used[1 : steps + 1]), "cycles": tally.cycles, "decisions": tally.decisions,
            "values_written": tally.writes, "take_overs": verdict.kinds.get("take-over", 0), "alarms": verdict.kinds.get("alarm", 0),
            "lost": tally.losses, "records": verdict.records, "took_s": took}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plant", default="gb200_hall")
    parser.add_argument("--controller", default="MPC")
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--scenario", default=None)
    parser.add_argument("--runs", default="modbus:15,bacnet:60,opcua:60", help="protocol:sample in s, comma-separated")
    parser.add_argument("--speed", type=float, default=None, help="plant time over real time; in lockstep if not given")
    parser.add_argument("--out", type=Path, default=None, help="JSON file")
    a = parser.parse_args()
    plant = models.load(a.plant)
    scenario = scenario_of(plant, a.scenario)
    steps = round(a.hours * 3600.0 / scenario.step)
    begun = time.perf_counter()
    expected = in_process(plant, scenario, a.controller, steps)
    print(f"{a.plant}, {scenario.name}, {a.controller}, {a.hours:g} h: {expected / 3.6e6:.2f} kWh of cooling in the loop, "
          f"{time.perf_counter() - begun:.0f} s")  # fmt: skip
    print(
        "| protocol | sample | cooling | against the loop | cycles | decisions | values written | take-overs | alarms | lost | "
        "records | took |"
    )
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    rows = []
    for item in a.runs.split(","):
        protocol, _, sample = item.partition(":")
        r = over(protocol, plant, scenario, a.controller, steps, float(sample or 15.0), a.speed)
        r["against_loop"] = r["J"] / expected - 1.0
        rows.append(r)
        print(f"| {protocol} | {r['sample_s']:g} s | {r['J'] / 3.6e6:.2f} kWh | {r['against_loop']:+.5%} | {r['cycles']} | "
              f"{r['decisions']} | {r['values_written']} | {r['take_overs']} | {r['alarms']} | {r['lost']} | {r['records']} | "
              f"{r['took_s']:.0f} s |", flush=True)  # fmt: skip
    if a.out is not None:
        write_text(
            a.out, json.dumps({"plant": a.plant, "controller": a.controller, "hours": a.hours, "loop_J": expected, "rows": rows}, indent=1)
        )


if __name__ == "__main__":
    main()
