import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastemaker.kernels.bootstrap import resampled_means

BITS = 2**64 - 1


def splitmix64(key: int, i: int) -> int:
    z = (key + (i + 1) * 0x9E3779B97F4A7C15) & BITS
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & BITS
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & BITS
    return z ^ (z >> 31)


def slow_rows(n: int, rounds: int, seed: int) -> np.ndarray:
    """The rows that each round draws, (rounds, n): 32 random bits a draw, the higher half of a number first."""
    found = np.zeros((rounds, n), np.int64)
    for r in range(rounds):
        key = splitmix64(seed, r)
        for i in range(n):
            z = splitmix64(key, i // 2)
            half = z >> 32 if i % 2 == 0 else z & (2**32 - 1)
            found[r, i] = half * n >> 32
    return found


def test_the_stream_is_the_published_one():
    """Rosetta Code, "Pseudo-random numbers/Splitmix64": the first five of seed 1234567."""
    published = [
        6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821,
    ]  # fmt: skip
    assert [splitmix64(1234567, i) for i in range(5)] == published


@given(st.integers(1, 9), st.integers(1, 3), st.integers(1, 6), st.integers(0, BITS))
def test_it_is_its_slow_twin(n, m, rounds, seed):
    values = np.random.default_rng(seed).normal(size=(n, m))
    wanted = [values[rows].mean(axis=0) for rows in slow_rows(n, rounds, seed)]
    np.testing.assert_allclose(resampled_means(values, rounds, seed), wanted, atol=1e-12)


def test_the_number_of_threads_changes_nothing():
    values = np.random.default_rng(0).random((501, 4))
    many = resampled_means(values, 40, 7)
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        np.testing.assert_array_equal(resampled_means(values, 40, 7), many)
    finally:
        numba.set_num_threads(before)


def test_all_columns_draw_the_same_users_and_each_round_others():
    column = np.random.default_rng(0).random(50)
    found = resampled_means(np.column_stack([column, column, -2.0 * column]), 30, 3)
    np.testing.assert_array_equal(found[:, 0], found[:, 1])
    np.testing.assert_allclose(found[:, 2], -2.0 * found[:, 0])
    assert len(np.unique(found[:, 0])) == 30
    assert not np.isin(resampled_means(column[:, None], 30, 4), found).any()


def test_every_user_is_drawn_alike():
    """Each round's share of user i is Binomial(n, 1 / n) / n: mean 1 / n, variance (1 - 1 / n) / n²."""
    n, rounds = 20, 20_000
    shares = resampled_means(np.eye(n), rounds, 5)
    spread = np.sqrt((1 - 1 / n) / n**2)
    np.testing.assert_allclose(shares.mean(axis=0), 1 / n, atol=5 * spread / np.sqrt(rounds))
    np.testing.assert_allclose(shares.std(axis=0), spread, rtol=0.05)


def test_nan_is_not_hidden():
    found = resampled_means(np.column_stack([np.ones(5), np.full(5, np.nan)]), 3, 0)
    np.testing.assert_array_equal(found[:, 0], 1.0)
    assert np.isnan(found[:, 1]).all()


def test_nothing_drawn_is_nothing():
    assert resampled_means(np.ones((3, 2)), 0, 0).shape == (0, 2)
    assert resampled_means(np.ones((3, 0)), 4, 0).shape == (4, 0)
    assert resampled_means(np.array([[0.25]]), 3, BITS)[:, 0] == pytest.approx([0.25] * 3)
