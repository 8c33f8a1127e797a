"""C source to a loaded library: a compiler if there is one, and a cache in the user's own folder.

The library is kept under a name made of its source and of all that the compiler says about itself and this processor, so that another
processor or compiler never meets it. A compiler is never required: :class:`CompilerError` says what was tried.
"""

import ctypes
import functools
import hashlib
import logging
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COMPILERS = ("cc", "gcc", "clang")
BASE = (
    "-std=gnu11",
    "-fopenmp-simd",
    "-fPIC",
    "-shared",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-freciprocal-math",
    "-ffp-contract=fast",
)
"""Neither associative nor finite-only arithmetic is asked for: results stay within rounding of NumPy's, and what is not finite stays so."""
ATTEMPTS = (
    ("-march=native", "-mprefer-vector-width=512", "-DVECTOR_MATH", "-Wl,--no-undefined", "-lmvec"),
    ("-march=native",),
    ("-mcpu=native",),
    (),
)
"""From the fastest to the plainest: vector functions of the C library exist with GCC and glibc only."""
TIMEOUT = 240.0
"""Seconds that all attempts for one kernel may take together."""

logger = logging.getLogger(__name__)


class CompilerError(RuntimeError):
    """There is no C compiler, or none that compiles the kernel."""


def find_compiler() -> list[str]:
    """Command of a C compiler: the environment's ``CC``, else the first of :data:`COMPILERS`.

    Raises:
        CompilerError: there is none.
    """
    wanted = [shlex.split(os.environ["CC"])] if os.environ.get("CC") else [[name] for name in COMPILERS]
    for command in wanted:
        path = shutil.which(command[0])
        if path is not None:
            return [path, *command[1:]]
    raise CompilerError(f"no C compiler: {', '.join(command[0] for command in wanted)} not found")


def cache_folder() -> Path:
    """Where kernels are kept."""
    import pooch

    return Path(pooch.os_cache("lowlift")) / "kernels"


@functools.lru_cache(maxsize=16)
def build(source: str, level: str = "-O3") -> tuple[ctypes.CDLL, str]:
    """The library of a source and how it was compiled, from the cache where it is there.

    Args:
        source: C text.
        level: optimisation; long straight lines compile much faster, and run as fast, with ``-O1``.

    Raises:
        CompilerError: no compiler, or none of the attempts compiled within :data:`TIMEOUT`; with the compiler's words.
    """
    compiler = find_compiler()
    words, until = "", time.monotonic() + TIMEOUT
    for flags in ATTEMPTS:
        machine = [f for f in flags if f.startswith("-m")]
        # What the compiler defines for this processor with these flags.
        accepted, target = _call([*compiler, *machine, "-dM", "-E", "-x", "c", os.devnull], until)
        if not accepted:
            words = words or target
            continue
        key = hashlib.sha256("\0".join((source, sys.platform, target, level, *BASE, *flags)).encode()).hexdigest()[:32]
        path = cache_folder() / f"{key}.so"
        library = _load(path)
        if library is None:
            logger.info("compiling a kernel of %d lines: %s", source.count("\n"), " ".join((*compiler, level, *flags)))
            words = _compile(compiler, source, (level, *flags), path, until)
            library = _load(path)
        if library is not None:
            return library, " ".join((Path(compiler[0]).name, *machine))
        logger.info("no kernel by %s: %s", " ".join((*compiler, level, *flags)), words[:500])
    raise CompilerError(f"{' '.join(compiler)} does not compile the kernel: {words[:500]}")


def _load(path: Path) -> ctypes.CDLL | None:
    """The library, or nothing where there is none that loads."""
    try:
        return ctypes.CDLL(str(path))
    except OSError:
        return None


def _compile(compiler: list[str], source: str, flags: tuple[str, ...], path: Path, until: float) -> str:
    """Compile into ``path``, all at once or not at all; returns the compiler's words where it fails."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        folder = tempfile.TemporaryDirectory(dir=path.parent)
    except OSError as error:
        raise CompilerError(f"no place for the kernel: {error}") from error
    with folder as name:
        file, made = Path(name) / "kernel.c", Path(name) / "kernel.so"
        file.write_text(source)
        options = [f for f in flags if not f.startswith(("-l", "-W"))]
        linked = [f for f in flags if f.startswith(("-l", "-W"))]
        done, words = _call([*compiler, *BASE, *options, str(file), "-o", str(made), *linked, "-lm"], until)
        if done:
            os.replace(made, path)
        return "" if done else words


def _call(command: list[str], until: float) -> tuple[bool, str]:
    """Whether the compiler is content, and what it says.

    Raises:
        CompilerError: it is still at it when the time is over.
    """
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    except OSError as error:
        return False, str(error)
    with process:
        try:
            out, err = process.communicate(timeout=max(until - time.monotonic(), 0.0))
        except subprocess.TimeoutExpired as error:
            # Compilers are drivers: what computes is a process of theirs.
            os.killpg(process.pid, signal.SIGKILL) if hasattr(os, "killpg") else process.kill()
            raise CompilerError(f"{command[0]} did not compile the kernel within {TIMEOUT:g} s") from error
    return process.returncode == 0, out if process.returncode == 0 else err or f"ended with {process.returncode}"
