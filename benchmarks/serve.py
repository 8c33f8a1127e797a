"""Real time under load: a served plant, all of whose points are polled over Modbus, BACnet and OPC UA at once.

The server is ``lowlift serve``'s own code in a process of its own; clients are processes of their own, one a protocol. Each polls all
points of the plant so often that it gets at least 2,000 values a second: Frontier has 466, so that five sweeps are spread over a second.
BACnet requests (*ReadPropertyMultiple* of present values) are encoded before and sent over a plain socket, so that the machine measures
the server; a poll whose answer takes longer than its second is counted as late, one without an answer as lost. Clients give way to the
server (niceness 10): on a site they are other machines. ``--realtime`` gives server and empty loop a real-time class (*SCHED_FIFO*, as
``chrt -f 10 lowlift serve`` does), so that other programs of the machine do not count. A loop that does nothing but sleep to the same
grid, in a process of its own, shows what the machine itself allows (*empty loop*): a deadline that both miss at the same time was missed by
the machine, as virtual ones do that share a processor.

Variants, with Frontier's own measured day: ``--speed 60`` for 24 plant hours (24 min), ``--speed 1`` for one hour, ``--quick`` for 20 s at
each speed. ``--flood`` adds a client that sends Modbus requests as fast as it can and random bytes to every port (F39, F42 of the fault
list); the server's memory is measured before and after.

Usage: ``python benchmarks/serve.py [--plant frontier] [--speed 60 1] [--hours 24 1] [--points 2000] [--quick] [--flood] [--realtime]
[--json]``
Long: ``python benchmarks/serve.py --speed 60 1 --hours 24 1`` (24 min and one hour).
"""

import argparse
import json
import logging
import math
import multiprocessing
import os
import sys
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any

from serve_clients import PROTOCOLS, flood, poll

from lowlift.hil.pacing import Pacer, PaceReport
from lowlift.hil.serve import STEP
from lowlift.models import load
from lowlift.wire.points import points_of

REALTIME = 10
"""Priority in the real-time class."""
QUICK = 20.0
"""Real time of a quick run [s]."""


def serve(pipe: Connection, name: str, speed: float, seconds: float, realtime: bool) -> None:
    """The server's process: says where its ports are, runs, reports."""
    from lowlift.hil.serve import serving

    if realtime:
        first_in_line()
    # The flood would fill the screen.
    logging.getLogger("lowlift").setLevel(logging.ERROR)
    options = {"modbus": {"port": 0}, "bacnet": {"address": "127.0.0.1/32:0"}, "opcua": {"port": 0}}
    run = serving(load(name, check=False), PROTOCOLS, speed=speed, options=options)
    with run:
        pipe.send({adapter.protocol: adapter.url for adapter in run.adapters})
        pipe.recv()
        # Clients are connected: what the start has cost is not measured.
        run.runner.set_speed(speed)
        run.runner.pacer.jitter.clear()
        before, begin, memory, t = time.process_time(), time.monotonic(), resident(), run.served.t
        peak = memory
        while (left := begin + seconds - time.monotonic()) > 0.0 and run.runner.running:
            time.sleep(min(left, 1.0))
            peak = max(peak, resident())
        took, used, report = time.monotonic() - begin, time.process_time() - before, run.runner.report()
        pipe.send({
            "plant_hours": (run.served.t - t) / 3600.0, "seconds": took, **pace(report), "cpu_share": used / took,
            "memory_MB": memory / 1e6, "memory_peak_MB": peak / 1e6, "memory_end_MB": resident() / 1e6,
            "failure": None if run.runner.failure is None else repr(run.runner.failure),
        })  # fmt: skip
        # Clients may still be waiting for answers.
        pipe.recv()


def first_in_line() -> None:
    """Run before all ordinary programs of the machine; threads that begin from now on do, too."""
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(REALTIME))


def resident() -> int:
    """Memory of this process [bytes]."""
    with open("/proc/self/statm", encoding="ascii") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def idle(pipe: Connection, period: float, seconds: float, realtime: bool) -> None:
    """A loop that sleeps from deadline to deadline."""
    if realtime:
        first_in_line()
    pacer = Pacer(period)
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if pacer.rest():
            pacer.begun()
    pipe.send(pace(pacer.report()))


def pace(report: PaceReport) -> dict[str, Any]:
    """How a loop kept its time."""
    return {"steps": report.steps, "p50_ms": 1e3 * report.p50, "p99_ms": 1e3 * report.p99, "max_ms": 1e3 * report.largest,
            "missed": report.missed, "lost_s": report.lost, "misses": report.misses}  # fmt: skip


def machine_stalls(ours: dict[str, Any], empty: dict[str, Any]) -> int:
    """How many of our missed deadlines fell into times in which a loop that does nothing was a whole period late, too."""
    stalls = [(due, due + late) for due, late in empty["misses"]]
    return sum(any(due <= end and due + late >= begin for begin, end in stalls) for due, late in ours["misses"])


def measure(name: str, speed: float, seconds: float, points: int, flooded: bool, realtime: bool) -> dict[str, Any]:
    """One run: server, a client a protocol, and the flood where it is asked for."""
    sweeps = math.ceil(points / len(points_of(load(name, check=False))))
    spawn = multiprocessing.get_context("spawn")

    def start(target: Any, *arguments: Any) -> tuple[Connection, Any]:
        ours, theirs = spawn.Pipe()
        process = spawn.Process(target=target, args=(theirs, *arguments), daemon=True)
        process.start()
        return ours, process

    server, serving = start(serve, name, speed, seconds, realtime)
    urls = server.recv()
    clients = [start(poll, protocol, name, urls[protocol], sweeps, seconds) for protocol in PROTOCOLS]
    for pipe, _ in clients:
        pipe.recv()
    server.send("go")
    for pipe, _ in clients:
        pipe.send("go")
    empty, _ = start(idle, STEP / speed, seconds, realtime)
    noise = start(flood, urls, 0.9 * seconds) if flooded else None
    result = {
        "plant": name,
        "speed": speed,
        "polled": [pipe.recv() for pipe, _ in clients],
        "server": server.recv(),
        "empty_loop": empty.recv(),
    }
    result["server"]["missed_with_the_machine"] = machine_stalls(result["server"], result["empty_loop"])
    if noise is not None:
        result["flood"] = noise[0].recv()
    server.send("stop")
    for _, process in (*clients, (server, serving)):
        process.join(30.0)
    return result


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def figures(r: dict[str, Any]) -> str:
    """One run in a line."""
    s, polled = r["server"], r["polled"]
    return (
        f"speed {r['speed']:g}: {s['steps']} steps, {s['missed']} missed ({s['missed_with_the_machine']} with the machine), late p50 "
        f"{s['p50_ms']:.3g}, p99 {s['p99_ms']:.3g}, max {s['max_ms']:.3g} ms, CPU {100 * s['cpu_share']:.0f} %, empty loop "
        f"{r['empty_loop']['missed']} missed; sweeps late {sum(c['late'] for c in polled)}, lost {sum(c['lost'] for c in polled)}"
    )


def table(results: Sequence[dict[str, Any]]) -> str:
    """The server's pace, then the clients' answers."""
    lines = ["| plant | speed | plant h | steps | late p50 [ms] | p99 [ms] | max [ms] | missed | with the machine | lost [s] | CPU | "
             "memory [MB] |", "| --- " * 12 + "|"]  # fmt: skip
    for r in results:
        s = r["server"]
        lines.append(
            f"| {r['plant']} | {r['speed']:g} | {s['plant_hours']:.3g} | {s['steps']} | {s['p50_ms']:.3g} | {s['p99_ms']:.3g} | "
            f"{s['max_ms']:.3g} | {s['missed']} | {s['missed_with_the_machine']} | {s['lost_s']:.3g} | {100 * s['cpu_share']:.0f} % | "
            f"{s['memory_MB']:.0f} to {s['memory_end_MB']:.0f} |"
        )
    for r in results:
        e = r["empty_loop"]
        figures = f"{e['steps']} | {e['p50_ms']:.3g} | {e['p99_ms']:.3g} | {e['max_ms']:.3g} | {e['missed']} | | {e['lost_s']:.3g}"
        lines.append(f"| empty loop | {r['speed']:g} | | {figures} | | |")
    lines += [
        "",
        "| speed | protocol | values a second | sweeps | late | lost | answer p50 [ms] | p99 [ms] | max [ms] |",
        "| --- " * 9 + "|",
    ]
    for r in results:
        for c in r["polled"]:
            lines.append(
                f"| {r['speed']:g} | {c['protocol']} | {c['values_per_s']:.0f} | {c['sweeps']} | {c['late']} | {c['lost']} | "
                f"{c['p50_ms']:.3g} | {c['p99_ms']:.3g} | {c['max_ms']:.3g} |"
            )
    lines += [f"flood at speed {r['speed']:g}: {r['flood']}" for r in results if "flood" in r]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 where a deadline was missed, an answer was late or lost, or the plant failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plant", default="frontier")
    parser.add_argument("--speed", nargs="+", type=float, default=[60.0, 1.0], help="plant time over real time")
    parser.add_argument("--hours", nargs="+", type=float, default=[24.0, 1.0], help="plant hours, one for each speed")
    parser.add_argument("--points", type=int, default=2000, help="values a second that each protocol is polled for")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK:g} s at each speed")
    parser.add_argument("--flood", action="store_true")
    parser.add_argument("--realtime", action="store_true", help="server and empty loop before all other programs; needs the right to that")
    parser.add_argument("--json", action="store_true")
    told = parser.parse_args(arguments)
    if not told.quick and len(told.speed) != len(told.hours):
        parser.error("--hours: one for each --speed")
    lasting = [QUICK] * len(told.speed) if told.quick else [3600.0 * h / s for h, s in zip(told.hours, told.speed, strict=True)]
    results = []
    for speed, seconds in zip(told.speed, lasting, strict=True):
        say(f"speed {speed:g}: until {time.strftime('%H:%M', time.localtime(time.time() + seconds))}, {seconds / 60.0:.1f} min")
        results.append(measure(told.plant, speed, seconds, told.points, told.flood, told.realtime))
        say(figures(results[-1]))
    print(json.dumps(results, indent=1) if told.json else table(results))
    return int(any(r["server"]["missed"] or r["server"]["failure"] or any(c["late"] or c["lost"] for c in r["polled"]) for r in results))


if __name__ == "__main__":
    sys.exit(main())
