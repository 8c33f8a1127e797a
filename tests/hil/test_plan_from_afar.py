"""The plan of an MPC in another process, in the panel of the plant that it controls over Modbus."""

import itertools
import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from panel_run import TOKEN
from wire_plants import plant

from lowlift.hil.serve import serving

PATIENCE = 1200.0
"""Longest wait for anything [s]: machines that run tests are busy."""


def test_the_plan_of_a_live_control_run_is_in_the_panel(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN, encoding="utf-8")
    site = serving(plant("gb200_hall"), ["modbus"], step=15.0, lockstep=60.0, options={"modbus": {"port": 0}},
                   scenario="weather=tucson,workload=llm_training,start=07-04,days=0.5", panel={"port": 0, "token": TOKEN})  # fmt: skip
    with site:
        modbus, panel = (adapter.url for adapter in site.adapters)
        command = [sys.executable, "-m", "lowlift", "control", "gb200_hall", "--url", modbus, "--write", "--sample", "60",
                   "--panel", panel, "--panel-token", str(tmp_path / "token"), "--log", str(tmp_path / "log")]  # fmt: skip
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as one:
            try:
                made: dict[float, dict[str, object]] = {}
                until = time.monotonic() + PATIENCE
                while len(made) < 3:
                    assert one.poll() is None and time.monotonic() < until, made
                    request = urllib.request.Request(f"{panel}api/state", headers={"Authorization": f"Bearer {TOKEN}"})
                    shown = json.load(urllib.request.urlopen(request, timeout=PATIENCE)).get("plan")
                    if shown is not None:
                        made[shown["t"][0]] = shown
                    time.sleep(0.02)
            finally:
                one.terminate()
                said, complaints = one.communicate(timeout=PATIENCE)
    starts = sorted(made)
    assert one.returncode == 0 and "do not reach" not in said and TOKEN not in said + complaints
    assert all((b - a) % 300.0 == 0.0 for a, b in itertools.pairwise(starts)), "one plan each decision, in the plant's time"
    newest = made[starts[-1]]
    assert newest["source"] == "MPC" and newest["made"] >= starts[-1]
    assert {"P_cooling", "T_tower", "T_tower_set.fbk"} <= set(newest["values"])
