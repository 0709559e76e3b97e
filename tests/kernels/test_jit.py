"""A kernel that was compiled before is loaded without getting the compiler ready."""

import subprocess
import sys

SCRIPT = """
import sys
import numpy as np
from tastemaker.kernels.topk import top_of_scores
print(top_of_scores(np.float32([[1.0, 3.0, 2.0]]), 2)[0].tolist())
print("numba.typed.typeddict" in sys.modules)
from tastemaker.kernels.jit import njit
print(njit(lambda a: a.sum())(np.arange(4)))
print("numba.typed.typeddict" in sys.modules)
"""


def test_what_is_in_the_cache_needs_no_compiler_and_what_is_not_gets_it() -> None:
    for _ in range(2):  # the first one fills the cache
        done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:4] == ["[[1, 2]]", "False", "6", "True"]
