"""A catalog that somebody really has: 2,191 rows, an encoding that is broken, 80 rows without notes."""

from pathlib import Path
from statistics import mean

import pytest

from tastemaker.lifecycle import Project

FILE = Path(__file__).parents[3] / "shared" / "data" / "perfume" / "perfume_data.csv"
ROWS = 2191

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not FILE.exists(), reason="the data set is not here; it is not ours to ship"),
]


def test_every_row_of_it_is_accounted_for(tmp_path: Path) -> None:
    with Project.init(tmp_path / "shop", "scent", FILE, skip_bad_rows=True) as project:
        found = project.check()
        (record,) = found.imports
        assert record.rows == record.loaded + record.merged + record.refused == ROWS
        assert record.loaded == found.n_items == len(project.catalog())
        assert record.repaired > 0
        assert 0 < found.gaps["notes"] <= 80
        assert found.coverage.known_tags / found.coverage.tags > 0.9
        assert len(project.recommend(taste={"woody": 0.9, "spicy": 0.7}, n=5).items) == 5


@pytest.mark.slow
def test_learning_it_meets_the_bar(tmp_path: Path) -> None:
    with Project.init(tmp_path / "shop", "scent", FILE, skip_bad_rows=True) as project:
        done = project.pretrain()
        slate = project.recommend(likes=["Tihota Eau de Parfum"], taste={"woody": 0.9, "spicy": 0.7}, n=5)
        assert (len(slate.items), slate.level) == (5, "active")
    shares = {
        candidate.name: {report.case: report.metrics["spearman"].share.mean for report in candidate.reports}
        for candidate in done.candidates
        if candidate.name != "content"
    }
    assert shares.keys() == {"bpr", "dpl", "ranknet"}
    best = {case: max(each[case] for each in shares.values()) for case in ("stated", "vague", "ranked", "unlike")}
    assert min(each["stated"] for each in shares.values()) >= 0.90, shares
    assert best["stated"] >= 0.95, shares
    assert best["vague"] >= 0.70, shares
    assert best["ranked"] >= 0.60, shares
    assert best["unlike"] >= 0.60, shares
    chosen = next(c for c, v in zip(done.candidates, done.versions, strict=True) if v.id == done.active.id)
    assert mean(r.metrics["spearman"].share.mean for r in chosen.reports) == done.active.metrics["quality"]["share"]
    assert chosen.reports[0].metrics["ndcg@10"].model.mean > 0.93
