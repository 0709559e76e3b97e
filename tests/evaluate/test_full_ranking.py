"""Every user asked for the best of the whole catalog."""

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from tastemaker.data.arrays import Float32, Int32, csr, empty_csr
from tastemaker.data.query import Batch
from tastemaker.errors import DataError, LeakError
from tastemaker.evaluate import RankingReport, compared, judge_ranking, popularity_baseline
from tastemaker.kernels.ranking import METRICS
from tastemaker.metrics import coverage, diversity, gini, novelty, popularity_bias, popularity_of
from tastemaker.scorers import Embeddings, Popularity
from tastemaker.scorers.embeddings import unit_rows

from ..kernels.test_ranking import slow

GOWALLA = Path(__file__).parents[3] / "shared" / "data" / "gowalla"
Q, N, K = 25, 30, 4
SILENT, CONTENT, SATED = 0, 1, 2  # nothing known; nothing relevant; all known but two


@dataclass(frozen=True)
class Toy:
    history: csr_array
    relevant: csr_array
    scorer: Embeddings
    allowed: np.ndarray


@pytest.fixture
def toy(rng: np.random.Generator) -> Toy:
    """Items fall in popularity as 1 / rank; histories are plays, 1 to 12 items; sets of 1 to 7 relevant items."""
    share = 1.0 / np.arange(1, N + 1)
    history, relevant = np.zeros((Q, N), np.float32), np.zeros((Q, N), np.float32)
    for u in range(Q):
        order = rng.choice(N, N, replace=False, p=share / share.sum())
        known, wanted = rng.integers(1, 13), rng.integers(1, 8)
        history[u, order[:known]] = rng.integers(1, 4, known)
        relevant[u, order[known : known + wanted]] = 1.0
    history[SILENT], relevant[CONTENT] = 0.0, 0.0
    history[SATED], relevant[SATED] = 1.0, 0.0
    history[SATED, [5, 9]], relevant[SATED, 9] = 0.0, 1.0
    vectors = unit_rows(rng.normal(size=(N, 5)).astype(np.float32))
    vectors[11] = vectors[10]
    return Toy(csr_array(history), csr_array(relevant), Embeddings(vectors, "made"), rng.random(N) < 0.7)


def report_of(toy: Toy, seed: int = 0, **more) -> RankingReport:
    return judge_ranking(toy.scorer, toy.history, toy.relevant, np.random.default_rng(seed), **{"k": K, **more})


def slow_lists(toy: Toy, allowed=None) -> Int32:
    """One user at a time, every item scored, sorted by Python: (q, k)."""
    lists = np.full((Q, K), -1, np.int32)
    for u in range(Q):
        history = toy.history[[u]]
        batch = Batch(history, empty_csr(1, N), np.full(1, -1, np.int32), np.zeros((1, 0), np.float32))
        scores = toy.scorer.score(batch)[0]
        may = ~np.isnan(scores) & (history.toarray()[0] == 0) & (True if allowed is None else allowed)
        best = sorted(np.flatnonzero(may), key=lambda i: (-scores[i], i))[:K]
        lists[u, : len(best)] = best
    return lists


def sets_of(relevant: csr_array, allowed=None) -> list[set[int]]:
    return [{i for i in range(N) if row[i] and (allowed is None or allowed[i])} for row in relevant.toarray()]


@pytest.mark.parametrize("masked", [False, True])
def test_it_is_its_slow_twin(toy: Toy, masked: bool) -> None:
    allowed = toy.allowed if masked else None
    report, lists, wanted = report_of(toy, allowed=allowed), slow_lists(toy, allowed), sets_of(toy.relevant, allowed)
    judged = [u for u in range(Q) if wanted[u]]
    assert (report.n_users, report.k) == (len(judged), K)
    assert CONTENT not in judged
    for name in METRICS:
        values = [slow(lists[u].tolist(), wanted[u])[name] for u in range(Q)]
        np.testing.assert_allclose(report.per_user[name], values, atol=1e-12)
        found = report.metrics[name]
        assert found.model.mean == pytest.approx(np.nanmean(values))
        assert found.model.low <= found.model.mean <= found.model.high
        assert np.isnan(found.popular)
    assert np.isnan(report.per_user["recall"][CONTENT])
    assert report.per_user["hit"][SATED] == 1.0
    assert report.per_user["hit"][SILENT] == 0.0  # content says nothing to who says nothing


@pytest.mark.parametrize("masked", [False, True])
def test_the_floor_is_what_random_orders_reach(toy: Toy, rng: np.random.Generator, masked: bool) -> None:
    allowed = toy.allowed if masked else None
    floors = {name: ranked.floor for name, ranked in report_of(toy, allowed=allowed).metrics.items()}
    may = (toy.history.toarray() == 0) & (True if allowed is None else allowed)
    wanted = sets_of(toy.relevant, allowed)
    shown = {name: [] for name in METRICS}
    for _ in range(400):
        for u in range(Q):
            order = [*rng.permutation(np.flatnonzero(may[u])), *[-1] * K][:K]
            for name, value in slow(order, wanted[u]).items():
                shown[name].append(value)
    assert floors == pytest.approx({name: np.nanmean(values) for name, values in shown.items()}, abs=0.015)


def test_an_oracle_reaches_1(toy: Toy) -> None:
    """What is relevant is what the scorer puts first, 1 to k items a user."""
    wanted = np.zeros((Q, N), np.float32)
    for u, row in enumerate(slow_lists(toy)):
        wanted[u, [i for i in row[: 1 + u % K] if i >= 0]] = 1.0
    report = report_of(replace(toy, relevant=csr_array(wanted)))
    assert report.n_users == Q - 1  # not SILENT
    for name in ("recall", "ndcg", "map", "mrr", "hit"):
        assert report.metrics[name].model.mean == pytest.approx(1.0)
        assert report.metrics[name].model.low == pytest.approx(1.0)
        assert report.metrics[name].floor < 0.6


def test_a_leak_is_refused_and_repeats_are_asked_for(toy: Toy) -> None:
    item = int(toy.history[[7]].indices[0])
    relevant = toy.relevant.tolil()
    relevant[7, item] = 1.0
    leaking = replace(toy, relevant=csr_array(relevant))
    with pytest.raises(
        LeakError, match=rf"User row 7 is to find item row {item}, which stands in history too \(1 such"
    ):
        report_of(leaking)
    with pytest.raises(LeakError, match="stands in exclude too"):
        report_of(leaking, exclude=toy.history)
    repeats = replace(toy, relevant=toy.history)
    assert report_of(repeats, exclude=empty_csr(Q, N)).metrics["hit"].model.mean > 0.8


def test_stored_zeros_are_neither_known_nor_wanted(toy: Toy) -> None:
    def with_zero(matrix: csr_array, user: int, item: int) -> csr_array:
        cells = matrix.tocoo()
        where = np.append(cells.row, user), np.append(cells.col, item)
        return csr_array((np.append(cells.data, np.float32(0.0)), where), shape=matrix.shape)

    wanted = int(toy.relevant[[7]].indices[0])
    zeros = replace(toy, history=with_zero(toy.history, 7, wanted), relevant=with_zero(toy.relevant, CONTENT, wanted))
    assert (zeros.history.nnz, zeros.relevant.nnz) == (toy.history.nnz + 1, toy.relevant.nnz + 1)
    plain, same = report_of(toy), report_of(zeros)
    assert plain.n_users == same.n_users
    for name in METRICS:
        np.testing.assert_array_equal(plain.per_user[name], same.per_user[name])
        assert plain.metrics[name].floor == same.metrics[name].floor
    assert plain.beyond == same.beyond


def test_a_model_beside_itself_and_beside_another(toy: Toy, rng: np.random.Generator) -> None:
    model = report_of(toy)
    for name, gap in compared(model, report_of(toy, seed=1), rng).items():
        assert (gap.mean, gap.low, gap.high) == (0.0, 0.0, 0.0), name
    other = report_of(replace(toy, scorer=Popularity(rng.random(N).astype(np.float32))))
    for name, gap in compared(other, model, rng).items():
        assert gap.mean == pytest.approx(np.nanmean(other.per_user[name] - model.per_user[name]))
        assert gap.low <= gap.mean <= gap.high


def test_what_does_not_pair_is_refused(toy: Toy, rng: np.random.Generator) -> None:
    with pytest.raises(DataError, match="Metrics at 4 do not compare with metrics at 5"):
        compared(report_of(toy), report_of(toy, k=5), rng)
    with pytest.raises(DataError, match="do not pair"):
        compared(report_of(toy), report_of(toy, allowed=np.arange(N) < 3), rng)


def test_the_order_of_users_does_not_matter(toy: Toy, rng: np.random.Generator) -> None:
    order = rng.permutation(Q)
    here = report_of(toy)
    there = report_of(replace(toy, history=toy.history[order], relevant=toy.relevant[order]))
    for name in METRICS:
        np.testing.assert_array_equal(there.per_user[name], here.per_user[name][order])
        assert there.metrics[name].floor == pytest.approx(here.metrics[name].floor)
    assert there.beyond == pytest.approx(here.beyond)


def test_popularity_is_measured_on_the_same_users(toy: Toy) -> None:
    baseline = popularity_baseline(toy.history, toy.relevant, k=K)
    report = report_of(toy, popular=baseline)
    counts = np.float32((toy.history.toarray() != 0).sum(axis=0))  # plays do not count, users do
    alone = report_of(replace(toy, scorer=Popularity(counts)))
    for name in METRICS:
        np.testing.assert_array_equal(baseline[name], alone.per_user[name])
        assert report.metrics[name].popular == pytest.approx(alone.metrics[name].model.mean)
    assert np.isnan(report_of(toy, popular={name: np.full(Q, np.nan) for name in METRICS}).metrics["recall"].popular)


@pytest.mark.parametrize("masked", [False, True])
def test_what_lists_show_is_said_by_the_functions_of_that_name(toy: Toy, masked: bool) -> None:
    allowed = toy.allowed if masked else None
    vectors = toy.scorer.vectors
    judged = [u for u, wanted in enumerate(sets_of(toy.relevant, allowed)) if wanted]
    lists, popularity = slow_lists(toy, allowed)[judged], popularity_of(toy.history)
    beyond = report_of(toy, allowed=allowed, vectors=vectors).beyond
    bias = popularity_bias(lists, popularity, toy.history[judged])
    assert (beyond["popularity"], beyond["popularity ratio"]) == pytest.approx(tuple(bias))
    assert beyond["novelty"] == pytest.approx(novelty(lists, popularity))
    assert beyond["diversity"] == pytest.approx(diversity(lists, vectors))
    open_ = np.flatnonzero(toy.allowed) if masked else np.arange(N)
    places = np.where(lists >= 0, np.searchsorted(open_, lists), -1).astype(np.int32)
    assert beyond["coverage"] == pytest.approx(coverage(places, len(open_)))
    assert beyond["gini"] == pytest.approx(gini(places, len(open_)))
    assert "diversity" not in report_of(toy).beyond


def test_who_cannot_be_judged_is_not_asked(toy: Toy) -> None:
    asked: list[int] = []

    class Overheard(Embeddings):
        def score_all(self, batch: Batch) -> Float32:
            asked.append(len(batch))
            assert (batch.user == -1).all()
            assert batch.profile.shape == (len(batch), 0)
            return super().score_all(batch)

    report = report_of(replace(toy, scorer=Overheard(toy.scorer.vectors, "made")))
    assert sum(asked) == report.n_users == Q - 1


def test_nobody_knows_anybody(toy: Toy, rng: np.random.Generator) -> None:
    strangers = replace(toy, history=empty_csr(Q, N), scorer=Popularity(rng.random(N).astype(np.float32)))
    report = report_of(strangers)
    assert np.isnan([report.beyond["novelty"], report.beyond["popularity ratio"]]).all()
    assert 0.0 < report.metrics["recall"].model.mean < 1.0


def test_the_same_chance_gives_the_same_report(toy: Toy) -> None:
    first, second = (replace(report_of(toy, vectors=toy.scorer.vectors), seconds=0.0).as_json() for _ in range(2))
    assert json.dumps(first) == json.dumps(second)
    assert "per_user" not in first
    assert first["metrics"]["ndcg"]["model"].keys() == {"mean", "low", "high"}
    assert report_of(toy).seconds > 0.0


def test_what_does_not_fit_is_refused(toy: Toy) -> None:
    with pytest.raises(DataError, match=r"relevant is \(24, 30\), not \(25, 30\)"):
        report_of(replace(toy, relevant=toy.relevant[1:]))
    with pytest.raises(DataError, match=r"history is \(25, 30\), not \(25, 29\)"):
        report_of(replace(toy, scorer=Embeddings(toy.scorer.vectors[:29], "made")))
    with pytest.raises(DataError, match=r"exclude is \(1, 30\)"):
        report_of(toy, exclude=toy.history[[0]])
    with pytest.raises(DataError, match=r"allowed is \(3,\)"):
        report_of(toy, allowed=np.ones(3, bool))
    with pytest.raises(DataError, match="k is 0"):
        report_of(toy, k=0)
    with pytest.raises(DataError, match="None of 25 users has a relevant item"):
        report_of(toy, allowed=np.zeros(N, bool))


def test_reading_reports_loads_no_compiler() -> None:
    told = "import sys, tastemaker.evaluate, tastemaker.metrics; print('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True).stdout == "False\n"


@pytest.mark.data
@pytest.mark.skipif(not GOWALLA.exists(), reason="the data set is not here; it is not ours to ship")
def test_the_most_popular_of_a_published_split_is_as_others_measured_it() -> None:
    """Gowalla as split by He et al. 2020 (LightGCN), most popular: Recall@20 .0416, NDCG@20 .0317, not our figures."""

    def read(name: str) -> csr_array:
        lines = [np.array(line.split(), np.int64) for line in (GOWALLA / name).read_text().splitlines()]
        user, item = np.repeat([line[0] for line in lines], [len(line) - 1 for line in lines]), [x[1:] for x in lines]
        return csr(user, np.concatenate(item), np.ones(len(user), np.float32), (29_858, 40_981))

    found = popularity_baseline(read("train.txt"), read("test.txt"), k=20)
    assert np.nanmean(found["recall"]) == pytest.approx(0.0416, abs=5e-5)
    assert np.nanmean(found["ndcg"]) == pytest.approx(0.0317, abs=5e-5)
