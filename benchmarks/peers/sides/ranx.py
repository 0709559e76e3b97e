"""ranx: evaluation from its Qrels and Run, and from the typed lists that it turns these into at every call."""

from typing import Any

import numpy as np
from ranx import Qrels, Run, evaluate  # type: ignore[import-not-found]

from peers.measure import Work
from peers.world import TOP, World

NAMES = {"recall": f"recall@{TOP}", "ndcg": f"ndcg@{TOP}"}


def evaluation(world: World, typed: bool) -> Work:
    lists, test = world.lists, world.test
    judged = np.flatnonzero(np.diff(test.indptr))
    names = [str(item) for item in range(test.shape[1])]
    wanted = {str(u): {names[i]: 1 for i in test.indices[test.indptr[u] : test.indptr[u + 1]]} for u in judged}
    found = {str(u): {names[i]: float(TOP - rank) for rank, i in enumerate(lists[u])} for u in judged}
    qrels, ranked = Qrels(wanted), Run(found)
    if typed:
        qrels, ranked = qrels.to_typed_list(), ranked.to_typed_list()

    def run() -> Any:
        return evaluate(qrels, ranked, list(NAMES.values()), threads=world.threads, save_results_in_run=False)

    run()
    return Work(run, lambda _, seconds: seconds, lambda means: {k: float(means[v]) for k, v in NAMES.items()})


CALLS = {"evaluation": evaluation}
