"""Mark for tests that need a C compiler: skipped, with the reason, where there is none."""

import pytest

from lowlift.models.kernel_build import CompilerError, find_compiler


def _missing() -> str:
    try:
        find_compiler()
    except CompilerError as error:
        return str(error)
    return ""


needs_compiler = pytest.mark.skipif(bool(_missing()), reason=f"the kernel cannot be tested here: {_missing()}")
