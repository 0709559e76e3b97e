"""The whole story on PostgreSQL."""

from pathlib import Path

import pytest

from tastemaker.lifecycle import Project
from tastemaker.store import check

from ..shops import ITEMS, quick_recipe, real_rankings, write_rankings
from ..store.conftest import postgres

__all__ = ["postgres"]


@pytest.mark.postgres
def test_the_story_on_postgresql(postgres: str, new: Project, tmp_path: Path) -> None:
    root = tmp_path / "server"
    with Project.init(root, quick_recipe(tmp_path, light=True), tmp_path / "catalog.csv", postgres) as project:
        assert len(project.catalog()) == ITEMS
        done = project.pretrain()
        local = new.pretrain()
        assert [v.artifact for v in done.versions] == [v.artifact for v in local.versions]
        assert project.recommend(taste={"woody": 0.9}) == new.recommend(taste={"woody": 0.9})
        file = write_rankings(tmp_path / "r.csv", real_rankings(project))
        assert project.import_(file).added == 600
        assert project.import_(file).added == 0
        tuned = project.train(options={"epochs": 40, "learning_rate": 0.05})
        assert tuned.activated
        assert project.rollback().id == done.active.id
    assert not (root / "tastemaker.db").exists()
    with Project.open(root) as again:
        assert again.recommend(user="ann 1", n=3).level == "active"
        assert again.forget("ann 1").versions == (3,)
        assert check(again.store).problems == ()
