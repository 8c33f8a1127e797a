"""The documentation page of ``mpc.py``: tables between two marks of the page, and a plot beside it."""

from pathlib import Path
from typing import Any

from lowlift.sim.plot_style import GRID, INK, MUTED, SPARE, style

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
PAGE, PLOT = "benchmarks_mpc.md", Path("_static") / "benchmarks_mpc.svg"
NAMES = {
    "core_kernel": "core, kernel", "core_numpy": "core, NumPy", "core_kernel_rti": "core, kernel, real time",
    "core_numpy_rti": "core, NumPy, real time", "fatrop": "fatrop", "ipopt": "IPOPT", "dompc_default": "do-mpc, defaults",
    "dompc_points": "do-mpc, defaults, limits at collocation points",
    "dompc_same": "do-mpc, same discretisation", "acados_rti": "acados, SQP_RTI", "kernel": "core, kernel", "numpy": "core, NumPy",
}  # fmt: skip
RATIOS = {
    "warm_vs_dompc_default": "warm solve, do-mpc defaults over core",
    "warm_vs_dompc_same": "warm solve, do-mpc same discretisation over core",
    "rti_vs_acados": "real-time step, acados over core", "batch_vs_fatrop_numpy": "batch of cold problems, fatrop loop over core in NumPy",
    "batch_vs_fatrop_kernel": "batch of cold problems, fatrop loop over core with kernel",
}  # fmt: skip


def write_page(found: dict[str, Any], docs: Path) -> None:
    """Replace what is between the marks of the page, and draw the plot.

    Raises:
        ValueError: the page has no marks.
    """
    path = docs / PAGE
    text = path.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise ValueError(f"{path}: must hold {BEGIN} and {END}")
    head, rest = text.split(BEGIN)
    tail = rest.split(END)[1]
    draw(found, docs / PLOT)
    image = f"![Time of a solve]({PLOT.as_posix()})"
    body = "\n\n".join([_where(found), _ratios(found), image, _table_a(found), _loops(found), _table_b(found)])
    path.write_text(f"{head}{BEGIN}\n\n{body}\n\n{END}{tail}", encoding="utf-8")


def draw(found: dict[str, Any], path: Path) -> None:
    """Times of A and B as bars on a logarithmic axis."""
    from matplotlib.figure import Figure

    a = {NAMES[k]: v["warm_ms"] for k, v in found["A"]["solvers"].items()}
    b = {NAMES[k]: v["ms_per_problem"] for k, v in found["B"]["solvers"].items()}
    with style():
        figure = Figure(figsize=(7.2, 0.32 * (len(a) + len(b)) + 1.6), layout="constrained")
        axes = figure.subplots(2, 1, height_ratios=[len(a), len(b)])
        for ax, times, title in ((axes[0], a, "A: warm solve or real-time step"), (axes[1], b, "B: cold problems, per problem")):
            order = sorted(times, key=lambda name: -times[name])
            ax.barh(order, [times[name] for name in order], color=[INK if "core" in name else SPARE[0] for name in order], height=0.6)
            for y, name in enumerate(order):
                ax.text(times[name] * 1.08, y, f"{times[name]:.3g}", va="center", fontsize=8.5, color=MUTED)
            ax.set_xscale("log")
            ax.set_title(title)
            ax.grid(True, axis="x", color=GRID)
            ax.grid(False, axis="y")
            ax.margins(x=0.12)
        axes[1].set_xlabel("ms")
        path.parent.mkdir(exist_ok=True)
        figure.savefig(path, metadata={"Date": None})


def _where(found: dict[str, Any]) -> str:
    of, a, b = found["machine"], found["A"], found["B"]
    return (f"Measured on {of['processor']}, {of['processors']} processors, Python {of['python']}, NumPy {of['numpy']}, load average "
            f"{of['load_average']}. A: {a['problems']} moments; B: {b['problems']} problems, medians of {b['repeats']} runs.")  # fmt: skip


def _ratios(found: dict[str, Any]) -> str:
    rows = [[RATIOS[k], "peer or path missing" if v is None else f"{v:.2f}"] for k, v in found["summary"].items()]
    return _markdown(["ratio of medians, above 1: the core is faster", "measured"], rows)


def _table_a(found: dict[str, Any]) -> str:
    rows = []
    for name, r in found["A"]["solvers"].items():
        differences = [_number(r[kind]["median"]) for kind in ("objective_difference", "replayed_difference")]
        done, others = f"{r['converged']}/{r['solves']}", str(len(r["other_optima"]))
        rows.append([NAMES[name], f"{r['warm_ms']:.2f}", f"{r['cold_ms']:.1f}", f"{r['warm_iterations']:.0f}", done,
                     _number(r["worst_kkt_error"]), *differences, others])  # fmt: skip
    for name, why in found["A"]["missing"].items():
        rows.append([NAMES[name], "missing", why, *[""] * 6])
    head = ["who", "warm [ms]", "cold [ms]", "iterations", "converged", "worst KKT error", "objective − IPOPT's", "replayed − IPOPT's",
            "other optima"]  # fmt: skip
    return "**A, single plans**\n\n" + _markdown(head, rows)


def _loops(found: dict[str, Any]) -> str:
    rows = [[NAMES[k], f"{100.0 * r['over_converged']:+.3f}", f"{r['median_ms']:.2f}", f"{r['most_ms']:.0f}", str(r["restarted"]),
             _number(r["median_kkt_error"])] for k, r in found["A"]["closed_loop"].items()]  # fmt: skip
    table = _markdown(["who", "cost over converged [%]", "step, median [ms]", "longest [ms]", "started cold again", "KKT error"], rows)
    text = f"**A, closed loop on the prediction model**\n\n{table}"
    if found["plant"] is not None:
        of = found["plant"]
        kept = " and ".join(f"{of['runs'][name]['violation_Kh']:.3f}" for name in ("converged", "real_time"))
        more = f"{100.0 * of['real_time_over_converged']:+.3f} %"
        text += (f"\n\nFull plant, {of['days']:g} days: cooling takes {more} more with plans in real time than with converged ones; limits "
                 f"are broken by {kept} K h (converged, real time).")  # fmt: skip
    return text


def _table_b(found: dict[str, Any]) -> str:
    rows = []
    for name, r in found["B"]["solvers"].items():
        outcomes = ", ".join(f"{v} {k.lower()}" for k, v in r["outcomes"].items())
        iterations = f"{r['iterations']['median']:.0f} / {r['iterations']['most']:.0f}"
        rows.append([NAMES[name], f"{r['ms_per_problem']:.3f}", iterations, outcomes, _number(r["median_difference"]),
                     f"{len(r['other_optima'])} of {r['compared_with_ipopt']}"])  # fmt: skip
    warm = "; ".join(f"{NAMES[k]}: {v['problems_per_s']:,.0f} problems/s" for k, v in found["B"]["warm_rti"].items())
    table = _markdown(["who", "per problem [ms]", "iterations, median / most", "outcomes", "difference to IPOPT", "other optima"], rows)
    return f"**B, batch of cold problems**\n\n{table}\n\nWarm real-time steps of the whole batch: {warm}."


def _markdown(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.1e}"
