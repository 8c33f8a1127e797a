"""C source to the binary of an FMU, for the platform of this machine.

Unlike the kernel (:mod:`lowlift.models.kernel_build`) the binary travels: it is compiled for every processor of the architecture, not for
the one at hand, and is the same, byte for byte, for the same source and compiler.
"""

import dataclasses
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from lowlift.hil.fmu_errors import FmuBuildError
from lowlift.models.kernel_build import CompilerError, find_compiler

TIMEOUT = 600.0
FLAGS = ("-std=gnu11", "-O1", "-fPIC", "-shared", "-fvisibility=hidden", "-fno-math-errno")
"""Long straight lines compile much faster, and run nearly as fast, with ``-O1``."""
LINKED = ("-lm",)


@dataclasses.dataclass(frozen=True)
class Platform:
    """Names of one platform."""

    fmi2: str
    """Folder of binaries in FMI 2.0; empty where that has no name for it."""
    fmi3: str
    suffix: str

    def folder(self, fmi: int) -> str:
        """Folder of binaries."""
        return self.fmi2 if fmi == 2 else self.fmi3


PLATFORMS = {
    ("linux", "x86_64"): Platform("linux64", "x86_64-linux", ".so"),
    ("linux", "aarch64"): Platform("", "aarch64-linux", ".so"),
    ("darwin", "x86_64"): Platform("darwin64", "x86_64-darwin", ".dylib"),
    ("darwin", "arm64"): Platform("", "aarch64-darwin", ".dylib"),
}


def this_platform(fmi: int) -> Platform:
    """Names of the platform that binaries are made for.

    Raises:
        FmuBuildError: FMI has no name for it, or it is not one that is built for.
    """
    key = (sys.platform, platform.machine())
    if key not in PLATFORMS:
        known = ", ".join(p.fmi3 for p in PLATFORMS.values())
        raise FmuBuildError(f"no FMU is compiled on {' '.join(key)}, only on {known}; use --form python, or compile its source there")
    found = PLATFORMS[key]
    if not found.folder(fmi):
        raise FmuBuildError(f"FMI 2.0 has no name for binaries of {found.fmi3}; use --fmi 3")
    return found


def compile_library(source: str, name: str) -> bytes:
    """The shared library of a source.

    Raises:
        FmuBuildError: there is no compiler, or it fails; with its words and what to do.
    """
    try:
        compiler = find_compiler()
    except CompilerError as error:
        raise FmuBuildError(
            f"{error}; a compiled FMU needs one: install gcc or clang (Debian: apt install gcc), or name yours in CC, "
            "or use --form python, which needs Python with lowlift where it runs"
        ) from error
    with tempfile.TemporaryDirectory() as folder:
        # One file name for all, relative: the compiler notes it in the binary.
        file, made = Path(folder, name).with_suffix(".c"), Path(folder, "library")
        file.write_text(source)
        extra = ("-Wl,--build-id=none", "-s") if sys.platform == "linux" else ()
        command = [*compiler, *FLAGS, *extra, file.name, "-o", made.name, *LINKED]
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise FmuBuildError(f"{' '.join(compiler)}: {error}") from error
        if done.returncode != 0 or not made.is_file():
            raise FmuBuildError(f"{' '.join(compiler)} does not compile the FMU: {done.stderr.strip()[:500]}")
        return made.read_bytes()
