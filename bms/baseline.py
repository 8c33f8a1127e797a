"""Regression of metered power on outdoor temperature and IT load: the baseline that savings are counted from.

Equations
    Change-point models (Kissock, Haberl and Claridge 2003, ASHRAE RP-1050), with ``(x)+ = max(x, 0)``, IT load as further regressor::

        mean                 P = b0                                   [+ b P_it]
        line                 P = b0 + b1 T                            [+ b P_it]
        cooling (3P)         P = b0 + b1 (T - Tc)+                    [+ b P_it]
        heating (3P)         P = b0 + b1 (Tc - T)+                    [+ b P_it]
        two slopes (4P)      P = b0 + b1 (Tc - T)+ + b2 (T - Tc)+     [+ b P_it]
        dead band (5P)       P = b0 + b1 (T1 - T)+ + b2 (T - T2)+     [+ b P_it]

    Least squares; change points by a search on a grid that is refined twice. Of all models over wet bulb and dry bulb the one with the
    lowest Bayesian information criterion is taken. Goodness (ASHRAE Guideline 14-2014), with ``p`` parameters, change points included::

        CV(RMSE) = sqrt(sum e^2 / (n - p)) / mean P        NMBE = sum e / ((n - p) mean P)
        n' = n (1 - rho) / (1 + rho)                       rho: autocorrelation of consecutive residuals

    ``rho`` is corrected for its bias in short series (Marriott and Pope 1954).
"""

import dataclasses
import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lowlift.bms.meter import TEMPERATURES, Meter, SavingsError

Array = NDArray[np.float64]
FORMS = {"mean": 0, "line": 0, "cooling": 1, "heating": 1, "two slopes": 1, "dead band": 2}
"""Forms and their number of change points."""
GRID, PASSES = 11, 6
"""Candidates of a change point, and how often the grid is refined."""
EDGE = 0.05
"""Change points lie within the range of temperatures without that share at either end."""
RHO_MAX = 0.98
NEEDED = 10.0
"""Least number of independent observations beyond the parameters."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Baseline:
    """A fitted model."""

    form: str
    temperature: str
    """``T_wb``, ``T_db``, or empty for the mean."""
    points: tuple[float, ...]
    """Change points [K]."""
    beta: Array
    """Coefficients of :func:`design`, without those of the slopes at the change points."""
    with_it: bool
    gram: Array
    """Inverse of the normal matrix, change points included as linearised parameters, ``(p, p)``."""
    noise: Array
    """``X' R X`` with the residuals' AR(1) correlation R, ``(p, p)``."""
    n: int
    p: int
    rmse: float
    """Standard error of the regression [W]."""
    cv_rmse: float
    nmbe: float
    r2: float
    rho: float
    bic: float
    ranges: dict[str, tuple[float, float]]
    """Range of each regressor in the baseline period."""

    @property
    def n_independent(self) -> float:
        """Number of independent observations, n'."""
        return self.n * (1.0 - self.rho) / (1.0 + self.rho)

    def predict(self, meter: Meter) -> Array:
        """Power that the plant would have taken as before [W]."""
        result: Array = design(self, meter) @ self.beta
        return result

    def equation(self) -> str:
        """For people, in kW and degC."""
        terms, k = [f"{self._kw(0):.4g} kW"], 1
        names = ["", *_terms(self.form, TEMPERATURES.get(self.temperature, ""), [f"{t - 273.15:.1f}" for t in self.points])]
        for name in names[1:]:
            terms.append(f"{self._kw(k):+.4g} kW/K × {name}")
            k += 1
        if self.with_it:
            terms.append(f"{self.beta[k]:+.4g} × IT power")
        return "P = " + " ".join(terms)

    def _kw(self, k: int) -> float:
        # A line is about 0 degC on paper, about 273.15 K inside.
        return float(self.beta[k]) / 1e3


def design(model: Baseline, meter: Meter) -> Array:
    """Regressors of a model, ``(n, len(beta))``."""
    T = meter.frame[model.temperature].to_numpy() if model.temperature else np.zeros(len(meter.frame))
    P_it = meter.frame["P_it"].to_numpy() if model.with_it else None
    return _columns(model.form, T, model.points, P_it)


def goodness(model: Baseline, meter: Meter) -> tuple[float, float, float]:
    """CV(RMSE), NMBE, and the correlation of residuals a day apart (0 where days are the intervals), of a model on a baseline period."""
    P = meter.frame["P"].to_numpy()
    e = P - model.predict(meter)
    free = max(len(e) - model.p, 1)
    lag, square = round(24.0 / float(meter.frame["hours"].median())), float(np.sum(e**2))
    daily = float(np.sum(e[lag:] * e[:-lag])) / square if lag > 1 and square > 0.0 else 0.0
    return float(np.sqrt(square / free)) / float(np.mean(P)), float(np.sum(e)) / (free * float(np.mean(P))), daily


def fit(meter: Meter, *, forms: Sequence[str] = tuple(FORMS), use_it: bool | None = None) -> Baseline:
    """The best model of a baseline period.

    Args:
        meter: readings.
        forms: forms to choose from.
        use_it: whether IT load is a regressor; if it is known and varies when none.

    Raises:
        SavingsError: too few independent observations for any model.
    """
    P = meter.frame["P"].to_numpy()
    if not np.any(P > 0.0):
        raise SavingsError(f"{meter.name}: no energy was used in the baseline period")
    P_it = meter.frame["P_it"].to_numpy() if "P_it" in meter.frame else None
    if P_it is not None and use_it is None:
        use_it = bool(np.std(P_it) > 1e-3 * np.mean(P_it))
    if use_it and P_it is None:
        raise SavingsError(f"{meter.name}: IT load is wanted as regressor, but there is no column it_kWh")
    load = P_it if use_it else None
    found: list[Baseline] = []
    for form in forms:
        for t in TEMPERATURES:
            if t in meter.frame and (form != "mean" or not found):
                found.append(_fitted(meter, form, "" if form == "mean" else t, P, load))
    best = min(found, key=lambda m: m.bic)
    if best.n_independent - best.p < NEEDED:
        raise SavingsError(
            f"{meter.name}: {best.n} values with autocorrelation {best.rho:.2f} are worth {best.n_independent:.1f} independent ones; "
            f"{best.p} parameters need at least {best.p + NEEDED:g}: take a longer baseline period"
        )
    return best


def _fitted(meter: Meter, form: str, temperature: str, P: Array, P_it: Array | None) -> Baseline:
    T = meter.frame[temperature].to_numpy() if temperature else np.zeros(len(P))
    points = _search(form, T, P, P_it)
    X = _columns(form, T, points, P_it)
    beta, *_ = np.linalg.lstsq(X / _scale(X), P, rcond=None)
    beta = beta / _scale(X)
    full = np.column_stack([X, *_slopes(form, T, points, beta)])
    n, p = full.shape
    if n <= p + 1:
        raise SavingsError(f"{meter.name}: {n} values are too few for a model of {p} parameters")
    e = P - X @ beta
    mean, rmse = float(np.mean(P)), float(np.sqrt(np.sum(e**2) / (n - p)))
    rho = _autocorrelation(e, meter)
    spread = float(np.sum((P - mean) ** 2))
    scale = _scale(full)
    Z = full / scale
    gram = np.linalg.pinv(Z.T @ Z) / np.outer(scale, scale)
    ranges = {c: (float(meter.frame[c].min()), float(meter.frame[c].max())) for c in (temperature, "P_it" if P_it is not None else "") if c}
    return Baseline(
        form=form, temperature=temperature, points=points, beta=beta, with_it=P_it is not None, gram=gram,
        noise=full.T @ _smeared(full, rho),
        n=n, p=p, rmse=rmse, cv_rmse=rmse / mean, nmbe=float(np.sum(e)) / ((n - p) * mean),
        r2=1.0 - float(np.sum(e**2)) / spread if spread > 0.0 else 0.0, rho=rho,
        bic=n * float(np.log(max(float(np.mean(e**2)), (1e-9 * mean) ** 2))) + p * float(np.log(n)), ranges=ranges,
    )  # fmt: skip


def full_design(model: Baseline, meter: Meter) -> Array:
    """Regressors and the slopes at the change points, ``(n, p)``."""
    T = meter.frame[model.temperature].to_numpy() if model.temperature else np.zeros(len(meter.frame))
    return np.column_stack([design(model, meter), *_slopes(model.form, T, model.points, model.beta)])


def _search(form: str, T: Array, P: Array, P_it: Array | None) -> tuple[float, ...]:
    count = FORMS[form]
    if not count:
        return ()
    low, high = (float(v) for v in np.quantile(T, [EDGE, 1.0 - EDGE]))
    grids = [np.linspace(low, high, GRID)] * count
    best: tuple[float, ...] = (low, high)[:count]
    for _ in range(PASSES):
        candidates = [c for c in itertools.product(*grids) if list(c) == sorted(c)]
        best = min(candidates, key=lambda c: _sse(_columns(form, T, c, P_it), P))
        step = float(grids[0][1] - grids[0][0])
        grids = [np.clip(np.linspace(t - step, t + step, GRID), low, high) for t in best]
    return best


def _sse(X: Array, P: Array) -> float:
    Z = X / _scale(X)
    beta = np.linalg.lstsq(Z.T @ Z, Z.T @ P, rcond=None)[0]
    return float(np.sum((P - Z @ beta) ** 2))


def _columns(form: str, T: Array, points: Sequence[float], P_it: Array | None) -> Array:
    one = np.ones_like(T)
    match form:
        case "mean":
            terms = []
        case "line":
            terms = [T - 273.15]
        case "cooling":
            terms = [np.maximum(T - points[0], 0.0)]
        case "heating":
            terms = [np.maximum(points[0] - T, 0.0)]
        case _:
            terms = [np.maximum(points[0] - T, 0.0), np.maximum(T - points[-1], 0.0)]
    return np.column_stack([one, *terms, *([] if P_it is None else [P_it])])


def _slopes(form: str, T: Array, points: Sequence[float], beta: Array) -> list[Array]:
    """Derivatives with respect to the change points."""
    match form:
        case "cooling":
            return [-beta[1] * (points[0] < T)]
        case "heating":
            return [beta[1] * (points[0] > T)]
        case "two slopes":
            return [beta[1] * (points[0] > T) - beta[2] * (points[0] < T)]
        case "dead band":
            return [beta[1] * (points[0] > T), -beta[2] * (points[1] < T)]
    return []


def _terms(form: str, name: str, points: Sequence[str]) -> list[str]:
    match form:
        case "mean":
            return []
        case "line":
            return [f"{name}/K"]
        case "cooling":
            return [f"({name} − {points[0]} °C)+"]
        case "heating":
            return [f"({points[0]} °C − {name})+"]
    return [f"({points[0]} °C − {name})+", f"({name} − {points[-1]} °C)+"]


def _scale(X: Array) -> Array:
    size: Array = np.sqrt(np.mean(X**2, axis=0))
    return np.where(size > 0.0, size, 1.0)


def _autocorrelation(e: Array, meter: Meter) -> float:
    """Of residuals of neighbouring intervals, corrected for its bias; not below zero."""
    gaps = np.diff(pd.DatetimeIndex(meter.frame.index).as_unit("s").asi8) / 3600.0
    neighbours = gaps <= meter.frame["hours"].to_numpy()[:-1] + 1e-6
    product, square = float(np.sum((e[1:] * e[:-1])[neighbours])), float(np.sum(e**2))
    if square <= 0.0 or not neighbours.any():
        return 0.0
    rho = product / square * len(e) / float(np.sum(neighbours))
    return float(np.clip(rho + (1.0 + 3.0 * rho) / len(e), 0.0, RHO_MAX)) if rho > 0.0 else 0.0


def _smeared(X: Array, rho: float) -> Array:
    """``R X`` for the correlation ``R_ij = rho^|i-j|``, by one pass forwards and one backwards."""
    from scipy.signal import lfilter

    if rho == 0.0:
        return X
    forward = lfilter([1.0], [1.0, -rho], X, axis=0)
    backward = lfilter([1.0], [1.0, -rho], X[::-1], axis=0)[::-1]
    result: Array = forward + backward - X
    return result
