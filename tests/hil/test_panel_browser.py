"""The panel in headless Chromium: login, moving trends, a fault pressed, an alarm seen, an override, the keyboard, light and dark.

Needs Playwright for Python (in ``lowlift[dev]``) and a Chromium: Debian's package ``chromium``, or the program that ``CHROMIUM`` names.
Where there is none the tests are skipped and say so. ``LOWLIFT_SCREENSHOTS=FOLDER pytest tests/hil/test_panel_browser.py`` keeps the
pictures of light and dark, laptop and phone.
"""

import math
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from panel_run import TOKEN, running_panel

from lowlift.bms.plan_post import PlanPoster
from lowlift.controllers.interface import Plan
from lowlift.hil.panel.plans import PlanBody
from lowlift.hil.panel.server import PanelServer

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright for Python is not installed")
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: install Debian's chromium, or set CHROMIUM")]

LAPTOP, PHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}
PATIENCE = 60_000
"""Longest wait for something to appear [ms]: machines that run tests are busy."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as p:
        # Root has no sandbox of its own, as in containers; only our own pages are opened.
        chromium = p.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def server() -> Iterator[PanelServer]:
    with running_panel("gb200_hall", speed=30.0, biases={"T_chip": 30.0}) as one:
        yield one


def opened(browser: Any, server: PanelServer, *, size: dict[str, int] = LAPTOP, scheme: str = "light") -> Any:
    """A page of its own, logged in; whatever it complains of is kept."""
    page = browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce").new_page()
    page.set_default_timeout(PATIENCE)
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("console", lambda said: page.complaints.append(said.text) if said.type == "error" and "status of 4" not in said.text else None)
    page.goto(server.url)
    page.fill("#token", TOKEN)
    page.keyboard.press("Enter")
    # Selectors outlive a navigation, scripts do not.
    page.wait_for_selector("#link:text-is('live')")
    return page


def wait(page: Any, script: str, arg: Any = None) -> None:
    """Until a script says yes; asked from here, since the page's policy forbids the evaluation of texts in it."""
    until = time.monotonic() + PATIENCE / 1000.0
    while not page.evaluate(script, arg):
        assert time.monotonic() < until, f"did not happen: {script}"
        page.wait_for_timeout(50)


def at(page: Any, seconds: int) -> None:
    """Until the page shows that plant time, within the first day."""
    shown = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    wait(page, "shown => document.getElementById('elapsed').textContent === shown", shown)


def row(page: Any, home: str, words: str) -> Any:
    return page.locator(f"#{home} > .control", has_text=words).first


def test_a_wrong_token_is_refused_in_words(browser: Any, server: PanelServer) -> None:
    page = browser.new_context().new_page()
    page.goto(server.url)
    assert page.url.endswith("/login")
    page.fill("#token", "wrong")
    page.click("button[type=submit]")
    wait(page, "document.getElementById('error').textContent === 'wrong token'")
    assert server.panel.runner.served.plant.site.title not in page.content()
    page.context.close()


def test_an_operators_hour(browser: Any, server: PanelServer) -> None:
    page, image = opened(browser, server), server.panel.runner.served.image

    # Trends move.
    wait(page, "document.querySelectorAll('#charts canvas').length >= 2")
    before, seen = page.text_content("#elapsed"), page.evaluate("document.querySelector('#charts canvas').toDataURL()")
    wait(page, f"document.getElementById('elapsed').textContent !== '{before}'")
    wait(page, "seen => document.querySelector('#charts canvas').toDataURL() !== seen", seen)
    page.fill("#trend-add", "T_wb")
    page.keyboard.press("Enter")
    wait(page, "[...document.querySelectorAll('.legend .name')].some(e => e.textContent === 'T_wb')")

    # A fault is pressed, an alarm is seen, the fault is ended, the alarm goes.
    chip = "[...document.querySelectorAll('#alarm-list li')].find(e => e.textContent.includes('hottest chip'))"
    assert not page.evaluate(f"{chip}.classList.contains('on')")
    page.click(".fault")
    wait(page, f"{chip}.classList.contains('on')")
    assert page.get_attribute(".fault", "aria-pressed") == "true" and "▲" in page.text_content("#alarm-count")
    wait(page, "document.querySelector('svg.wide .tile').classList.contains('over')")
    assert "beyond its limit" in page.locator("svg.wide .tile").first.get_attribute("aria-label")
    assert {"fault", "alarm", "login"} <= set(page.locator("#event-list tr").evaluate_all("rows => rows.map(r => r.dataset.kind)"))
    page.click(".fault")
    wait(page, f"!{chip}.classList.contains('on')")

    # An override works, by keyboard, and is seen as an alarm of its own.
    fan = row(page, "actuator-list", "tower fan speed")
    fan.locator("input[inputmode]").fill("0.35")
    fan.locator("input[inputmode]").press("Enter")
    fan.locator("input[value='3']").focus()
    page.keyboard.press("ArrowRight")
    wait(page, "document.getElementById('act-y_fan-hand').checked")
    assert image.value(image.points.position("y_fan.mode")) == 1.0 and image.value(image.points.position("y_fan.hand")) == 0.35
    wait(page, "[...document.querySelectorAll('#actuator-list .control')].find(e => e.textContent.includes('tower fan speed'))"
               ".querySelector('output').textContent === '0.35'")  # fmt: skip
    wait(page, "[...document.querySelectorAll('#alarm-list li')].find(e => e.textContent.includes('hand or off')).classList.contains('on')")

    holder = "document.getElementById('set-T_tower_set').closest('.control').querySelector('.holder')"
    # A setpoint is taken, another refused as the server words it.
    tower = row(page, "setpoint-list", "tower leaving water temperature")
    tower.locator("input").fill("24")
    tower.locator("button[type=submit]").click()
    wait(page, "document.getElementById('set-T_tower_set').value === ''")
    assert image.value(image.points.position("T_tower_set.cmd")) == 24.0
    for text, words in (
        ("99", "T_tower_set.cmd = 99 degC: must lie between 6 and 40"),
        ("warm", "T_tower_set.cmd = 'warm': must be a number, not str"),
    ):
        tower.locator("input").fill(text)
        tower.locator("button[type=submit]").click()
        wait(page, "words => document.getElementById('set-T_tower_set-refusal').textContent === words", words)
    assert tower.locator("input").get_attribute("aria-invalid") == "true"
    assert image.value(image.points.position("T_tower_set.cmd")) == 24.0

    # It is an operator's: a controller waits for it to be let go, and somebody above it is named.
    image.write({"T_tower_set.cmd": 22.0}, "MPC", 13)
    assert "panel 127.0.0.1, priority 8" in tower.locator(".holder").text_content()
    tower.locator("button.release").click()
    wait(page, f"{holder}.textContent === 'held by MPC, priority 13'")
    assert image.value(image.points.position("T_tower_set.cmd")) == 22.0 and tower.locator("button.release").is_hidden()
    image.write({"T_tower_set.cmd": 21.0}, "fire panel", 2)
    tower.locator("input").fill("23")
    tower.locator("button[type=submit]").click()
    wait(page, "words => document.getElementById('set-T_tower_set-refusal').textContent === words",
         "T_tower_set.cmd waits: fire panel at priority 2 has 21")  # fmt: skip
    image.relinquish(["T_tower_set.cmd"], "fire panel", 2)
    image.relinquish(["T_tower_set.cmd"], "MPC", 13)
    tower.locator("button.release").click()
    wait(page, f"{holder}.textContent === ''")

    # Pause, step, speed, snapshot.
    page.click("#pause")
    wait(page, "document.getElementById('pace').textContent === 'paused'")
    k = server.panel.runner.served.k
    page.click("[data-step='60']")
    at(page, k + 60)
    assert server.panel.runner.served.k == k + 60
    page.fill("#speed", "1e9")
    page.click("#speed-form button")
    wait(page, "document.getElementById('run-refusal').textContent.includes('must be from 0.001 to 100000')")
    with page.expect_download() as download:
        page.click("#snapshot")
    assert download.value.suggested_filename.startswith("gb200_hall_")
    page.click("[data-step='1']")
    at(page, k + 61)
    page.set_input_files("#restore", download.value.path())
    at(page, k + 60)
    assert server.panel.runner.served.k == k + 60
    page.click("#pause")
    wait(page, "document.getElementById('pace').textContent.includes('real time')")

    # Log out.
    page.click("#logout")
    page.wait_for_url("**/login")
    assert page.complaints == []
    page.context.close()


def test_a_plan_is_drawn_against_reality(browser: Any, server: PanelServer) -> None:
    page = opened(browser, server)
    t = server.panel.runner.served.t
    server.panel.plans.post(
        PlanBody(source="MPC", t=[t, t + 1e4, t + 2e4], values={"P_cooling": [300.0, 250.0], "T_tower": [20.0, 21.0, 22.0]}), t
    )
    wait(page, "document.querySelectorAll('#plan tbody tr').length === 2")
    assert "Plan of MPC" in page.text_content("#plan")
    wait(page, "document.querySelector('#plan tbody td').textContent === '300.0'")
    page.click("#plan tbody button:text('T_tower')")
    wait(page, "[...document.querySelectorAll('.legend .name')].some(e => e.textContent === 'T_tower')")

    # The next one comes from a controller in another program.
    hall = server.panel.runner.served.plant
    table = hall.site.sheet.setpoints
    plan = Plan(t=np.array([0.0, 1e4, 2e4]), predicted={"P_cooling": np.array([[321e3], [254e3]]), "T_tower": np.full((3, 1), 293.65)},
                setpoints=np.tile(0.5 * (table.low + table.high), (2, 1)))  # fmt: skip
    with PlanPoster(server.url, hall, server.panel.runner.served.image.points, "MPC from afar", token=TOKEN) as poster:
        poster.post(plan, t)
    wait(page, "document.getElementById('plan').textContent.includes('Plan of MPC from afar')")
    wait(page, "[...document.querySelectorAll('#plan tbody td')].some(e => e.textContent === '321.0')")
    assert page.complaints == []
    page.context.close()


def test_a_lost_plant_is_said_and_found_again(browser: Any) -> None:
    with running_panel(speed=30.0) as first:
        page = opened(browser, first)
        first.stop()
        wait(page, "document.getElementById('link').textContent.startsWith('lost')")
        assert page.evaluate("document.body.classList.contains('stale')")
        first.panel.closing = False
        first.start()
        wait(page, "document.getElementById('link').textContent === 'live'")
        page.context.close()


def test_what_is_not_known_is_not_shown_as_fine(browser: Any) -> None:
    """A lost reading, then a failed plant: no figure of 0, no alarm that is normal, none that is normal again."""

    def card(words: str) -> str:
        return page.locator(".card", has_text=words).locator(".value").text_content()

    def states() -> dict[str, str]:
        rows = page.locator("#alarm-list li").evaluate_all("rows => rows.map(r => [...r.children].map(e => e.textContent))")
        return {words: state for words, state in rows}

    with running_panel(speed=30.0, biases={"T_chw": 30.0, "T_return": math.nan}) as one:
        page = opened(browser, one)
        page.evaluate(
            "window.news = []; const said = document.getElementById('alarm-news');"
            "new MutationObserver(() => window.news.push(said.textContent)).observe(said, { childList: true, subtree: true })"
        )
        page.click(".fault >> nth=0")
        wait(page, "document.getElementById('alarm-count').textContent.startsWith('▲')")
        alarm = next(words for words, state in states().items() if "alarm" in state)
        page.click(".fault >> nth=1")
        wait(page, "document.getElementById('alarm-count').textContent.includes('unknown')")
        lost = [words for words, state in states().items() if state == "unknown"]
        assert len(lost) == 1 and "chilled-water return" in lost[0] and "alarm" in states()[alarm]
        one.panel.runner.served.disturb = lambda t, readings: readings["nothing"]  # type: ignore[assignment]
        wait(page, "document.getElementById('pace').textContent === 'failed'")
        wait(page, "document.getElementById('alarm-count').textContent === `${document.querySelectorAll('#alarm-list li').length} of "
                   "${document.querySelectorAll('#alarm-list li').length} unknown`")  # fmt: skip
        assert set(states().values()) == {"unknown"}
        assert card("chilled water, highest") == "–" and card("chilled-water return") == "–" and card("outdoor wet bulb") == "–"
        assert not any("Normal again" in words for words in page.evaluate("window.news")) and page.evaluate("window.news.length") >= 2
        assert page.complaints == []
        page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
def test_it_fits_the_screen(browser: Any, server: PanelServer, size: dict[str, int], scheme: str, tmp_path: Path) -> None:
    page = opened(browser, server, size=size, scheme=scheme)
    wait(page, "document.querySelector('svg.wide .v').textContent !== '–'")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out at the side"
    shown = "svg.narrow" if size is PHONE else "svg.wide"
    assert page.is_visible(shown) and page.locator("svg.schematic").count() == 2
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(244, 245, 247)" if scheme == "light" else "rgb(18, 21, 25)")
    inside = page.evaluate(
        "selector => { const s = document.querySelector(selector); const all = s.getBoundingClientRect();"
        "return [...s.querySelectorAll('text')].filter(t => { const b = t.getBoundingClientRect();"
        "return b.left < all.left - 1 || b.right > all.right + 1 || b.top < all.top - 1 || b.bottom > all.bottom + 1; })"
        ".map(t => t.textContent); }",
        shown,
    )
    assert inside == [], "no figure is cut off"
    small = page.evaluate(
        "[...document.querySelectorAll('button, .button, select, input:not([type=radio], [type=checkbox], .hidden)')].filter(e => {"
        "const b = e.getBoundingClientRect(); return b.height && b.height < 23.9; }).map(e => e.outerHTML)"
    )
    assert small == [], "targets have 24 pixels (WCAG 2.2 AA)"
    folder = Path(os.environ.get("LOWLIFT_SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    name = f"panel_{'phone' if size is PHONE else 'laptop'}_{scheme}"
    page.screenshot(path=folder / f"{name}.png")
    page.screenshot(path=folder / f"{name}_full.png", full_page=True)
    assert (folder / f"{name}.png").stat().st_size > 10_000 and page.complaints == []
    page.context.close()


def test_where_nobody_logs_in_nobody_logs_out(browser: Any) -> None:
    with running_panel(token=None) as one:
        page = browser.new_context().new_page()
        page.goto(one.url)
        page.wait_for_selector("#link:text-is('live')")
        assert page.is_hidden("#logout") and page.is_visible("#pause")
        with page.expect_download() as download:
            page.click("#snapshot")
        assert download.value.suggested_filename.startswith("chiller_plant_")
        page.context.close()


def test_everything_has_a_name_for_screen_readers(browser: Any, server: PanelServer) -> None:
    page = opened(browser, server)
    nameless = page.evaluate(
        "[...document.querySelectorAll('button, input, select, canvas, [role=button], [role=region]')].filter(e =>"
        " !(e.getAttribute('aria-label') || (e.labels && e.labels.length) || e.textContent.trim() || e.getAttribute('aria-labelledby')))"
        ".map(e => e.outerHTML)"
    )
    assert nameless == []
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    tiles = page.locator("svg.wide .tile")
    tiles.first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    wait(page, "document.querySelectorAll('#component dd').length > 5")
    assert page.text_content("#component h3") == "CDU 2" and tiles.nth(1).get_attribute("aria-pressed") == "true"
    page.context.close()
