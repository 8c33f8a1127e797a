"""Peers in environments and processes of their own: problems go out, and results come back, as files of a folder."""

import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

import numpy as np
from mpc_case import Case
from mpc_graph import to_graph

from lowlift.controllers.optimiser.start import cold_start

HERE = Path(__file__).parent
PACKAGES = {"dompc": ("do-mpc==5.1.2", "casadi==3.8.2"), "acados": ("comma-deps-acados==0.2.2.post92",)}
"""What is installed for each peer. The acados package overwrites CasADi with a slimmed one, so it may never share an environment."""
PYTHON = Path("Scripts/python.exe") if sys.platform == "win32" else Path("bin/python")


class PeerError(RuntimeError):
    """A peer cannot take part; the message says why."""


def environment(name: str, root: Path, *, install: bool) -> Path:
    """The interpreter of a peer, made on first use.

    Raises:
        PeerError: it is not there and may not or cannot be installed.
    """
    python = root / name / PYTHON
    done = root / name / "installed.json"
    wanted = list(PACKAGES[name])
    if done.is_file() and json.loads(done.read_text(encoding="utf-8")) == wanted:
        return python
    if not install:
        raise PeerError(f"{name} is not installed in {root / name}; run without --no-install")
    venv.create(root / name, with_pip=True, clear=True)
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted]
    got = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if got.returncode != 0:
        raise PeerError(f"{name} cannot be installed: {got.stderr.strip().splitlines()[-1] if got.stderr.strip() else 'pip failed'}")
    done.write_text(json.dumps(wanted), encoding="utf-8")
    return python


def write_case(case: Case, folder: Path, tolerance: float) -> None:
    """Write a case for peers."""
    import casadi as ca

    p, d = case.problem, case.data
    x, u, w, q = (ca.SX.sym(n, k) for n, k in (("x", p.nx), ("u", p.nu), ("w", p.nx), ("p", p.n_parameters)))

    def function(name: str, inputs: list[Any], outputs: list[Any]) -> Any:
        return ca.Function(name, inputs, [ca.densify(ca.SX(v)) for v in outputs], {"cse": True})

    s = p.stage(x, u, w, q)
    implicit = function("implicit", [x, u, w, q], [s.dynamics, s.path, s.cost])
    # Implicit Euler read backwards: the step that ends at x under u, and with it the state before, which wear is charged for.
    step = -float(case.ocp.shift.row_scale[0]) * p.stage(x, u, x, q).dynamics
    end = p.stage(x - step, u, x, q)
    continuous = function("continuous", [x, u, q], [step / case.stage_seconds, end.path, end.cost])
    head = {
        "name": case.name, "n_stages": p.n_stages, "nx": p.nx, "nu": p.nu, "ns": p.ns, "n_parameters": p.n_parameters,
        "slack_of_row": list(p.slack_of_row), "stage_seconds": case.stage_seconds, "tolerance": tolerance,
        "implicit": to_graph(implicit), "continuous": to_graph(continuous),
    }  # fmt: skip
    (folder / "case.json").write_text(json.dumps(head), encoding="utf-8")
    cold = cold_start(p, case.one(0))
    np.savez(folder / "case.npz", x0=d.x0, p=d.p, slack_linear=d.slack_linear, slack_quadratic=d.slack_quadratic, u_low=p.u_low,
             u_high=p.u_high, u_cold=cold.u[0, 0])  # fmt: skip


class PeerProcess:
    """A peer that waits for problems.

    Args:
        python: interpreter of its environment.
        script: the worker beside this file.
        variant: what the worker is to build.
        folder: where :func:`write_case` has written.

    Raises:
        PeerError: it cannot build its solver.
    """

    def __init__(self, python: Path, script: str, variant: str, folder: Path) -> None:
        self.folder = folder
        self._log = tempfile.TemporaryFile()
        self._process = subprocess.Popen([str(python), str(HERE / script), str(folder), variant], stdin=subprocess.PIPE, text=True,
                                         stdout=subprocess.PIPE, stderr=self._log, cwd=folder)  # fmt: skip
        self.about: dict[str, Any] = self._answer()["about"]

    def solve(self, problem: int, mode: str, x0: np.ndarray | None = None) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Numbers, and arrays by name.

        Raises:
            PeerError: the peer failed.
        """
        assert self._process.stdin is not None  # noqa: S101 - opened above
        asked = {"problem": problem, "mode": mode, "x0": None if x0 is None else x0.tolist()}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        numbers = self._answer()
        path = self.folder / numbers.pop("file")
        with np.load(path) as arrays:
            found = {name: arrays[name] for name in arrays.files}
        path.unlink()
        return numbers, found

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None  # noqa: S101 - opened above
        assert self._process.stdout is not None  # noqa: S101 - opened above
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._log.close()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None  # noqa: S101 - opened above
        line = self._process.stdout.readline()
        if not line:
            self._log.seek(0)
            tail = self._log.read().decode(errors="replace").strip().splitlines()[-3:]
            self.close()
            raise PeerError(f"ended without an answer: {' | '.join(tail)}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            self.close()
            raise PeerError(answer["error"])
        return answer
