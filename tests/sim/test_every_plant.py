"""What every plant must keep: its tables fit each other, its ledger closes, it can be operated, shown, linearised and checked."""

import functools

import numpy as np
import pytest

from lowlift.controllers.envelope import SafetyEnvelope
from lowlift.controllers.operation import operation_of, regulator_of
from lowlift.models.design import design_report
from lowlift.models.kinds import plant_of
from lowlift.models.plant import Conditions, Plant
from lowlift.models.schema import SiteError
from lowlift.models.sheet import Balance, Group
from lowlift.models.site import load_site, site_names
from lowlift.sim.closed_loop import initial_state
from lowlift.sim.linear_point import linear_at
from lowlift.sim.looks import cooling_uses, look_of
from lowlift.sim.scenario import ScenarioError

STEP = 15.0
SITES = site_names()


@functools.cache
def plant(name: str) -> Plant:
    return plant_of(load_site(name))


def conditions(p: Plant, share: float, n: int = 1, T_wb: float = 288.15, T_db: float = 298.15) -> Conditions:
    s = p.site
    return Conditions(
        q_liquid=np.full((n, s.n_racks), share * s.rack_power * s.liquid_share),
        q_air=np.full(n, share * s.P_it_nominal * (1.0 - s.liquid_share)),
        T_wb=np.full(n, T_wb), T_db=np.full(n, T_db), p=np.full(n, s.p),
    )  # fmt: skip


@functools.cache
def started(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    p = plant(name)
    d = p.disturbances_from(conditions(p, 0.6))
    x, u = initial_state(p, d[0])
    return x[None], u[None], d


@functools.cache
def readings(name: str) -> dict[str, np.ndarray]:
    p, (x, u, d) = plant(name), started(name)
    return p.measure(x, u, d, p.flux_vector(x, u, d), regulator_of(p, STEP).idle(1), p.flows(u))


@pytest.mark.parametrize("name", SITES)
def test_readings_and_disturbances_are_those_of_the_tables(name: str) -> None:
    p, read, sheet = plant(name), readings(name), plant(name).site.sheet
    packed = sheet.measurements.pack(read)
    assert packed.shape == (1, sheet.measurements.size)
    assert np.isfinite(packed).all()
    assert {"T_wb", "T_db", "p", "q_air"} <= set(read)
    loads = p.loads(conditions(p, 0.6, n=2))
    np.testing.assert_allclose(read["q_air"][0], loads.q_air[:1])
    assert ("q_cdu" in read) == (loads.q_cdu.shape[1] > 0)
    if "q_cdu" in read:
        np.testing.assert_allclose(read["q_cdu"][0], loads.q_cdu[0])
        np.testing.assert_allclose(read["q_rack"][0], loads.q_rack[0])


def residual(balance: Balance, ledger: dict[str, np.ndarray], before: float, h: float) -> tuple[float, float]:
    """Of one step, and the size of what it is the residual of."""
    net = sum(f.sign * float(ledger[f.name][0, 0]) for f in balance.flows) * h
    size = sum(abs(float(ledger[f.name][0, 0])) for f in balance.flows) * h
    return net - (float(ledger[balance.stored][0, 0]) - before), size


@pytest.mark.parametrize("name", SITES)
def test_balances_close_over_load_steps_and_uses_add_up(name: str) -> None:
    p, (x, u, d) = plant(name), started(name)
    sheet, stepper = p.site.sheet, p.integrator(STEP)
    balances = [b for b in (sheet.energy, sheet.moisture) if b is not None]
    flux = p.flux_vector(x, u, d)
    held = [float(p.ledger(x, d, flux, p.flows(u))[b.stored][0, 0]) for b in balances]
    worst = np.zeros(len(balances))
    for k in range(8):
        load = p.disturbances_from(conditions(p, 0.9 if k % 4 < 2 else 0.3, T_wb=285.15 + k, T_db=296.15 + k))
        x, flux = stepper.step(x, u, load)
        ledger = p.ledger(x, load, flux, p.flows(u))
        assert set(sheet.units) <= set(ledger)
        for i, balance in enumerate(balances):
            left, size = residual(balance, ledger, held[i], STEP)
            worst[i] = max(worst[i], abs(left) / size)
            held[i] = float(ledger[balance.stored][0, 0])
        assert all(float(ledger[use.column][0, 0]) >= 0.0 for use in sheet.end_uses)
    # A stored quantity is a large number: its rounding is what is left.
    assert (worst < 1e-6).all(), worst
    assert [use.name for use in sheet.end_uses][:2] == ["it", "losses"]
    assert {use.group for use in sheet.end_uses} == set(Group)


@pytest.mark.parametrize("name", SITES)
def test_steps_stay_where_the_plant_rests(name: str) -> None:
    p, (x, u, d) = plant(name), started(name)
    there, _ = p.integrator(STEP).step(x, u, d)
    np.testing.assert_allclose(there, x, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(p.derivatives(x, u, d) * STEP / np.maximum(np.abs(x), 1e-3), 0.0, atol=1e-6)


@pytest.mark.parametrize("name", SITES)
def test_operation_fits_the_tables(name: str) -> None:
    p = plant(name)
    sheet, operation = p.site.sheet, operation_of(p.site)
    rules, seen = operation.safety(p.site), operation.readings(p.site)
    assert set(rules.fail_safe) <= set(sheet.setpoints.slices)
    assert set(seen.rated) == set(sheet.measurements.slices)
    assert set(seen.rates) | set(seen.jumps) | {w.reading for w in seen.watched} <= set(sheet.measurements.slices)
    envelope = SafetyEnvelope(p, STEP)
    safe = envelope.fail_safe(np.full((1, 1), rules.T_dew))
    assert ((safe >= sheet.setpoints.low - 1e-9) & (safe <= sheet.setpoints.high + 1e-9)).all()
    assert set(operation.controllers(p.site)).isdisjoint(operation.missing(p.site))
    packed = sheet.measurements.pack(readings(name))
    assert envelope.repair(0.0, packed) is packed
    layer = regulator_of(p, STEP)
    layer.reset(1)
    _, u, _ = started(name)
    moved, own = layer.act(readings(name), safe, u)
    assert own.shape == layer.idle(1).shape
    table = p.actuators
    assert ((moved >= table.low - 1e-9) & (moved <= table.high + 1e-9)).all()
    assert (np.abs(moved - u) <= table.rate * STEP + 1e-9).all()


@pytest.mark.parametrize("name", SITES)
def test_it_can_be_shown(name: str) -> None:
    site = plant(name).site
    look, sheet = look_of(site), site.sheet
    assert [f"P_{use}" for use in cooling_uses(site)] == list(sheet.cooling)
    assert set(look.causes) <= {use.name for use in sheet.end_uses}
    assert all(limit.signal in sheet.measurements for limit in sheet.limits)
    assert look.method(site)
    nodes = set(look.heat.nodes)
    assert {*look.heat.sources, *look.heat.sinks, *look.heat.beside, look.heat.sky} <= nodes


@pytest.mark.parametrize("name", SITES)
def test_it_carries_its_load_and_linearises(name: str) -> None:
    p = plant(name)
    assert design_report(p).shortfall == 0.0
    point = linear_at(p, 0.7, 15.0, 25.0)
    assert point.model.A.shape == (p.states.size, p.states.size)
    assert list(point.model.B.columns) == p.actuators.names
    assert np.isfinite(point.model.A.to_numpy()).all()
    assert (np.linalg.eigvals(point.model.A.to_numpy()).real < 0.0).all()
    with pytest.raises(ScenarioError, match="must be at most the dry bulb"):
        linear_at(p, 0.7, 25.0, 15.0)


def test_an_unknown_kind_is_named_with_its_line(tmp_path) -> None:
    path = tmp_path / "odd.toml"
    path.write_text('[site]\nkind = "liquid_hal"\nname = "odd"\n')
    with pytest.raises(SiteError, match=r"odd\.toml:2: site\.kind = 'liquid_hal': unknown kind of plant .*did you mean liquid_hall"):
        load_site(path)
