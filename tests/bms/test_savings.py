"""Savings that are known are found again, as often as the confidence says; poor models are not believed."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from meter_readings import readings

from lowlift.bms.adjustments import Adjustment, read_adjustments
from lowlift.bms.baseline import fit
from lowlift.bms.meter import Meter, SavingsError, metered, read_meter
from lowlift.bms.savings import BaselineError, Savings, cv_limit, measure_savings
from lowlift.bms.savings_report import chart, markdown, write_report

KWH, MW = 3.6e6, 1e6


def result(seed: int, *, days: int = 120, **how: object) -> tuple[Savings, float]:
    after = readings("2029-03-01", days, 2 * seed + 1, **{"saved": 0.1} | how)  # type: ignore[arg-type]
    before = readings("2028-01-01", 366, 2 * seed, **{k: v for k, v in how.items() if k not in ("saved", "warm")})  # type: ignore[arg-type]
    return measure_savings(metered(before, "before"), metered(after, "after"), poor=True), float(after["truth_kWh"].sum()) * KWH


def test_the_model_that_made_the_data_is_found() -> None:
    found = fit(metered(readings("2028-01-01", 366, 1, noise=0.005), "x"))
    assert (found.form, found.temperature, found.with_it) == ("cooling", "T_wb", True)
    assert found.points[0] - 273.15 == pytest.approx(8.0, abs=0.15)
    np.testing.assert_allclose(found.beta, [0.0, 6e3, 0.06], rtol=0.05, atol=3.0e3)
    assert found.rho == pytest.approx(0.6, abs=0.12) and abs(found.nmbe) < 1e-10 and found.cv_rmse < 0.01
    assert "wet bulb − 8" in found.equation() and "× IT power" in found.equation()


@pytest.mark.parametrize("form", ["mean", "line", "cooling", "heating", "two slopes", "dead band"])
def test_every_form_fits_its_own_data_exactly(form: str) -> None:
    T = np.linspace(-5.0, 30.0, 200)
    shape = {
        "mean": 0.0 * T, "line": 0.5 * T, "cooling": np.maximum(T - 15.0, 0.0), "heating": np.maximum(10.0 - T, 0.0),
        "two slopes": 0.3 * np.maximum(T - 12.0, 0.0) - 0.2 * np.maximum(12.0 - T, 0.0),
        "dead band": 0.3 * np.maximum(T - 18.0, 0.0) + 0.2 * np.maximum(8.0 - T, 0.0),
    }[form]  # fmt: skip
    index = pd.date_range("2029-01-01", periods=200, freq="D", tz="UTC")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"energy_kWh": 24.0 * (50.0 + 2.0 * shape + 1e-2 * rng.standard_normal(200)), "T_db_degC": rng.permutation(T)}, index=index
    )
    frame["energy_kWh"] = frame["energy_kWh"].to_numpy()[np.argsort(np.argsort(frame["T_db_degC"]))]
    found = fit(metered(frame, "x"))
    assert found.form == form and found.cv_rmse < 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("rho", [0.0, 0.6])
def test_the_interval_covers_the_truth_as_often_as_it_says(rho: float) -> None:
    runs = 40
    found = [result(seed, rho=rho) for seed in range(100, 100 + runs)]
    covered = [abs(r.avoided - truth) <= r.uncertainty for r, truth in found]
    # Binomial: 90 % of 40 less three standard deviations; and not much wider than needed.
    assert sum(covered) >= 0.9 * runs - 3.0 * np.sqrt(runs * 0.09)
    errors = np.array([(r.avoided - truth) / r.uncertainty for r, truth in found])
    assert abs(np.mean(errors)) < 3.0 * np.std(errors) / np.sqrt(runs) and 0.3 < np.std(errors) < 0.9
    assert all(r.good and r.significant for r, _ in found)


def test_known_savings_are_found_within_their_interval() -> None:
    for how in ({}, {"saved": 0.2}, {"rho": 0.0}):
        r, truth = result(7, **how)
        assert abs(r.avoided - truth) < 1.3 * r.uncertainty and r.good and r.significant
        assert r.share == pytest.approx(how.get("saved", 0.1), abs=0.05)
    r, truth = result(11, saved=0.0)
    assert truth == 0.0 and not r.significant and not r.good
    assert "fractional savings uncertainty" in r.problems[0] or "nothing was saved" in r.problems[0]


def test_autocorrelation_widens_the_interval() -> None:
    assert result(3, rho=0.8)[0].uncertainty > 1.5 * result(3, rho=0.0)[0].uncertainty


def test_the_guideline_s_formula() -> None:
    r, _ = result(4)
    m, n_ = r.model, r.model.n_independent
    from scipy.stats import t

    wanted = t.ppf(0.95, n_ - m.p) * 1.26 * m.cv_rmse * np.sqrt(m.n / n_ * (1 + 2 / n_) / len(r.predicted)) * r.predicted_energy
    assert r.uncertainty_guideline == pytest.approx(wanted)


def test_the_algebraic_interval_is_that_of_least_squares_without_autocorrelation() -> None:
    """Against the covariance of the sum of predictions, written out."""
    before, after = (metered(readings(s, d, k, rho=0.0), "x") for s, d, k in (("2028-01-01", 366, 1), ("2029-03-01", 60, 2)))
    model = fit(before, forms=["line"])
    model_ = model.__class__(**vars(model) | {"rho": 0.0, "noise": np.linalg.inv(model.gram)})
    r = measure_savings(before, after, model=model_)
    from scipy.stats import t

    from lowlift.bms.baseline import design

    X, Z = design(model, before), design(model, after)
    hours = after.frame["hours"].to_numpy()
    spread = hours @ (np.eye(len(hours)) * np.mean(hours) ** 2 / np.mean(hours**2) + Z @ np.linalg.inv(X.T @ X) @ Z.T) @ hours
    assert r.uncertainty_regression == pytest.approx(t.ppf(0.95, model.n - model.p) * model.rmse * np.sqrt(spread) * 3600.0, rel=1e-3)


def test_hourly_values_and_days_of_daylight_saving() -> None:
    frame = readings("2029-03-20", 20, 5, freq="h")
    hourly, daily = metered(frame, "x", frequency="hourly"), metered(frame, "x", frequency="daily")
    assert hourly.energy == pytest.approx(frame["energy_kWh"].sum() * KWH) == pytest.approx(daily.energy)
    assert len(daily.frame) == 20 and daily.frame["hours"].min() == 23.0 and len(hourly.frame) == 20 * 24 - 1
    r = measure_savings(metered(readings("2028-06-01", 90, 6, freq="h", rho=0.3), "b", frequency="hourly"),
                metered(readings("2029-06-01", 60, 7, freq="h", rho=0.3, saved=0.1), "r", frequency="hourly"))  # fmt: skip
    assert r.share == pytest.approx(0.1, abs=0.02) and any("shorter than nine months" in w for w in r.warnings)


def test_what_is_not_good_enough_is_said_loudly_and_refused_if_asked(tmp_path: Path) -> None:
    poor, _ = result(8, noise=0.6)
    assert not poor.good and "CV(RMSE)" in poor.problems[0]
    hot, _ = result(8, warm=25.0)
    assert any("wet bulb: " in p and "outside what the baseline period saw" in p for p in hot.problems)
    with pytest.raises(SavingsError, match=r"no savings are stated for after: CV\(RMSE\)"):
        measure_savings(poor.baseline, poor.reporting, strict=True)
    with pytest.raises(
        BaselineError, match=r"baseline model of before fails its fit criteria: CV\(RMSE\) = \d+.\d %: must be at most 20 %"
    ):
        measure_savings(poor.baseline, poor.reporting)
    assert markdown(poor).splitlines()[2].startswith("> **NOT GOOD ENOUGH: CV(RMSE)")
    (page,) = write_report(poor, tmp_path / "a.html")
    assert 0 < page.read_text(encoding="utf-8").index("NOT GOOD ENOUGH") < page.read_text(encoding="utf-8").index("kWh avoided")


def test_reports_are_written(tmp_path: Path) -> None:
    good, _ = result(9)
    (page,) = write_report(good, tmp_path / "a.html")
    text = page.read_text(encoding="utf-8")
    assert (
        "NOT GOOD ENOUGH" not in text
        and "<svg" in text
        and "with 90 % confidence between" in text
        and "http" not in text.split("</style>")[0]
    )
    written = write_report(good, tmp_path / "b.md")
    assert [p.name for p in written] == ["b.md", "b.svg"]
    assert "| CV(RMSE) |" in written[0].read_text(encoding="utf-8") and "(b.svg)" in written[0].read_text(encoding="utf-8")


def test_a_mean_model_of_another_temperature_than_the_reporting_periods_is_reported(tmp_path: Path) -> None:
    def period(start: str, days: int, column: str, energy: float) -> Meter:
        index = pd.date_range(start, periods=days, freq="D", tz="UTC")
        rng = np.random.default_rng(1)
        frame = pd.DataFrame({"energy_kWh": energy + rng.normal(0.0, 1.0, days), column: 15.0 + 10.0 * rng.random(days)}, index=index)
        return metered(frame, start)

    r = measure_savings(period("2024-01-01", 300, "T_wb_degC", 1000.0), period("2025-01-01", 200, "T_db_degC", 900.0))
    assert r.model.form == "mean" and not r.model.temperature
    (page,) = write_report(r, tmp_path / "a.html")
    assert "reporting period: without this temperature" in [t.get_text() for t in chart(r).axes[0].get_legend().get_texts()]
    assert "<svg" in page.read_text(encoding="utf-8")
    both = period("2024-01-01", 300, "T_wb_degC", 1000.0).frame.assign(T_db=290.0)
    again = dataclasses.replace(r, baseline=dataclasses.replace(r.baseline, frame=both))
    assert chart(again).axes[0].get_xlabel().startswith("dry bulb"), "what both have"


def one_day(frame: pd.DataFrame, column: str, value: float) -> pd.DataFrame:
    changed = frame.copy()
    changed.iloc[30, changed.columns.get_loc(column)] = value
    return changed


def test_a_wet_bulb_may_pass_the_dry_bulb_by_the_error_of_two_sensors() -> None:
    frame = readings("2029-01-01", 60, 1)
    assert len(metered(frame.assign(T_db_degC=frame["T_wb_degC"] - 0.9), "x").frame) == 60


@pytest.mark.parametrize("days", [5, 6, 7, 30])
def test_a_reporting_period_has_one_normal_cycle_at_least(days: int) -> None:
    found, _ = result(7, days=days, saved=0.3)
    said = [p for p in found.problems if "one normal cycle" in p]
    assert bool(said) == (days < 7) and not (said and found.good)
    assert any("not of a year" in w for w in found.warnings) == (days >= 7)


def test_one_interval_that_carries_the_savings_is_named() -> None:
    whole, _ = result(7)
    assert not any("one interval" in w for w in whole.warnings)
    after = readings("2029-03-01", 120, 15, saved=0.1)
    after.iloc[40, after.columns.get_loc("energy_kWh")] = 0.0
    odd = measure_savings(whole.baseline, metered(one_day(after, "T_wb_degC", 59.0).assign(T_db_degC=59.5), "after"))
    (said,) = [w for w in odd.warnings if "one interval" in w]
    assert "2029-03-31T00:00:00+02:00" in said and "wet bulb 59.0 °C" in said and "% of the savings" in said


def test_readings_that_are_refused(tmp_path: Path) -> None:
    good = readings("2029-01-01", 60, 1)
    cases = [
        (good.drop(columns="energy_kWh"), {}, "needs the columns energy_kWh"),
        (good.drop(columns=["T_wb_degC", "T_db_degC"]), {}, "T_wb_degC or T_db_degC"),
        (good.assign(energy_kWh=-1.0), {}, "energy_kWh = -1 kWh at 2029-01-01T00:00:00"),
        (good.assign(it_kWh=np.inf), {}, "it_kWh = inf"),
        (good.assign(it_kWh=-2.0), {}, r"it_kWh = -2 kWh at 2029-01-01T00:00:00\+01:00: must be a number, at least 0 kWh"),
        (one_day(good, "T_wb_degC", 290.0), {}, r"T_wb_degC = 290 degC at 2029-01-31T00:00:00\+01:00: .* from -60 to 60 degC"),
        (one_day(good, "T_db_degC", -61.0), {}, "T_db_degC = -61 degC at 2029-01-31"),
        (one_day(good, "T_db_degC", -20.0), {}, r"T_wb_degC = .* degC at 2029-01-31.*: must be at most T_db_degC = -20 degC, with 1 K"),
        (good.iloc[::-1], {}, "times must rise"),
        (good.tz_localize(None), {}, "no offset from UTC"),
        (good, {"frequency": "hourly"}, "intervals of 86400 s"),
        (good, {"frequency": "weekly"}, "must be hourly or daily"),
        (good.iloc[[k for k in range(60) if k % 7]], {}, "8 of 59 intervals lack readings"),
        (good.iloc[:1], {}, "intervals of 0 s"),
    ]
    for frame, how, said in cases:
        with pytest.raises(SavingsError, match=said):
            metered(frame, "x", **how)
    (tmp_path / "a.csv").write_text("when,energy_kWh\n1,2\n")
    with pytest.raises(SavingsError, match=r"column 'time'"):
        read_meter(tmp_path / "a.csv")


def test_periods_that_do_not_fit() -> None:
    year = metered(readings("2028-01-01", 366, 1), "year")
    with pytest.raises(SavingsError, match=r"overlap"):
        measure_savings(year, metered(readings("2028-12-01", 60, 2), "r"))
    with pytest.raises(SavingsError, match=r"is daily, h is hourly"):
        measure_savings(year, metered(readings("2029-06-01", 30, 2, freq="h"), "h", frequency="hourly"))
    with pytest.raises(SavingsError, match=r"lacks (P_it|T_wb), which the baseline model needs"):
        measure_savings(year, metered(readings("2029-06-01", 30, 2).drop(columns=["it_kWh", "T_wb_degC"]), "r"))
    with pytest.raises(SavingsError, match=r"confidence = 1"):
        measure_savings(year, metered(readings("2029-06-01", 30, 2), "r"), confidence=1.0)
    with pytest.raises(SavingsError, match=r"take a longer baseline period"):
        measure_savings(metered(readings("2028-06-01", 20, 1, rho=0.8), "b"), metered(readings("2029-06-01", 30, 2), "r"))


def test_csv_round_trip(tmp_path: Path) -> None:
    frame = readings("2029-03-20", 20, 5)
    frame.drop(columns="truth_kWh").rename_axis("time").to_csv(tmp_path / "a.csv")
    back = read_meter(tmp_path / "a.csv", zone="Europe/Berlin")
    pd.testing.assert_frame_equal(back.frame, metered(frame, "x").frame, check_freq=False, check_index_type=False)


@pytest.mark.parametrize(("days", "limit"), [(120, 0.20), (360, 0.20), (365, 0.25), (5 * 365 - 30, 0.25), (5 * 365 + 30, 0.30)])
def test_the_limit_of_the_fit_depends_on_the_length_of_the_reporting_period(days: int, limit: float) -> None:
    assert cv_limit(metered(readings("2029-03-01", days, 1), "r")) == limit


def test_the_guideline_s_factor_grows_with_the_months_of_daily_values() -> None:
    """For two years it is that of the edition of 2014; for four months, in the test above, that of 2002."""
    r, _ = result(4, days=730)
    m, n_, months = r.model, r.model.n_independent, 730 / 365.25 * 12
    from scipy.stats import t

    a = 1.00286 + 0.03535 * months - 0.00024 * months**2
    wanted = t.ppf(0.95, n_ - m.p) * a * m.cv_rmse * np.sqrt(m.n / n_ * (1 + 2 / n_) / 730) * r.predicted_energy
    assert a > 1.6 and r.uncertainty_guideline == pytest.approx(wanted, rel=1e-4)


def test_a_model_is_judged_by_the_baseline_readings_that_are_given() -> None:
    before, after = metered(readings("2028-01-01", 366, 1), "before"), metered(readings("2029-03-01", 120, 2, saved=0.1), "after")
    model = fit(before)
    other = metered(readings("2028-01-01", 366, 3).assign(energy_kWh=lambda f: 1.01 * f["energy_kWh"]), "another")
    assert measure_savings(before, after, model=model).good
    with pytest.raises(BaselineError, match=r"of another fails its fit criteria: NMBE = [01]\.\d+ %: must be within 0.005 %"):
        measure_savings(other, after, model=model)


def test_non_routine_adjustments_are_added_and_make_it_less_sure(tmp_path: Path) -> None:
    before, frame = metered(readings("2028-01-01", 366, 8), "before"), readings("2029-03-01", 120, 9, saved=0.1)
    plain = measure_savings(before, metered(frame, "after"))
    # 24 kW that nobody had before: on the meter, and known.
    more = metered(frame.assign(energy_kWh=frame["energy_kWh"] + 24.0 * 24.0), "after")
    hidden = measure_savings(before, more)
    known = Adjustment(what="a pump of the neighbour's on this meter", energy=24.0 * 24.0 * 120 * KWH, uncertainty=3000.0 * KWH)
    told = measure_savings(before, more, adjustments=[known])
    assert hidden.avoided < 0.0 < plain.avoided and told.avoided == pytest.approx(plain.avoided)
    assert told.adjusted_baseline == pytest.approx(told.predicted_energy + known.energy) and told.share < plain.share
    assert told.uncertainty == pytest.approx(np.hypot(plain.uncertainty, 1.6449 * known.uncertainty), rel=1e-4)
    assert told.fsu_68 > plain.fsu_68
    text = markdown(told)
    assert "non-routine adjustment: a pump of the neighbour's" in text and "+69,120 ± 3,000 kWh" in text and "| adjusted baseline |" in text
    assert "| non-routine adjustments | none stated |" in markdown(plain)
    path = tmp_path / "a.toml"
    path.write_text('[[adjustment]]\nwhat = "x"\nenergy_kWh = -12\nuncertainty_kWh = 1.5\n')
    (read,) = read_adjustments(path)
    assert (read.what, read.energy, read.uncertainty) == ("x", -12.0 * KWH, 1.5 * KWH)
    for text, said in (
        ("", r"must hold \[\[adjustment\]\]"), ("[[adjustment]]\nwhat = 1", "adjustment 1: must have what, energy_kWh, uncertainty_kWh"),
        ('[[adjustment]]\nwhat = "x"\nenergy_kWh = "1"\nuncertainty_kWh = 1', "adjustment 1.energy_kWh = '1': must be a number"),
        ('[[adjustment]]\nwhat = "x"\nenergy_kWh = 1\nuncertainty_kWh = -1', "uncertainty = -1 kWh: must be a number of at least 0"),
        ('[[adjustment]]\nwhat = " "\nenergy_kWh = 1\nuncertainty_kWh = 1', "what is empty"),
        ("x =", "a.toml: "),
    ):  # fmt: skip
        path.write_text(text)
        with pytest.raises(SavingsError, match=said):
            read_adjustments(path)
    with pytest.raises(SavingsError, match=r"the adjusted baseline is -.* kWh: must be above 0"):
        measure_savings(before, more, adjustments=[Adjustment(what="x", energy=-1e15, uncertainty=0.0)])


def test_hourly_residuals_that_repeat_day_by_day_are_said() -> None:
    rng = np.random.default_rng(3)

    def hourly(start: str, days: int, wave: float) -> pd.DataFrame:
        index = pd.date_range(start, periods=24 * days, freq="h", tz="UTC")
        load = 1000.0 + 50.0 * rng.standard_normal(len(index))
        shape = wave * np.sin(2.0 * np.pi * index.hour / 24.0)
        wet = 10.0 + 5.0 * rng.standard_normal(len(index))
        power = 0.06 * load + 6.0 * np.maximum(wet - 8.0, 0.0) + shape + rng.standard_normal(len(index))
        return pd.DataFrame({"energy_kWh": np.maximum(power, 0.0), "T_wb_degC": wet, "it_kWh": load}, index=index)

    for wave, told in ((5.0, True), (0.0, False)):
        before, after = (metered(hourly(start, 40, wave), "x", frequency="hourly") for start in ("2028-01-01", "2028-03-01"))
        r = measure_savings(before, after, poor=True)
        assert any("residuals a day apart are correlated" in w for w in r.warnings) is told


def test_swapped_periods_are_said() -> None:
    year, later = metered(readings("2028-01-01", 366, 1), "before"), metered(readings("2029-03-01", 300, 2), "after")
    assert any("begins before the baseline period, after: are they swapped?" in p for p in measure_savings(later, year, poor=True).problems)
