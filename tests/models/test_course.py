"""Courses: kernel and NumPy agree, blocks and threads change nothing, what is asked for and what ran are told."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from compiler_here import needs_compiler
from models_halls import hall, point

from lowlift.models import course as course_module
from lowlift.models import kernel_build
from lowlift.models.course import Course, Leg
from lowlift.models.kernel_build import CompilerError, build
from lowlift.models.scheme import Scheme
from lowlift.models.step import Integrator

SITES = ("gb200_hall", "frontier")
BATCH = 11
"""No multiple of the kernel's lanes."""
STEPS = (5.0, 10.0, 10.0, 20.0, 15.0, 7.0)
"""Some of them twice the one before, which takes a way of its own, some not."""


@pytest.fixture
def own_cache(tmp_path, monkeypatch) -> Path:
    """An empty cache of kernels, on disk and in memory."""
    monkeypatch.setattr(kernel_build, "cache_folder", lambda: tmp_path / "kernels")
    build.cache_clear()
    yield tmp_path / "kernels"
    build.cache_clear()


def case(site: str, batch: int = BATCH) -> tuple[np.ndarray, list[Leg]]:
    """Far from rest, with another load and then other actuators."""
    plant = hall(site)
    (u, d), (_, d2) = point(plant, 0.4, batch), point(plant, 0.9, batch, seed=1)
    u2 = u.copy()
    u2[:, plant.actuators.slices["y_cdu"]] *= 1.2
    x = plant.steady(u[:1], d[:1]) + np.random.default_rng(2).uniform(-3.0, 3.0, (batch, plant.states.size))
    return x, [Leg((300.0, 600.0), u, d), Leg(STEPS, u, d2), Leg((14.0, 2.0), u2, d2)]


@needs_compiler
@pytest.mark.parametrize("site", SITES)
def test_kernel_equals_numpy(site: str) -> None:
    x, legs = case(site)
    kernel, plain = (Course(hall(site), path).run(x, legs) for path in ("kernel", "numpy"))
    assert (kernel.path, plain.path) == ("kernel", "numpy")
    assert np.abs(kernel.x - plain.x).max() < 1e-9
    scale = np.abs(plain.fluxes).max(axis=(0, 1))
    np.testing.assert_allclose(
        kernel.fluxes / np.where(scale > 0.0, scale, 1.0), plain.fluxes / np.where(scale > 0.0, scale, 1.0), atol=1e-9
    )
    np.testing.assert_array_equal(kernel.t, plain.t)


@pytest.mark.parametrize("site", SITES)
def test_numpy_course_equals_single_steps(site: str) -> None:
    plant = hall(site)
    x, legs = case(site)
    done = Course(plant, "numpy").run(x, legs)
    k, now = 0, x
    for leg in legs:
        for h in leg.steps:
            now, flux = Integrator(plant, h).step(now, leg.u, leg.d)
            np.testing.assert_allclose(done.x[k], now, rtol=0, atol=1e-9)
            np.testing.assert_allclose(done.fluxes[k], flux, rtol=1e-8, atol=1e-6)
            k += 1
    assert k == len(done.t) == len(done.x)
    assert done.t[-1] == sum(sum(leg.steps) for leg in legs)


@pytest.mark.parametrize("path", ["numpy", pytest.param("kernel", marks=needs_compiler)])
def test_blocks_threads_and_record_change_nothing(path: str, monkeypatch) -> None:
    x, legs = case("gb200_hall", 21)
    course = Course(hall("gb200_hall"), path, threads=1)
    whole = course.run(x, legs)
    monkeypatch.setattr(course_module, "NUMPY_BLOCK", 5)
    monkeypatch.setattr(course_module, "KERNEL_BLOCK", course_module.LANES)
    course.threads = 3
    out = np.full_like(whole.x, np.nan)
    assert course.run(x, legs, out=out).x is out
    np.testing.assert_allclose(out, whole.x, rtol=0, atol=1e-10)
    last = course.run(x, legs, record="last")
    np.testing.assert_array_equal(last.t, whole.t[-1:])
    np.testing.assert_allclose(last.x[0], whole.x[-1], rtol=0, atol=1e-10)
    np.testing.assert_allclose(last.fluxes, whole.fluxes, rtol=1e-9, atol=1e-6)


@pytest.mark.parametrize("path", ["numpy", pytest.param("kernel", marks=needs_compiler)])
def test_a_sick_plant_does_not_touch_its_neighbours(path: str) -> None:
    """A plant with a state that is no number stays alone with it, also among the lanes of one block."""
    x, legs = case("gb200_hall")
    course = Course(hall("gb200_hall"), path)
    well = course.run(x, legs).x
    x[3, 0] = np.nan
    with np.errstate(invalid="ignore"):
        sick = course.run(x, legs).x
    assert np.isnan(sick[:, 3]).any(axis=-1).all()
    np.testing.assert_array_equal(np.delete(sick, 3, axis=1), np.delete(well, 3, axis=1))


def test_doubled_operator_equals_a_fresh_one() -> None:
    plant = hall("gb200_hall")
    scheme = Scheme(plant)
    x, legs = case("gb200_hall")
    setting = scheme.setting(legs[0].u)
    load = scheme.load(setting, legs[0].u, legs[0].d)
    now = scheme.enter(x, setting, load)
    for h in (0.5, 15.0, 240.0):
        fresh, twice = scheme.operator(setting, 2.0 * h), scheme.doubled(setting, scheme.operator(setting, h))
        a, b = (scheme.leave(scheme.advance(now, setting, op, load)[0], setting, load) for op in (fresh, twice))
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-10)


def test_without_a_compiler_numpy_runs_and_says_why(monkeypatch, own_cache) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    course = Course(hall("gb200_hall"))
    assert course.path == "numpy"
    assert course.how == "no C compiler: no-such-compiler not found"
    x, legs = case("gb200_hall", 2)
    done = course.run(x, legs)
    assert (done.path, done.how) == ("numpy", course.how)
    with pytest.raises(CompilerError, match="no-such-compiler not found"):
        Course(hall("gb200_hall"), "kernel")
    assert not own_cache.exists()


@needs_compiler
def test_a_compiler_that_fails_is_quoted(own_cache) -> None:
    with pytest.raises(CompilerError, match=r"does not compile the kernel: .*error"):
        build("this is no C\n")
    assert not list(own_cache.glob("*.so"))


def test_a_compiler_that_does_not_end_is_given_up(own_cache, monkeypatch) -> None:
    """All attempts share one time; the next one does not begin another."""
    monkeypatch.setattr(kernel_build, "TIMEOUT", 0.5)
    monkeypatch.setenv("CC", f"{sys.executable} -c 'import time; time.sleep(60)'")
    with pytest.raises(CompilerError, match=r"did not compile the kernel within 0.5 s"):
        build("long unused(void) { return 1; }\n")


@needs_compiler
def test_where_nothing_can_be_kept_numpy_runs(tmp_path, monkeypatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(kernel_build, "cache_folder", lambda: tmp_path / "file" / "kernels")
    build.cache_clear()
    course = Course(hall("gb200_hall"))
    build.cache_clear()
    assert course.path == "numpy"
    assert course.how.startswith("no place for the kernel")


@needs_compiler
def test_kernels_are_kept_on_disk_and_made_again_where_they_do_not_load(own_cache, monkeypatch) -> None:
    source = "long answer(void) { return 42; }\n"
    assert build(source)[0].answer() == 42
    (kept,) = own_cache.glob("*.so")
    build.cache_clear()
    with monkeypatch.context() as patched:
        patched.setattr(kernel_build, "_compile", lambda *_: pytest.fail("compiled again"))
        assert build(source)[0].answer() == 42
    kept.unlink()
    kept.write_bytes(b"no library")
    build.cache_clear()
    assert build(source)[0].answer() == 42


def test_what_does_not_fit_is_refused_by_name() -> None:
    plant = hall("gb200_hall")
    x, legs = case("gb200_hall", 3)
    u, d = legs[0].u, legs[0].d
    course = Course(plant, "numpy")
    for wrong, words in (
        (lambda: Course(plant, "fortran"), "path = 'fortran': must be one of auto, kernel, numpy"),
        (lambda: Course(plant, "numpy", threads=0), "threads = 0: must be at least 1"),
        (lambda: course.run(x[:, 1:], legs), f"x of shape (3, {plant.states.size - 1}) and 10 steps"),
        (lambda: course.run(x[:0], [Leg((1.0,), u[:0], d[:0])]), "a plant and a step are needed"),
        (lambda: course.run(x, []), "and 0 steps"),
        (lambda: course.run(x, [Leg((1.0,), u[:2], d)]), f"legs[0].u of shape (2, {plant.actuators.size})"),
        (lambda: course.run(x, [*legs, Leg((1.0,), u, d[:, :-1])]), "legs[3].d of shape"),
        (lambda: course.run(x, [Leg((1.0, 0.0), u, d)]), "legs[0].steps = (1.0, 0.0) s: all must be above 0"),
        (lambda: course.run(x, [Leg((float("nan"),), u, d)]), "legs[0].steps"),
        (lambda: course.run(x, legs, record="some"), "record = 'some': must be all or last"),
        (lambda: course.run(x, legs, out=np.empty((9, 3, plant.states.size))), "out of shape (9, 3,"),
    ):
        with pytest.raises(ValueError, match=re.escape(words)):
            wrong()
