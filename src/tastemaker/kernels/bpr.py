"""BPR by stochastic gradient descent over the pairs of each user's list, users in order; one thread, deterministic."""

import numba
import numpy as np

from ..data.arrays import Bool, Float32, Int32


@numba.njit(cache=True, fastmath=True, error_model="numpy")
def bpr_epoch(
    tastes: Float32,
    items: Int32,
    signed: Float32,
    target: Bool,
    looks: Float32,
    vectors: Float32,
    bias: Float32,
    user: Float32,
    alpha: Float32,
    draws: int,
    learning_rate: float,
    l2: float,
    seed: int,
) -> float:
    """One pass: `draws` random pairs a user; vectors, bias, user and alpha (1,) change in place; the mean loss.

    tastes: float32 (u, p + 1), centred, the last column 1;  items, signed, target: (u, k), -1 = padding;
    looks: float32 (n_items, p)
    vectors: float32 (n_items, d);  user: float32 (p + 1, d)
    For a pair i above j: x = p_u · (v_i - v_j) + b_i - b_j + α t_u · (x_i - x_j), loss -log sigmoid(x).
    """
    n = len(items)
    d, p = vectors.shape[1], looks.shape[1]
    rate, decay = np.float32(learning_rate), np.float32(l2)
    state = np.uint64(seed) * np.uint64(2654435761) + np.uint64(88172645463325252)
    mine = np.empty(d, np.float32)
    loss = 0.0
    count = 0
    for u in range(n):
        for f in range(d):
            mine[f] = np.float32(0.0)
        for k in range(p + 1):
            for f in range(d):
                mine[f] += tastes[u, k] * user[k, f]
        length = max((items[u] >= 0).sum(), 1)  # lists are packed to the left
        for _ in range(draws):
            state ^= state << np.uint64(13)  # xorshift64 (Marsaglia 2003)
            state ^= state >> np.uint64(7)
            state ^= state << np.uint64(17)
            a = np.int64((state >> np.uint64(33)) % np.uint64(length))
            b = np.int64((state >> np.uint64(3)) % np.uint64(length))
            if not target[u, a] or not target[u, b] or signed[u, a] == signed[u, b]:
                continue
            if signed[u, a] < signed[u, b]:
                a, b = b, a
            i, j = items[u, a], items[u, b]
            match = np.float32(0.0)
            for k in range(p):
                match += tastes[u, k] * (looks[i, k] - looks[j, k])
            x = bias[i] - bias[j] + alpha[0] * match
            for f in range(d):
                x += mine[f] * (vectors[i, f] - vectors[j, f])
            g = np.float32(1.0 / (1.0 + np.exp(x)))
            loss -= np.log(1.0 - g + 1e-12)
            count += 1
            bias[i] += rate * (g - decay * bias[i])
            bias[j] -= rate * (g + decay * bias[j])
            alpha[0] += rate * (g * match - decay * alpha[0])
            for k in range(p + 1):
                pull = g * tastes[u, k]
                for f in range(d):
                    user[k, f] += rate * (pull * (vectors[i, f] - vectors[j, f]) - decay * user[k, f])
            for f in range(d):
                vi, vj = vectors[i, f], vectors[j, f]
                vectors[i, f] = vi + rate * (g * mine[f] - decay * vi)
                vectors[j, f] = vj - rate * (g * mine[f] + decay * vj)
    return loss / max(count, 1)
