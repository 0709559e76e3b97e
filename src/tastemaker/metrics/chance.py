"""What a random order of the candidates reaches on average, exactly: the floor under every metric of full ranking.

Of N candidates n are relevant, and the first K = min(k, N) of a random order are listed. At each rank an item is
relevant with the chance p = n / N, at two ranks both are with the chance b = p (n - 1) / (N - 1), and the first r ranks
all miss with the chance Π_{j<r} (N - n - j) / (N - j). The expectations are sums of these over the ranks r = 1 … K:

    recall K / N · precision p K / k · ndcg p Σ_r 1 / log2(r + 1) over the same sum up to min(n, k)
    map Σ_r (p + (r - 1) b) / r / min(n, k) · mrr and hit from the chance that the first hit is at rank r
"""

import numpy as np

from ..data.arrays import Float64, Int64


def random_order(n_candidates: Int64, n_relevant: Int64, k: int) -> dict[str, Float64]:
    """The expectation of every metric of `kernels.ranking`, which defines them: name -> float64 (q,).

    n_candidates, n_relevant: int64 (q,), 1 <= n_relevant <= n_candidates. O(q k) time.
    """
    N, n, rank = n_candidates.astype(np.float64), n_relevant, np.arange(1, k + 1)
    listed, most = np.minimum(n_candidates, k), np.minimum(n, k)
    discounts, harmonic = (np.concatenate([[0.0], np.cumsum(1.0 / by)]) for by in (np.log2(rank + 1), rank))
    p, both = n / N, n * (n - 1) / (N * np.maximum(N - 1, 1))
    mrr, missed = np.zeros(len(N)), np.ones(len(N))
    for r in rank:
        before, missed = missed, missed * np.maximum(N - n - r + 1, 0) / np.maximum(N - r + 1, 1)
        mrr += (before - missed) / r
    return {
        "recall": listed / N,
        "precision": p * listed / k,
        "ndcg": p * discounts[listed] / discounts[most],
        "map": (p * harmonic[listed] + both * (listed - harmonic[listed])) / most,
        "mrr": mrr,
        "hit": 1.0 - missed,
    }
