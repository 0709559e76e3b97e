"""What loading took is given back, and what is still needed comes back by itself."""

import subprocess
import sys

import pytest

LEAST_MB = 8

PROGRAM = """
import numpy as np
from numba import njit

from tastemaker.serve.trimming import trim


@njit
def total(x):
    return x.sum()


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 >> 20


x = np.arange(1000.0)
said = total(x)
before = resident()
given = trim()
after = resident()


@njit
def product(x):
    return (x[1:5]).prod()


print(before - after, given, said == total(x) == x.sum(), product(x) == 24.0)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is given back")
def test_a_compiler_that_has_done_its_work_takes_no_memory_and_works_again_when_it_is_asked() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    less, given, *right = done.stdout.split()
    assert int(less) >= LEAST_MB
    assert int(given) >= LEAST_MB
    assert right == ["True", "True"]
