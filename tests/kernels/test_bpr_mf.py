"""BPR's epochs against a slow twin with the same draws, finite differences, and counts of who was trained how often."""

from math import exp, log, log1p

import numpy as np
import pytest

from tastemaker.kernels.bpr_mf import AHEAD, TRIES, Hands, Matrix, Step, blocks_of, bpr_phase, deal, workers
from tastemaker.kernels.lanes import LANES, aligned_zeros

from ..threads import threads

MASK = 2**64 - 1


def matrix_of(chosen):
    """Matrix of a list of items a user."""
    items = np.concatenate([np.zeros(0), *map(np.sort, chosen)]).astype(np.int32)
    return Matrix(np.cumsum([0, *map(len, chosen)]).astype(np.int64), items)


def lopsided(rng, n_users, n_items, most):
    """Item i is chosen as 1 / (i + 1); user 0 chose nothing, user 1 one item, user 2 more than are drawn ahead."""
    share = 1.0 / np.arange(1, n_items + 1)
    sizes = [0, 1, min(AHEAD + 5, n_items - 1), *rng.integers(1, most + 1, n_users - 3)]
    return [rng.choice(n_items, size, replace=False, p=share / share.sum()) for size in sizes]


def vectors(rng, n, width=LANES):
    found = aligned_zeros(n, width)
    found[:] = rng.normal(0.0, 0.4, found.shape)
    return found


def order_of(matrix, n_items):
    return np.argsort(-np.bincount(matrix.items, minlength=n_items), kind="stable").astype(np.int32)


def epoch(matrix, hands, users, items, step, keys, n=2):
    """keys: (n, n), a row a phase -> sums."""
    sums, blocks = np.zeros((n, 4)), blocks_of(matrix.starts, n)
    for p in range(n):
        bpr_phase(p, matrix, hands, blocks, users, items, step, keys[p], sums, (0, 1))
    return sums.sum(axis=0)


def slow_epoch(matrix, hands, users, items, step, keys, n=2):
    """Rendle et al. 2009, fig. 4, one triple after the other, in plain Python -> losses, triples (u, i, j)."""
    losses, triples, blocks = [], [], blocks_of(matrix.starts, n)
    for p in range(n):
        for w in range(n):
            mine, state = (w + p) % n, int(keys[p, w]) | 1
            pool = hands.pool[hands.ends[mine] : hands.ends[mine + 1]]
            for u in range(blocks[w], blocks[w + 1]):
                chosen = matrix.items[matrix.starts[u] : matrix.starts[u + 1]].tolist()
                for i in (item for item in chosen if hands.hand[item] == mine and len(pool)):
                    for _ in range(TRIES):
                        state ^= (state << 13) & MASK
                        state ^= state >> 7
                        state ^= (state << 17) & MASK
                        j = int(pool[((state >> 32) * len(pool)) >> 32])
                        if j not in chosen:
                            x = float(users[u] @ (items[i] - items[j]))
                            losses.append(log1p(exp(-x)))
                            triples.append((u, i, j))
                            _step(users[u], items[i], items[j], 1 / (1 + exp(x)), step)
                            break
    return losses, triples


def _step(user, plus, minus, g, step):
    apart, before = plus - minus, user.copy()
    user += step.rate * (g * apart - step.l2_user * user)
    plus += step.rate * (g * before - step.l2_item * plus)
    minus += step.rate * (-g * before - step.l2_item * minus)


@pytest.mark.parametrize("popular", [False, True])
@pytest.mark.parametrize(("n", "width"), [(1, LANES), (2, LANES), (3, 3 * LANES)])
def test_it_is_its_slow_twin(n, width, popular):
    rng = np.random.default_rng(n)
    matrix = matrix_of(lopsided(rng, 25, 70, 12))
    users, items = vectors(rng, 25, width), vectors(rng, 70, width)
    slow_users, slow_items = users.astype(float), items.astype(float)
    step, drawn = Step(0.1, 0.02, 0.05), matrix.items if popular else np.arange(70, dtype=np.int32)
    for _ in range(3):
        hands, keys = deal(order_of(matrix, 70), drawn, n, rng), rng.integers(1, 1 << 63, (n, n), np.uint64)
        _, measured, _, triples = epoch(matrix, hands, users, items, step, keys, n)
        losses, expected = slow_epoch(matrix, hands, slow_users, slow_items, step, keys, n)
        assert triples == len(losses) == len(expected)
        assert triples / AHEAD <= measured <= triples
    np.testing.assert_allclose(users, slow_users, atol=2e-5)
    np.testing.assert_allclose(items, slow_items, atol=2e-5)


def one_triple(rng, l2_user=0.05, l2_item=0.11, rate=0.01):
    """One user who chose item 3; item 1 is all that there is to draw. -> before, after, sums"""
    users, items = vectors(rng, 1), vectors(rng, 5)
    before = users.astype(float), items.astype(float)
    hands = Hands(np.zeros(5, np.int8), np.int32([1]), np.int64([0, 1]))
    sums = np.zeros((1, 4))
    step, key = Step(rate, l2_user, l2_item), np.array([7], np.uint64)
    bpr_phase(0, matrix_of([[3]]), hands, np.int64([0, 1]), users, items, step, key, sums, (0, 1))
    return before, (users, items), sums[0]


def test_one_step_goes_down_the_gradient_of_the_papers_criterion(rng):
    """BPR-Opt (eq. 5) of one triple: -log sigmoid(x) + l2/2 |parameters|², by central differences."""
    before, after, _ = one_triple(rng)

    def criterion(users, items):
        x = users[0] @ (items[3] - items[1])
        return log(1 + exp(-x)) + 0.05 / 2 * (users**2).sum() + 0.11 / 2 * (items[[1, 3]] ** 2).sum()

    for side in (0, 1):
        for at in np.ndindex(before[side].shape):
            moved = []
            for h in (1e-4, -1e-4):
                there = [a.copy() for a in before]
                there[side][at] += h
                moved.append(criterion(*there))
            slope = (moved[0] - moved[1]) / 2e-4
            assert (after[side][at] - before[side][at]) / 0.01 == pytest.approx(-slope, abs=1e-4)


def test_what_it_reports_of_one_triple(rng):
    (users, items), _, (loss, measured, wrong, triples) = one_triple(rng)
    x = float(users[0] @ (items[3] - items[1]))
    assert loss == pytest.approx(log(1 + exp(-x)), rel=1e-5)
    assert (measured, wrong, triples) == (1, x <= 0, 1)


def touches(matrix, n_items, epochs, popular=False, seed=0):
    """How often each user and each item were trained: every touch takes a tenth of the row, nothing else moves it."""
    rng, n_users = np.random.default_rng(seed), len(matrix.starts) - 1
    users, items = aligned_zeros(n_users, LANES), aligned_zeros(n_items, LANES)
    step, drawn = Step(1e-25, 1e24, 1e24), matrix.items if popular else np.arange(n_items, dtype=np.int32)
    of_users, of_items = np.zeros(n_users), np.zeros(n_items)
    for _ in range(epochs):
        users[:, 0] = items[:, 1] = 1.0
        hands, keys = deal(order_of(matrix, n_items), drawn, 2, rng), rng.integers(1, 1 << 63, (2, 2), np.uint64)
        epoch(matrix, hands, users, items, step, keys)
        of_users += np.log(users[:, 0]) / np.log(0.9)
        of_items += np.log(items[:, 1]) / np.log(0.9)
    for found in (of_users, of_items):
        np.testing.assert_allclose(found, np.round(found), atol=0.01 * epochs)
    return np.round(of_users), np.round(of_items)


@pytest.mark.parametrize("popular", [False, True])
def test_every_event_is_trained_once_an_epoch(rng, popular):
    chosen = lopsided(rng, 40, 300, 12)
    matrix = matrix_of(chosen)
    users, items = touches(matrix, 300, 3, popular)
    np.testing.assert_array_equal(users, 3 * np.diff(matrix.starts))
    assert (items >= 3 * np.bincount(matrix.items, minlength=300)).all()
    assert items.sum() == 2 * 3 * len(matrix.items)


@pytest.mark.parametrize("popular", [False, True])
def test_an_item_that_a_user_chose_is_never_trained_against(rng, popular):
    """One user alone: what they chose is touched once at most, as chosen, however often it is drawn."""
    for mine in lopsided(rng, 12, 300, 12)[1:]:
        matrix = matrix_of([mine])
        pool = np.concatenate([np.repeat(mine, 9), np.arange(300)]).astype(np.int32) if popular else np.arange(300)
        users, items = vectors(rng, 1), aligned_zeros(300, LANES)
        items[:, 1] = 1.0
        hands = Hands(np.zeros(300, np.int8), pool.astype(np.int32), np.int64([0, len(pool)]))
        sums = np.zeros((1, 4))
        step, key = Step(1e-25, 1e24, 1e24), np.array([99], np.uint64)
        bpr_phase(0, matrix, hands, np.int64([0, 1]), users, items, step, key, sums, (0, 1))
        touched = np.round(np.log(items[:, 1]) / np.log(0.9))
        assert (touched[mine] <= 1).all()
        assert touched[mine].sum() == sums[0, 3] == touched.sum() - touched[mine].sum() > 0


def test_negatives_follow_the_events_or_nothing(rng):
    """Users of one item each, so that hardly anything is rejected. Popular: as often as chosen; else: all alike."""
    n_items, epochs = 120, 30
    share = 1.0 / np.sqrt(np.arange(1, n_items + 1))
    matrix = matrix_of(rng.choice(n_items, (3000, 1), p=share / share.sum()))
    counts = np.bincount(matrix.items, minlength=n_items)
    assert counts.max() > 5 * np.median(counts[counts > 0])
    for popular, weight in ((True, counts), (False, np.ones(n_items))):
        against = touches(matrix, n_items, epochs, popular)[1] - epochs * counts
        pairs = counts[:, None] * weight / (weight.sum() - weight)[:, None]  # (chosen, drawn)
        np.fill_diagonal(pairs, 0.0)
        expected = pairs.sum(axis=0) / pairs.sum()
        np.testing.assert_allclose(against / against.sum(), expected, rtol=0.1, atol=0.0015)


def test_hands_hold_every_item_once_and_share_the_frequent_ones():
    rng = np.random.default_rng(3)
    for n_items, n in ((1, 2), (2, 2), (7, 2), (31, 4), (64, 3)):
        by_count = rng.permutation(n_items).astype(np.int32)
        events = rng.integers(0, n_items, 200).astype(np.int32)
        for drawn in (np.arange(n_items, dtype=np.int32), events):
            hands = deal(by_count, drawn, n, rng)
            assert sorted(hands.pool.tolist()) == sorted(drawn.tolist())
            assert (hands.ends[0], hands.ends[-1]) == (0, len(drawn))
            for h in range(n):
                assert (hands.hand[hands.pool[hands.ends[h] : hands.ends[h + 1]]] == h).all()
        held = np.cumsum(np.eye(n)[hands.hand[by_count]], axis=0)  # by each hand, of the k most frequent items
        assert (held.max(axis=1) - held.min(axis=1)).max() <= 2


@pytest.mark.parametrize(("n_items", "n"), [(2, 2), (9, 2), (30, 8)])
def test_any_two_items_meet_in_one_hand_sooner_or_later(n_items, n):
    """Else an item is never trained against its neighbor in popularity, and a catalog of two items learns nothing."""
    rng, met = np.random.default_rng(0), np.zeros((n_items, n_items), bool)
    for _ in range(400):
        hand = deal(np.arange(n_items, dtype=np.int32), np.arange(n_items, dtype=np.int32), n, rng).hand
        met |= hand[:, None] == hand
    assert met.all()


def test_hands_are_numbered_in_8_bits_on_a_machine_of_any_size(rng):
    n = workers(300)
    hands = deal(np.arange(900, dtype=np.int32), np.arange(900, dtype=np.int32), n, rng)
    assert (hands.hand.min(), hands.hand.max()) == (0, n - 1)
    assert (np.diff(hands.ends) > 0).all()
    assert (workers(1), workers(2), workers(5)) == (2, 2, 5)


@pytest.mark.parametrize("lengths", [[0, 0, 5, 0], [3], [0], [1, 1, 1, 100, 1], [0, 0, 0], list(range(20))])
@pytest.mark.parametrize("n", [1, 2, 7])
def test_blocks_hold_every_user_once(lengths, n):
    starts = np.cumsum([0, *lengths])
    ends = blocks_of(starts, n)
    assert (ends[0], ends[-1], len(ends)) == (0, len(lengths), n + 1)
    assert (np.diff(ends) >= 0).all()
    assert np.diff(starts[ends]).max() <= sum(lengths) / n + max(lengths)


def test_a_user_who_chose_everything_is_left_alone_and_hangs_nobody(rng):
    matrix = matrix_of([range(50), [4, 7]])
    users, items = vectors(rng, 2), vectors(rng, 50)
    before = users.copy()
    hands, keys = deal(order_of(matrix, 50), np.arange(50, dtype=np.int32), 2, rng), np.ones((2, 2), np.uint64)
    triples = epoch(matrix, hands, users, items, Step(0.1, 0.1, 0.1), keys)[3]
    assert triples == 2
    np.testing.assert_array_equal(users[0], before[0])
    assert (users[1] != before[1]).any()


def test_the_number_of_threads_changes_no_byte():
    found = []
    for n in (1, 2):
        rng = np.random.default_rng(5)
        matrix = matrix_of(lopsided(rng, 60, 80, 15))
        users, items = vectors(rng, 60), vectors(rng, 80)
        with threads(n):
            for _ in range(5):
                hands = deal(order_of(matrix, 80), np.arange(80, dtype=np.int32), 2, rng)
                sums = epoch(matrix, hands, users, items, Step(0.2, 0.01, 0.01), rng.integers(1, 99, (2, 2), np.uint64))
        found.append((users.tobytes(), items.tobytes(), sums.tobytes()))
    assert found[0] == found[1]
