"""Ridge regressions against a dense solve of the normal equations in float64, and against the criterion itself."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from tastemaker.kernels.als import GATHERED, als_half, eigen
from tastemaker.kernels.threads import one_blas_thread

from ..threads import threads

D = 6
N = 2 * GATHERED + 40
LENGTHS = (0, 1, 2, D - 1, D, D + 1, 3 * D, GATHERED - 1, GATHERED, GATHERED + 1, 2 * GATHERED + 3, N, 0, 1)


@pytest.fixture(autouse=True)
def _one_blas_thread():
    with one_blas_thread():
        yield


def problem(lengths=LENGTHS, n=N, d=D, seed=0):
    """Histories of these lengths, targets of both signs and 0; factors of unequal size; l2, one a row; confidences."""
    rng = np.random.default_rng(seed)
    starts = np.cumsum([0, *lengths])
    columns = np.concatenate([np.sort(rng.choice(n, k, replace=False)) for k in lengths]).astype(np.int32)
    targets = rng.choice(np.float32([1.0, 1.0, -1.0, 0.0, 0.3]), len(columns))
    history = csr_array((targets, columns, starts.astype(np.int32)), shape=(len(lengths), n))
    factors = (rng.normal(0.0, 0.5, (n, d)) * np.linspace(2.0, 0.3, d) + 0.2).astype(np.float32)
    l2 = rng.uniform(0.05, 5.0, len(lengths)).astype(np.float32)
    return history, factors, l2, rng.lognormal(0.0, 1.0, len(columns)).astype(np.float32)


def slow(history, factors, alpha0, l2, confidence):
    """(alpha0 V'V + sum_i c_i v_i v_i' + l2_u I) x = sum_i c_i y_i v_i, a row at a time."""
    v = factors.astype(float)
    found = np.zeros((history.shape[0], v.shape[1]))
    for u in range(len(found)):
        mine = slice(history.indptr[u], history.indptr[u + 1])
        rows, c, y = v[history.indices[mine]], confidence[mine].astype(float), history.data[mine]
        normal = alpha0 * v.T @ v + (rows * c[:, None]).T @ rows + l2[u] * np.eye(v.shape[1])
        found[u] = np.linalg.solve(normal, (c * y) @ rows)
    return found


def assert_near(found, expected):
    """By the length of each row: to five digits."""
    assert found.dtype == np.float32
    error = np.linalg.norm(found - expected, axis=1)
    assert (error <= 3e-5 * (1.0 + np.linalg.norm(expected, axis=1))).all(), error.max()


@pytest.mark.parametrize("alpha0", [0.0, 0.1, 2.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_exact_rows_solve_the_normal_equations(alpha0, weighted):
    history, factors, l2, drawn = problem()
    confidence = drawn if weighted else np.ones_like(drawn)
    x = np.zeros((0, D), np.float32)
    found = als_half(history, factors, x, alpha0, l2, 0, confidence if weighted else None)
    assert_near(found, slow(history, factors, alpha0, l2, confidence))


@pytest.mark.parametrize(("n", "d", "lengths"), [
    (5, 1, (0, 1, 2, 5)),
    (3, 9, (0, 1, 2, 3)),  # fewer items than factors: the Gram matrix is singular
    (80, 64, tuple(range(70))),  # all remainders of groups of four rows and vectors of eight
    (80, 13, (*range(3, 20), 80)),
    (400, GATHERED + 20, (1, GATHERED, GATHERED + 1, GATHERED + 20, GATHERED + 21, 400)),  # more than are gathered
])  # fmt: skip
def test_narrow_wide_and_singular_factors(n, d, lengths):
    history, factors, l2, confidence = problem(lengths, n, d)
    found = als_half(history, factors, factors[:0], 0.3, l2, 0, confidence)
    assert_near(found, slow(history, factors, 0.3, l2, confidence))


def test_the_solution_is_where_the_criterion_is_lowest():
    """The docstring's formula, word by word; no small move from the answer lowers it."""
    history, factors, l2, confidence = problem()
    found = als_half(history, factors, factors[:0], 0.2, l2, 0, confidence)
    rng, v = np.random.default_rng(1), factors.astype(float)
    for u, x in enumerate(found.astype(float)):
        mine = slice(history.indptr[u], history.indptr[u + 1])
        y, c, rows = history.data[mine], confidence[mine], v[history.indices[mine]]

        def criterion(x, y=y, c=c, rows=rows, u=u):
            fit = sum(c[k] * (y[k] - x @ rows[k]) ** 2 for k in range(len(y)))
            return fit + 0.2 * ((v @ x) ** 2).sum() + l2[u] * (x @ x)

        assert all(criterion(x + move) > criterion(x) for move in rng.normal(0.0, 3e-3, (8, D)))


@pytest.mark.parametrize("alpha0", [0.0, 0.5])
def test_conjugate_gradient_converges_to_the_exact_solution(alpha0):
    history, factors, l2, confidence = problem()
    start = np.random.default_rng(2).normal(size=(len(l2), D)).astype(np.float32)
    exact = slow(history, factors, alpha0, l2, confidence)
    found = als_half(history, factors, start, alpha0, l2, 4 * D, confidence)
    assert_near(found, exact)
    np.testing.assert_allclose(als_half(history, factors, found, alpha0, l2, 1, confidence), found, atol=1e-5)


def test_every_step_of_conjugate_gradient_comes_nearer():
    """In the norm of the normal equations, where the method's theory has it."""
    history, factors, l2, confidence = problem()
    exact, v = slow(history, factors, 0.2, l2, confidence), factors.astype(float)
    start = np.random.default_rng(2).normal(size=(len(l2), D)).astype(np.float32)
    before = start.copy()
    errors = []
    for steps in range(5):
        x = als_half(history, factors, start, 0.2, l2, steps, confidence) if steps else start
        away = x - exact
        per_row = [
            0.2 * ((v @ a) ** 2).sum() + l2[u] * (a @ a) + (confidence[s] * (v[history.indices[s]] @ a) ** 2).sum()
            for u, a in enumerate(away)
            for s in [slice(history.indptr[u], history.indptr[u + 1])]
        ]
        errors.append(per_row)
    assert (np.diff(errors, axis=0) <= 1e-6).all()
    np.testing.assert_array_equal(start, before)


def test_an_empty_history_is_zero_wherever_it_started():
    history, factors, l2, confidence = problem()
    empty = np.diff(history.indptr) == 0
    ones = np.ones((len(l2), D), np.float32)
    for steps in (0, 3):
        found = als_half(history, factors, ones, 0.1, l2, steps, confidence)
        np.testing.assert_array_equal(found[empty], 0.0)


@pytest.mark.parametrize("steps", [0, 3])
def test_the_number_of_threads_changes_no_byte(steps):
    history, factors, l2, confidence = problem(LENGTHS * 9, seed=4)
    start = np.ones((len(l2), D), np.float32)
    found = []
    for n in (1, 2):
        with threads(n):
            found.append(als_half(history, factors, start, 0.1, l2, steps, confidence).tobytes())
    assert found[0] == found[1]


@pytest.mark.parametrize("steps", [0, 3])
def test_a_row_alone_is_the_row_among_others(steps):
    history, factors, l2, confidence = problem()
    start = np.ones((len(l2), D), np.float32)
    together = als_half(history, factors, start, 0.1, l2, steps, confidence)
    for u in range(len(l2)):
        mine = slice(history.indptr[u], history.indptr[u + 1])
        alone = als_half(history[[u]], factors, start[[u]], 0.1, l2[[u]], steps, confidence[mine])
        np.testing.assert_allclose(alone[0], together[u], rtol=1e-5, atol=1e-6)


def test_turned_factors_have_a_diagonal_gram_matrix():
    _, factors, _, _ = problem()
    turned = eigen(factors, 0.7)
    gram = turned.factors.astype(float).T @ turned.factors
    np.testing.assert_allclose(0.7 * gram, np.diag(turned.spectrum), atol=1e-3)
    np.testing.assert_allclose(turned.turn @ turned.turn.T, np.eye(D), atol=1e-6)
    np.testing.assert_allclose(turned.factors @ turned.turn.T, factors, atol=1e-5)


def test_a_singular_problem_gives_no_finite_number_rather_than_an_error_of_the_compiler():
    """l2 is promised to be above 0; who breaks the promise is told so by the algorithm, which looks for this."""
    history, factors, l2, _ = problem((1, 2), n=3, d=9)
    assert not np.isfinite(als_half(history, np.zeros_like(factors), factors[:0], 0.1, 0.0 * l2)).all()
