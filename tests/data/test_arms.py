import hashlib
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastemaker.data.arms import ARMS, CONTROL, TREATMENT, deal, position
from tastemaker.errors import QueryError

IDS = [
    str(UUID(bytes=row.tobytes(), version=4))
    for row in np.random.default_rng(7).integers(0, 256, (100_000, 16), np.uint8)
]


@pytest.mark.parametrize("share", [0.5, 0.1, 0.9])
def test_shares_are_exact_to_a_percent_on_a_hundred_thousand_ids(share):
    treated = sum(deal(user, "salt", share) == TREATMENT for user in IDS)
    assert abs(treated / len(IDS) - share) < 0.01


@given(st.text(min_size=1).filter(str.strip), st.text(), st.floats(0.01, 0.99))
def test_an_arm_is_sticky_and_grows_with_the_share(user, salt, share):
    assert deal(user, salt, share) == deal(user, salt, share) in ARMS
    whole = int(hashlib.sha256(f"{salt}\0{user}".encode()).hexdigest(), 16) / 2**256
    assert position(user, salt) == pytest.approx(whole, abs=1e-15)
    if deal(user, salt, share) == TREATMENT:
        assert deal(user, salt, min(share + 0.005, 1.0)) == TREATMENT


def test_another_salt_deals_anew():
    a, b = (np.array([position(user, salt) for user in IDS[:20_000]]) for salt in ("a", "b"))
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.03
    counts = np.histogram(a, bins=50, range=(0, 1))[0]
    assert ((counts - 400) ** 2 / 400).sum() < 85.4  # chi-square with 49 degrees of freedom: one in a thousand


def test_numbers_are_ids_and_nobody_has_no_arm():
    assert position(7, "s") == position("7", "s")
    assert CONTROL == "control"
    for nobody in ("", "  ", True):
        with pytest.raises(QueryError, match="names no user, so it has no arm"):
            deal(nobody, "s", 0.5)
