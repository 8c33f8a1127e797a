"""Measured savings of a reporting period against a baseline period, with their uncertainty (IPMVP Option C).

Equations
    Avoided energy is the adjusted baseline less what was metered in the reporting period (IPMVP Core Concepts 2022, "avoided energy
    consumption", on reporting-period conditions). The adjusted baseline is what the baseline model gives for the weather and IT load of
    the reporting period (routine adjustments), and what is known to have changed besides (non-routine adjustments,
    :mod:`lowlift.bms.adjustments`)::

        E_avoided = sum_j P_baseline(T_j, P_it,j) dt_j + sum_k E_nonroutine,k - sum_j P_j dt_j

    Two uncertainties at a confidence, with Student's t for n' - p degrees of freedom. ASHRAE Guideline 14's (Annex B; Reddy and Claridge
    2000), for autocorrelated residuals, m intervals reported and the predicted energy E::

        U = t a CV(RMSE) sqrt(n / n' (1 + 2 / n') / m) E

    with ``a = 1.26``, and for daily values over M months the factor of the edition of 2014 where it is larger (Sun and Baltazar 2013)::

        a = max(1.26, 1.00286 + 0.03535 M - 0.00024 M^2)

    and the algebraic one of least squares (Koran et al. 2017) with AR(1) residuals, h hours long, whose regressors' sum over
    the period is ``s``::

        U = t RMSE sqrt(1' R 1 + s' (X'X)^-1 X'R X (X'X)^-1 s) h

    The larger counts; the uncertainties of non-routine adjustments are added to it in squares. The fractional savings uncertainty FSU is U
    over the savings.

Refused
    A baseline that fails its fit criteria, by name: CV(RMSE) above 20 % where the reporting period is shorter than twelve months, 25 % up
    to sixty months, 30 % beyond (ASHRAE Guideline 14, whole-building prescriptive path; they do not depend on the intervals: 30 % for
    hourly values is the limit of calibrated simulation), or a net determination bias, NMBE, above 0.005 %. Both are those of the model on
    the readings given, also where it was fitted before. ``poor`` states savings all the same, marked.

Not good enough
    FSU of 50 % or more at 68 % confidence (ASHRAE Guideline 14). More than 5 % of the reporting intervals outside 90 % of the least to
    110 % of the largest load, or beyond the temperatures of the baseline by more than a tenth of their range. An IT load that changed by
    more than 1 % and is no regressor. A reporting period that begins first, or is shorter than a week: IPMVP wants one normal operating
    cycle at least, and load and work of a data centre have that of a week. Then the result says so, first and loudly;
    :func:`measure_savings` with ``strict`` refuses.

Not in the interval
    Errors of the meters, and what a change-point model cannot follow: where residuals are small the interval is too narrow for that. With
    hourly values what lasts longer than AR(1) residuals say; a warning says where it does.
"""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from lowlift.bms.adjustments import Adjustment
from lowlift.bms.baseline import Array, Baseline, fit, full_design, goodness
from lowlift.bms.meter import TEMPERATURES, Meter, SavingsError

CONFIDENCE = 0.9
CV_LIMITS = ((12.0, 0.20), (60.0, 0.25), (math.inf, 0.30))
"""Largest CV(RMSE) by the length of the reporting period [months]: shorter than, and up to."""
MONTH = 365.25 / 12.0
FACTOR, FACTOR_DAILY = 1.26, (1.00286, 0.03535, -0.00024)
DAY_CORRELATION = 0.2
"""Correlation of hourly residuals a day apart, beyond that of AR(1) ones, that a reader should know of."""
NMBE_LIMIT = 5e-5
FSU_LIMIT, FSU_CONFIDENCE = 0.5, 0.68
OUTSIDE_LIMIT, BEYOND = 0.05, 0.1
R2_ADVISED = 0.75
LOAD_CHANGE = 0.01
"""Largest change of an IT load that is no regressor."""
CYCLE, YEAR = 7.0, 365.0
"""Least length of a reporting period: one cycle of work and load; and from which on savings are those of all seasons [days]."""
LARGE_SHARE, LARGE_TIMES = 0.1, 5.0
"""Share of the savings that one interval may have before it is named [1], and over that of a mean interval."""
DAYS_ADVISED = 270.0
"""A baseline shorter than nine months does not see the whole range of weather."""


class BaselineError(SavingsError):
    """A baseline model fails its fit criteria; the message names them."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Savings:
    """Avoided energy of a reporting period and what it is worth."""

    baseline: Meter
    reporting: Meter
    model: Baseline
    predicted: Array
    """Baseline power in the reporting period [W]: routine adjustments made."""
    adjustments: tuple[Adjustment, ...]
    """Non-routine ones."""
    cv_rmse: float
    """Of the model on the baseline readings."""
    nmbe: float
    avoided: float
    """[J]."""
    uncertainty: float
    """Half width of the interval at ``confidence`` [J]: the larger of the two below, with that of the adjustments."""
    uncertainty_guideline: float
    uncertainty_regression: float
    confidence: float
    fsu_68: float
    """Fractional savings uncertainty at 68 %; infinite if nothing was saved."""
    problems: tuple[str, ...]
    """Why the result is not good enough; none if it is."""
    warnings: tuple[str, ...]
    """What a reader should know besides."""

    @property
    def good(self) -> bool:
        """Whether the model is good enough to state savings."""
        return not self.problems

    @property
    def interval(self) -> tuple[float, float]:
        """Avoided energy from and to [J]."""
        return self.avoided - self.uncertainty, self.avoided + self.uncertainty

    @property
    def share(self) -> float:
        """Avoided energy over the adjusted baseline."""
        return self.avoided / self.adjusted_baseline

    @property
    def predicted_energy(self) -> float:
        """Energy that the reporting period would have taken as before [J]."""
        return float(np.sum(self.predicted * self.reporting.frame["hours"].to_numpy()) * 3600.0)

    @property
    def adjusted_baseline(self) -> float:
        """The same with the non-routine adjustments [J]."""
        return self.predicted_energy + sum(a.energy for a in self.adjustments)

    @property
    def significant(self) -> bool:
        """Whether the interval leaves no doubt about the sign."""
        return abs(self.avoided) > self.uncertainty


def measure_savings(
    baseline: Meter, reporting: Meter, *, confidence: float = CONFIDENCE, model: Baseline | None = None,
    adjustments: Sequence[Adjustment] = (), strict: bool = False, poor: bool = False,
) -> Savings:  # fmt: skip
    """Avoided energy of a reporting period.

    Args:
        baseline: readings before.
        reporting: readings after, on the same kind of intervals.
        confidence: of the interval, above 0.5 and below 1.
        model: a baseline model fitted before; fitted here if none.
        adjustments: non-routine ones.
        strict: refuse whatever is not good enough.
        poor: state savings, marked, of a baseline that fails its fit criteria.

    Raises:
        BaselineError: it does, and ``poor`` is not wanted.
        SavingsError: periods that overlap or differ in kind, missing columns, too few values; with ``strict`` every problem.
    """
    if not 0.5 < confidence < 1.0:
        raise SavingsError(f"confidence = {confidence:g}: must be above 0.5 and below 1")
    if baseline.frequency != reporting.frequency:
        raise SavingsError(f"{baseline.name} is {baseline.frequency}, {reporting.name} is {reporting.frequency}: must be the same")
    if not (baseline.span[1] < reporting.span[0] or reporting.span[1] < baseline.span[0]):
        raise SavingsError(f"baseline and reporting period overlap: {baseline.span[1].isoformat()} and {reporting.span[0].isoformat()}")
    fitted = fit(baseline) if model is None else model
    lacking = [c for c in (fitted.temperature, "P_it" if fitted.with_it else "") if c and c not in reporting.frame]
    if lacking:
        raise SavingsError(f"{reporting.name}: lacks {lacking[0]}, which the baseline model needs")
    predicted = fitted.predict(reporting)
    hours = reporting.frame["hours"].to_numpy()
    energy = float(np.sum(predicted * hours) * 3600.0)
    adjusted = energy + sum(a.energy for a in adjustments)
    if adjusted <= 0.0:
        raise SavingsError(f"{reporting.name}: the adjusted baseline is {adjusted / 3.6e6:,.0f} kWh: must be above 0")
    avoided = adjusted - reporting.energy
    guideline, regression = _units(fitted, reporting, energy)
    t, t_68 = (_student(c, fitted) for c in (confidence, FSU_CONFIDENCE))
    largest, spread = max(guideline, regression), math.hypot(*(a.uncertainty for a in adjustments))
    fsu = math.hypot(t_68 * largest, _normal(FSU_CONFIDENCE) * spread) / avoided if avoided > 0.0 else np.inf
    cv, nmbe, daily = goodness(fitted, baseline)
    failed = _failed(cv, nmbe, reporting)
    problems, warnings = _verdict(fitted, baseline, reporting, float(fsu), daily)
    warnings += _outstanding((predicted - reporting.frame["P"].to_numpy()) * hours * 3600.0, avoided, reporting)
    problems = failed + problems
    if strict and problems:
        raise SavingsError(f"no savings are stated for {reporting.name}: " + "; ".join(problems))
    if failed and not poor:
        raise BaselineError(f"the baseline model of {baseline.name} fails its fit criteria: " + "; ".join(failed))
    return Savings(
        baseline=baseline, reporting=reporting, model=fitted, predicted=predicted, adjustments=tuple(adjustments), cv_rmse=cv, nmbe=nmbe,
        avoided=avoided, uncertainty=math.hypot(t * largest, _normal(confidence) * spread),
        uncertainty_guideline=t * guideline, uncertainty_regression=t * regression, confidence=confidence, fsu_68=float(fsu),
        problems=tuple(problems), warnings=tuple(warnings),
    )  # fmt: skip


def _units(model: Baseline, reporting: Meter, energy: float) -> tuple[float, float]:
    """Both uncertainties per unit of t [J]."""
    m, n_, hours = len(reporting.frame), model.n_independent, reporting.frame["hours"].to_numpy()
    months = float(np.sum(hours)) / 24.0 / MONTH
    factor = max(FACTOR, sum(c * months**k for k, c in enumerate(FACTOR_DAILY))) if reporting.frequency == "daily" else FACTOR
    guideline = factor * model.cv_rmse * np.sqrt(model.n / n_ * (1.0 + 2.0 / n_) / m) * abs(energy)
    s = full_design(model, reporting).T @ hours
    lags = np.arange(1, m)
    sums = m + 2.0 * float(np.sum((m - lags) * model.rho**lags))
    of_model = float(s @ model.gram @ model.noise @ model.gram @ s)
    regression = model.rmse * np.sqrt(sums * float(np.mean(hours)) ** 2 + of_model) * 3600.0
    return float(guideline), float(regression)


def _student(confidence: float, model: Baseline) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(max(model.n_independent - model.p, 1.0), 0.5 + 0.5 * confidence))


def _normal(confidence: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(0.5 + 0.5 * confidence))


def cv_limit(reporting: Meter) -> float:
    """Largest CV(RMSE) of a baseline model for a reporting period; a year less the intervals that may be lost counts as one."""
    months = (reporting.span[1] - reporting.span[0]).total_seconds() / 86400.0 / MONTH
    return next(limit for length, limit in CV_LIMITS if months < 0.99 * length)


def _failed(cv: float, nmbe: float, reporting: Meter) -> list[str]:
    """Fit criteria that a baseline model fails."""
    limit, failed = cv_limit(reporting), []
    if cv > limit:
        months = (reporting.span[1] - reporting.span[0]).total_seconds() / 86400.0 / MONTH
        failed.append(f"CV(RMSE) = {100 * cv:.1f} %: must be at most {100 * limit:g} % for a reporting period of {months:.0f} months")
    if abs(nmbe) > NMBE_LIMIT:
        failed.append(f"NMBE = {100 * nmbe:.4f} %: must be within {100 * NMBE_LIMIT:g} %")
    return failed


def _verdict(model: Baseline, baseline: Meter, reporting: Meter, fsu: float, daily: float) -> tuple[list[str], list[str]]:
    problems, warnings = [], []
    if not fsu < FSU_LIMIT:
        said = "nothing was saved" if np.isinf(fsu) else f"fractional savings uncertainty = {100 * fsu:.0f} % at 68 % confidence"
        problems.append(f"{said}: must be below {100 * FSU_LIMIT:g} %")
    for name, (low, high) in model.ranges.items():
        values = reporting.frame[name].to_numpy()
        margin = BEYOND * (high - low) if name != "P_it" else 0.0
        bounds = (low - margin, high + margin) if name != "P_it" else ((1.0 - BEYOND) * low, (1.0 + BEYOND) * high)
        share = float(np.mean((values < bounds[0]) | (values > bounds[1])))
        words = {"T_wb": "wet bulb", "T_db": "dry bulb", "P_it": "IT load"}[name]
        if share > OUTSIDE_LIMIT:
            problems.append(f"{words}: {100 * share:.0f} % of the reporting period lie outside what the baseline period saw")
        elif share > 0.0:
            warnings.append(f"{words}: {100 * share:.1f} % of the reporting period lie outside what the baseline period saw")
    if not model.with_it and "P_it" in baseline.frame and "P_it" in reporting.frame:
        change = float(reporting.frame["P_it"].mean() / max(baseline.frame["P_it"].mean(), 1e-9)) - 1.0
        if abs(change) > LOAD_CHANGE:
            problems.append(
                f"IT load changed by {100 * change:+.1f} %, and the baseline period did not vary enough to learn what that takes"
            )
    length = float(reporting.frame["hours"].sum()) / 24.0
    if length < CYCLE:
        problems.append(f"the reporting period is {length:.1f} days: must be at least {CYCLE:g}, one normal cycle of load and work")
    elif length < 0.99 * YEAR:
        warnings.append(f"the reporting period is {length:.0f} days: the savings are those of its season, not of a year")
    if reporting.span[0] < baseline.span[0]:
        problems.append(f"the reporting period, {reporting.name}, begins before the baseline period, {baseline.name}: are they swapped?")
    expected = model.rho ** (24.0 / float(baseline.frame["hours"].median()))
    if baseline.frequency == "hourly" and daily > expected + DAY_CORRELATION:
        said = f"residuals a day apart are correlated ({daily:.2f}; AR(1): {expected:.2f})"
        warnings.append(f"{said}: the interval is too narrow; daily values are better")
    if model.r2 < R2_ADVISED:
        warnings.append(f"R2 = {model.r2:.2f}: weather and load explain less than IPMVP advises ({R2_ADVISED:g})")
    days = (baseline.span[1] - baseline.span[0]).total_seconds() / 86400.0
    if days < DAYS_ADVISED:
        warnings.append(f"the baseline period is {days:.0f} days: shorter than nine months, it may not know the reporting period's season")
    if "P_it" not in baseline.frame:
        warnings.append("the IT load is not known: a change of load counts as savings or as waste")
    for meter in (baseline, reporting):
        if meter.lost:
            warnings.append(f"{meter.name}: {meter.lost} intervals without readings are left out")
    return problems, warnings


def _outstanding(saved: Array, avoided: float, reporting: Meter) -> list[str]:
    """The interval that carries a large share of what was ``avoided`` [J], where one does, by what each saved [J]: wrong readings do."""
    k = int(np.argmax(np.abs(saved)))
    share = abs(float(saved[k]) / avoided) if avoided != 0.0 else 0.0
    if share <= max(LARGE_SHARE, LARGE_TIMES / len(saved)):
        return []
    row = reporting.frame.iloc[k]
    read = ", ".join(f"{words} {row[name] - 273.15:.1f} °C" for name, words in TEMPERATURES.items() if name in row)
    at = reporting.frame.index[k].isoformat()
    return [
        f"one interval of {len(saved)}, {at} ({row['P'] / 1e3:,.0f} kW, {read}), carries {100 * share:.0f} % of the savings: is it right?"
    ]
