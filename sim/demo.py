"""The demonstration: two scenarios in two processes, with progress, written to one folder."""

import dataclasses
import multiprocessing
import os
import queue
from pathlib import Path
from typing import Any

from lowlift.sim.outputs import write_kpis

SCENARIOS = (("frontier", 1.0, "04-07"), ("gb200_hall", 2.0, "07-04"))
"""Plant, days, first day; weather and workload are the plant's own."""
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


class DemoError(RuntimeError):
    """One of the scenarios failed; the message carries its traceback."""


@dataclasses.dataclass(frozen=True)
class DemoResult:
    """What one scenario reports back."""

    title: str
    rows: list[dict[str, Any]]
    proof: dict[str, Any]
    notes: list[str]
    published: list[str]


def run_demo(out: Path) -> list[DemoResult]:
    """Run all scenarios and write ``out``: Frontier at its top, the others in a folder of their name, all KPIs in ``kpis.json``.

    Raises:
        DemoError: a scenario failed.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    for name in THREADS:
        # One process a core: linear algebra may not start threads of its own on top.
        os.environ.setdefault(name, "1")
    context = multiprocessing.get_context("spawn")
    news: Any = context.Queue()
    folders = {name: out if k == 0 else out / name for k, (name, _, _) in enumerate(SCENARIOS)}
    workers = [context.Process(target=_work, args=(name, days, start, folders[name], news)) for name, days, start in SCENARIOS]
    for worker in workers:
        worker.start()
    results: dict[str, DemoResult] = {}
    columns = (
        TextColumn("{task.description:12s}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    try:
        with Progress(*columns, console=Console(stderr=True)) as progress:
            tasks = {name: progress.add_task(name, total=1.0) for name, _, _ in SCENARIOS}
            while len(results) < len(workers):
                try:
                    kind, name, value = news.get(timeout=1.0)
                except queue.Empty:
                    dead = [w for w in workers if not w.is_alive() and w.exitcode]
                    if dead:
                        raise DemoError(f"a process ended with code {dead[0].exitcode}") from None
                    continue
                if kind == "share":
                    progress.update(tasks[name], completed=value)
                elif kind == "error":
                    raise DemoError(f"{name}: {value}")
                else:
                    results[name] = value
                    progress.update(tasks[name], completed=1.0)
    finally:
        for worker in workers:
            if len(results) < len(workers):
                worker.terminate()
            worker.join()
    ordered = [results[name] for name, _, _ in SCENARIOS]
    write_kpis([row for result in ordered for row in result.rows], out / "kpis.json")
    return ordered


def _work(name: str, days: float, start: str, out: Path, news: Any) -> None:
    import traceback

    try:
        from lowlift import models
        from lowlift.sim.compare import compare
        from lowlift.sim.outputs import write_outputs
        from lowlift.sim.scenario import build_scenario

        plant = models.load(name)
        scenario = build_scenario(plant, days=days, start=start)
        result = compare(plant, scenario, oracle=True, proof=True, progress=lambda share: news.put(("share", name, share)))
        others = [f"see also the report of {n} in the folder {n}/" for n, _, _ in SCENARIOS[1:]] if name == SCENARIOS[0][0] else []
        write_outputs(result, out, tuple(others))
        news.put(("result", name, DemoResult(scenario.name, result.rows, result.proof, list(scenario.provenance),
                                             result.published_lines)))  # fmt: skip
    except Exception:
        # Whatever went wrong in the child must reach the parent's terminal.
        news.put(("error", name, traceback.format_exc()))
