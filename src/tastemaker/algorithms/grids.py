"""Settings worth trying where nobody has chosen any: a handful an algorithm, for BestOf.

Chosen on held-out parts of several public event logs: between logs, not within one, the best settings differ most in
these fields.
"""

from .base import Algorithm
from .bpr_mf import BPRMF
from .ease import EASE
from .graph_filter import GraphFilter
from .ials import IALS
from .item_knn import ItemKNN

_POWERS = ((0.5, 0.5, 0.5), (0.5, 0.75, 0.5), (0.6, 0.65, 0.35), (0.65, 0.75, 0.25), (0.7, 0.75, 0.2), (0.8, 1.0, 0.2))

GRIDS: dict[str, tuple[Algorithm, ...]] = {
    "bprmf": tuple(BPRMF(learning_rate=rate, l2=l2) for rate, l2 in ((0.05, 0.01), (0.1, 0.003), (0.2, 0.003))),
    "ease": tuple(EASE(l2=l2) for l2 in (50.0, 200.0, 800.0)),
    "graph": tuple(GraphFilter(into=into, through=through, out=out) for into, through, out in _POWERS),
    "ials": tuple(IALS(alpha0=alpha0, l2=l2) for alpha0 in (0.003, 0.01, 0.03, 0.1) for l2 in (0.003, 0.01)),
    "itemknn": (
        *(ItemKNN(shrink=shrink) for shrink in (0.0, 10.0, 100.0)),
        ItemKNN(weighting="tfidf"),
        ItemKNN(weighting="bm25", shrink=0.0),
    ),
}
