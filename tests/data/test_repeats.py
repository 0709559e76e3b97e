"""How often the same was said before, counted over parts."""

from collections import Counter

import numpy as np

from tastemaker.data.repeats import Repeats


def test_parts_of_any_size_are_numbered_as_the_whole_would_be(rng):
    said = rng.choice(np.array([-(2**62), 5, 2**63 - 1, *range(300)], np.int64), 5000, p=None)
    cuts = np.sort(rng.integers(0, 5000, 40))
    counted = Repeats()
    found = np.concatenate([counted.before(part) for part in np.split(said, cuts)])
    seen: Counter[int] = Counter()
    for value, before in zip(said.tolist(), found.tolist(), strict=True):
        assert before == seen[value]
        seen[value] += 1
    assert len(counted._runs) < 12
