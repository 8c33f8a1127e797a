"""Computed against reference values, a panel a column."""

from pathlib import Path

import numpy as np

from lowlift.sim.files import save_with
from lowlift.sim.plot_style import INK, MUTED, style
from lowlift.sim.validation.run import Result

PANELS = 4
"""Most panels of a plot; columns with a tolerance of the table come first, and of these the one with the largest error over it."""
POINT = "#0072B2"
DPI = 90


def panels(result: Result) -> list[str]:
    """Columns worth a panel."""
    scored = [
        c for c in result.columns if c.tol is not None and np.ptp(result.expected[c.name][np.isfinite(result.expected[c.name])]) > 0.0
    ]
    least_sure = sorted(scored, key=lambda c: (c.tol not in result.sheet.header, -(c.worst_share or 0.0)))
    return [c.name for c in least_sure[:PANELS]]


def plot(result: Result, path: Path) -> Path | None:
    """Draw a table's columns; None where nothing was compared."""
    names = panels(result)
    if not names:
        return None
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    with style():
        figure, axes = plt.subplots(1, len(names), figsize=(3.3 * len(names), 3.1), squeeze=False, layout="constrained")
        for ax, name in zip(axes[0], names, strict=True):
            x, y = result.expected[name], result.values[name]
            both = np.isfinite(x) & np.isfinite(y)
            low, high = float(min(x[both].min(), y[both].min())), float(max(x[both].max(), y[both].max()))
            ax.plot([low, high], [low, high], color=MUTED, linewidth=0.8)
            ax.plot(x[both], y[both], ".", markersize=3.0, color=POINT, alpha=0.6)
            ax.set_title(name, color=INK)
            ax.set_xlabel("reference")
            ax.locator_params(nbins=4)
            ax.ticklabel_format(useOffset=False, scilimits=(-3, 4))
        axes[0][0].set_ylabel("computed")
        save_with(path, lambda file: figure.savefig(file, format="png", dpi=DPI, metadata={"Software": None}))
        plt.close(figure)
    return path
