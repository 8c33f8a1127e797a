"""The demonstration: two scenarios in two processes, with progress, written to one folder.

The second scenario takes longer: the longest run of its proof (the oracle on half the grid) is done by the process of the first when that
has finished, and handed over.
"""

import dataclasses
import multiprocessing
import os
import queue
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lowlift.sim.outputs import write_kpis

SCENARIOS = (("frontier", 1.0, "04-07"), ("gb200_hall", 2.0, "07-04"))
"""Plant, days, first day; weather and workload are the plant's own."""
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


class DemoError(RuntimeError):
    """One of the scenarios failed; the message carries its traceback."""


@dataclasses.dataclass(frozen=True)
class _Job:
    """What one process does."""

    name: str
    days: float
    start: str
    out: Path
    see_also: dict[str, str]
    """The other report: title to address."""


@dataclasses.dataclass(frozen=True)
class DemoResult:
    """What one scenario reports back."""

    title: str
    rows: list[dict[str, Any]]
    proof: dict[str, Any]
    notes: list[str]
    published: list[str]


def run_demo(out: Path) -> list[DemoResult]:
    """Run both scenarios and write ``out``: Frontier at its top, the other in a folder of its name, all KPIs in ``kpis.json``.

    Raises:
        DemoError: a scenario failed.
    """
    for name in THREADS:
        # One process a core: linear algebra may not start threads of its own on top.
        os.environ.setdefault(name, "1")
    context = multiprocessing.get_context("spawn")
    news: Any = context.Queue()
    handed_over: Any = context.Queue()
    first, second = (
        _Job(name, days, start, out / name if k else out, link)
        for k, ((name, days, start), link) in enumerate(zip(SCENARIOS, links(), strict=True))
    )
    workers = [
        context.Process(target=_guarded, args=(first.name, news, _first, first, second, handed_over)),
        context.Process(target=_guarded, args=(second.name, news, _second, second, handed_over)),
    ]
    for worker in workers:
        worker.start()
    results: dict[str, DemoResult] = {}
    try:
        _collect(results, workers, news)
    finally:
        for worker in workers:
            if len(results) < len(workers):
                worker.terminate()
            worker.join()
    ordered = [results[name] for name, _, _ in SCENARIOS]
    write_kpis([row for result in ordered for row in result.rows], out / "kpis.json")
    return ordered


def links() -> list[dict[str, str]]:
    """For each scenario the title and address of the other's report, seen from its own folder."""
    from lowlift.models.site import load_site

    first, second = (name for name, _, _ in SCENARIOS)
    return [{load_site(second).title: f"{second}/report.html"}, {load_site(first).title: "../report.html"}]


def _collect(results: dict[str, DemoResult], workers: list[Any], news: Any) -> None:
    """Show progress until every process has sent its result."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:12s}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn())
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


def _guarded(name: str, news: Any, task: Callable[..., None], *args: Any) -> None:
    import traceback

    try:
        task(news, *args)
    except Exception:
        # Whatever went wrong in the child must reach the parent's terminal.
        news.put(("error", name, traceback.format_exc()))


def _first(news: Any, job: _Job, other: _Job, handed_over: Any) -> None:
    """The first scenario, then the other's longest proof run."""
    from lowlift.sim.closed_loop import simulate
    from lowlift.sim.compare import HALVED, make_run

    comparison = _compare(news, job, lambda name: True)
    _publish(news, job, comparison)
    plant, scenario = _scenario(other)
    handed_over.put(simulate(plant, scenario, [make_run(HALVED, plant, scenario)])[0])


def _second(news: Any, job: _Job, handed_over: Any) -> None:
    """The second scenario but for its longest proof run, which is handed over."""
    from lowlift.sim.compare import HALVED

    comparison = _compare(news, job, lambda name: name != HALVED)
    run = handed_over.get()
    comparison.proof_runs[run.controller] = run
    _publish(news, job, comparison)


def _scenario(job: _Job) -> tuple[Any, Any]:
    from lowlift import models
    from lowlift.sim.scenario import build_scenario

    plant = models.load(job.name)
    return plant, build_scenario(plant, days=job.days, start=job.start)


def _compare(news: Any, job: _Job, proves: Callable[[str], bool]) -> Any:
    from lowlift.sim.compare import compare, default_controllers, proof_names

    plant, scenario = _scenario(job)
    names = default_controllers(plant)
    proof = [name for name in proof_names(names) if proves(name)]
    return compare(plant, scenario, names, oracle=True, proof=proof, progress=lambda share: news.put(("share", job.name, 0.98 * share)))


def _publish(news: Any, job: _Job, comparison: Any) -> None:
    from lowlift.sim.outputs import write_outputs

    write_outputs(comparison, job.out, job.see_also)
    news.put(("result", job.name, DemoResult(comparison.scenario.name, comparison.rows, comparison.proof,
                                             list(comparison.scenario.provenance), comparison.published_lines)))  # fmt: skip
