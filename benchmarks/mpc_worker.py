"""What a peer's process does: read the case from a folder, solve what it is asked for, answer on standard output, one JSON line each.

Runs in the peer's own environment: needs NumPy, CasADi and the peer, never this package. Arrays of results go to files of the folder;
whatever a peer prints goes to standard error.
"""

import dataclasses
import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np


@dataclasses.dataclass(frozen=True)
class PeerCase:
    """A case as it lies in a folder; arrays as in :class:`lowlift.controllers.optimiser.problem.BatchData`."""

    folder: Path
    head: dict[str, Any]
    """Sizes, the stage's graphs, which slack softens which row, stage length [s], tolerance."""
    x0: np.ndarray
    p: np.ndarray
    slack_linear: np.ndarray
    slack_quadratic: np.ndarray
    u_low: np.ndarray
    u_high: np.ndarray
    u_cold: np.ndarray

    @classmethod
    def read(cls, folder: Path) -> "PeerCase":
        """Read a folder."""
        arrays = np.load(folder / "case.npz")
        return cls(folder, json.loads((folder / "case.json").read_text(encoding="utf-8")), **{k: arrays[k] for k in arrays.files})


class Peer(Protocol):
    """A solver of somebody else."""

    about: dict[str, Any]
    """Version and settings."""

    def solve(self, i: int, mode: str, x0: np.ndarray) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Solve problem ``i`` from state ``x0``: ``cold``, or ``warm`` or ``rti`` from the last solution moved on by a stage.

        Returns:
            Numbers as in :class:`mpc_own.Solved`, and arrays, of which ``u`` is used.
        """


def serve(build: Callable[[PeerCase, str], Peer]) -> None:
    """Answer requests until standard input ends. Arguments: folder, variant."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr

    def say(message: dict[str, Any]) -> None:
        answers.write(json.dumps(message) + "\n")

    try:
        case, variant = PeerCase.read(Path(sys.argv[1]).resolve()), sys.argv[2]
        peer = build(case, variant)
        say({"about": peer.about})
        for line in sys.stdin:
            asked = json.loads(line)
            i, mode = int(asked["problem"]), str(asked["mode"])
            x0 = case.x0[i] if asked.get("x0") is None else np.array(asked["x0"])
            numbers, arrays = peer.solve(i, mode, x0)
            path = case.folder / f"{variant}_{i}_{mode}.npz"
            np.savez(path, **arrays)  # type: ignore[arg-type]
            say({**numbers, "file": path.name})
    except Exception as error:
        traceback.print_exc()
        say({"error": f"{type(error).__name__}: {error}"})
