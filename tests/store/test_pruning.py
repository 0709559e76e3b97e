"""Pruning frees what no answer, rollback or experiment can need, and forgets nothing of what was."""

import numpy as np
import pytest

from tastemaker.errors import QueryError, StoreError
from tastemaker.store import Store, activate, add_versions, check, list_decisions, list_versions, prune, rollback
from tastemaker.store.experiments import NewExperiment, check_experiment, start_experiment

from .toys import candidate


def with_versions(store: Store, n: int) -> list[str]:
    """n versions, each with an artifact of its own; 2 comes from 1, and 1 from 0. Their digests."""
    digests = [store.artifacts.put({"kind": "model", "n": k}, {"x": np.full(1000, k, np.float32)}) for k in range(n)]
    parents = [None, 0, 1, *[0] * n]
    with store.begin() as conn:
        add_versions(conn, [candidate(artifact=d, parent=p) for d, p in zip(digests, parents, strict=False)])
    return digests


def states(store: Store) -> list[bool]:
    """Which versions are whole."""
    with store.read() as conn:
        return [bool(v.artifact) for v in list_versions(conn)]


def test_what_may_be_needed_stays(store: Store) -> None:
    with_versions(store, 8)
    with store.begin() as conn:
        for id_ in (0, 4, 2):
            activate(conn, id_, "test")
    found = prune(store, keep=1)
    assert found.kept == (0, 1, 2, 4, 7)  # the first, the lineage of 2, what a rollback goes to, and the newest
    assert found.versions == (3, 5, 6)
    assert found.bytes > 3 * 4000
    assert states(store) == [True, True, True, False, True, False, False, True]
    assert check(store).problems == ()
    with store.begin() as conn:
        assert rollback(conn, "test").id == 4
        with pytest.raises(StoreError, match="Version 3 was pruned"):
            activate(conn, 3, "test")
        with pytest.raises(StoreError, match="Version 3 was pruned"):
            check_experiment(conn, NewExperiment(control=4, treatment=3, metric="like_rate"))
        said = [d["reason"] for d in list_decisions(conn) if d["what"] == "pruned"]
    assert said == ["versions 3, 5, 6: --keep 1"]
    assert prune(store, keep=1).versions == (1, 2)  # after the rollback nobody needs them
    assert prune(store, keep=1).versions == ()


def descended(store: Store, n: int) -> list[str]:
    """n versions, each learned from the one before and activated after it. Their digests."""
    digests = [store.artifacts.put({"kind": "model", "n": k}, {"x": np.full(1000, k, np.float32)}) for k in range(n)]
    with store.begin() as conn:
        add_versions(conn, [candidate(artifact=d, parent=k - 1 if k else None) for k, d in enumerate(digests)])
        for id_ in range(n):
            activate(conn, id_, "test")
    return digests


def test_a_long_life_leaves_few_versions(store: Store) -> None:
    """Else everything that ever was active would stay for ever."""
    descended(store, 30)
    assert prune(store, keep=1).kept == (0, 27, 28, 29)  # 28 is what a rollback goes to, 27 answers for that one
    with store.begin() as conn:
        assert rollback(conn, "test").id == 28
        assert rollback(conn, "test").id == 27
        with pytest.raises(StoreError, match="Version 26 was pruned: its numbers are gone"):
            rollback(conn, "test")
    assert check(store).problems == ()


def test_a_damaged_parent_is_no_parent(store: Store) -> None:
    digests = descended(store, 6)
    for k in (3, 4):
        (store.root / "artifacts" / digests[k][:32] / "arrays.safetensors").write_bytes(b"")
    assert prune(store, keep=1).kept == (0, 2, 4, 5)  # 2 is the nearest that can answer for 5


def test_what_waits_for_a_verdict_stays(store: Store) -> None:
    digests = descended(store, 6)
    with store.begin() as conn:
        add_versions(conn, [candidate(artifact=d, parent=p) for d, p in zip(digests[1:5], (2, 5, 5, 3), strict=True)])
        add_versions(conn, [candidate(artifact=digests[0], parent=0, state="rejected")])
        start_experiment(conn, NewExperiment(control=2, treatment=5))
    kept = prune(store, keep=1).kept
    assert {2, 1} <= set(kept)  # an arm, and who answers for it
    assert 8 in kept  # proposed last by the active version's retraining
    assert not {6, 7, 9} & set(kept)


def test_two_versions_of_one_artifact_lose_it_together(store: Store) -> None:
    digests = with_versions(store, 3)
    with store.begin() as conn:
        add_versions(conn, [candidate(artifact=digests[1], parent=0), candidate(artifact=digests[2], parent=0)])
        activate(conn, 0, "test")
    assert prune(store, keep=2).versions == (1, 2)
    for digest in digests:
        store.artifacts.get(digest)  # 3 and 4 still need them
    assert check(store).problems == ()


def test_a_dry_run_changes_nothing(store: Store) -> None:
    with_versions(store, 4)
    with store.begin() as conn:
        activate(conn, 0, "test")
    found = prune(store, keep=1, dry=True)
    assert (found.versions, found.bytes) == ((1, 2), 0)
    assert all(states(store))


def test_at_least_one_is_kept(store: Store) -> None:
    with pytest.raises(QueryError, match="--keep is 0"):
        prune(store, keep=0)
