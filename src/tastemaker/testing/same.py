"""Are two nests of values the same, bit for bit?"""

from dataclasses import fields, is_dataclass

import numpy as np


def assert_same(a: object, b: object) -> None:
    """Two nests of dataclasses, tuples, dicts and arrays are equal, bit for bit."""
    assert type(a) is type(b)
    if isinstance(a, np.ndarray):
        np.testing.assert_array_equal(a, b)
    elif hasattr(a, "indptr") and hasattr(b, "indptr"):  # a sparse matrix
        for name in ("indptr", "indices", "data"):
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    elif is_dataclass(a):
        for f in fields(a):
            assert_same(getattr(a, f.name), getattr(b, f.name))
    elif isinstance(a, dict) and isinstance(b, dict):
        assert a.keys() == b.keys()
        assert_same(tuple(a.values()), tuple(b[key] for key in a))
    elif isinstance(a, tuple | list) and isinstance(b, tuple | list):
        assert len(a) == len(b)
        for left, right in zip(a, b, strict=True):
            assert_same(left, right)
    else:
        assert a == b
