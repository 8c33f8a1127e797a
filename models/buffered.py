"""A CasADi function that reads and writes NumPy arrays in place: what calling it costs for one plant at a time.

Arrays are handed over once. That is faster than to do so in each call, and keeps the interpreter: CasADi lets other threads have it while
it takes an array, and a served plant would wait for its servers each time.
"""

import threading
from typing import Any

import numpy as np


class Buffered:
    """One compiled function for all rows of a batch, one after the other; calls from several threads wait for each other.

    Args:
        f: a CasADi function of dense columns.
    """

    def __init__(self, f: Any) -> None:
        # CasADi keeps pointers into these arrays: they are filled, never replaced.
        self._given = [np.empty(f.size1_in(k)) for k in range(f.n_in())]
        self._found = [np.empty(f.size1_out(k)) for k in range(f.n_out())]
        self._buffer, self._trigger = f.buffer()
        for k, array in enumerate(self._given):
            self._buffer.set_arg(k, memoryview(array.data))
        for k, array in enumerate(self._found):
            self._buffer.set_res(k, memoryview(array.data))
        self._lock = threading.Lock()

    def __call__(self, *batches: np.ndarray) -> tuple[np.ndarray, ...]:
        """Arguments ``(b, n)`` each, or ``(n,)`` for all rows; returns arrays ``(b, m)``."""
        count = max(len(batch) for batch in batches if batch.ndim == 2)
        results = tuple(np.empty((count, len(array))) for array in self._found)
        with self._lock:
            for b in range(count):
                for array, batch in zip(self._given, batches, strict=True):
                    array[:] = batch[b] if batch.ndim == 2 else batch
                self._trigger()
                for result, array in zip(results, self._found, strict=True):
                    result[b] = array
        return results
