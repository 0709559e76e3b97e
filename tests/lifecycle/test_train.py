"""Fine-tuning on real users, and what may replace the active version."""

from pathlib import Path

import numpy as np
import pytest

from tastemaker.errors import DataError, QueryError, TrainingError
from tastemaker.lifecycle import Project
from tastemaker.lifecycle.real_users import split_real
from tastemaker.store import list_runs
from tastemaker.watch import Progress, Watch

from ..shops import ITEMS, edit, real_rankings, write_rankings

HARD = {"epochs": 40, "learning_rate": 0.05}


@pytest.fixture
def rated(taught: Project, tmp_path: Path) -> Project:
    taught.import_(write_rankings(tmp_path / "r.csv", real_rankings(taught)))
    return taught


def test_users_unlike_the_invented_ones_are_learned(rated: Project) -> None:
    seen: dict[str, int] = {}  # stage -> how often it was over

    def over(progress: Progress) -> None:
        seen[progress.stage] = seen.get(progress.stage, 0) + (progress.done == progress.total > 1)

    done = rated.train(options=HARD, watch=Watch(report=over))
    assert {stage: n for stage, n in seen.items() if stage.startswith("train")} == {
        "train bpr": 1,
        "train bpr on all events": 1,
    }
    assert (done.parent.id, done.version.parent, done.version.id) == (2, 2, 3)
    assert done.used.synthetic == 600  # all the invented ones again: there are as many
    assert 500 <= done.used.real <= 600  # all but those whom the predictions are calibrated on
    assert done.before is not None
    assert done.after is not None
    assert done.lift is not None
    assert done.before.n_users == done.after.n_users >= 10
    assert done.lift.low > 0
    assert done.activated, done.why
    assert rated.versions()[3].state == "active"
    assert rated.recommend(taste={"sweet": 0.9}).version == "3"
    assert done.version.params["epochs"] == 40
    assert done.version.artifact != done.version.judged_artifact
    with rated.store.read() as conn:
        (run,) = list_runs(conn, 3)
    assert (run.events_real, run.events_synthetic, len(run.curve)) == (*done.used, 40)
    assert (rated.store.root / "plots" / "version-3-training.png").exists()


def test_the_same_seed_tunes_the_same(rated: Project) -> None:
    first = rated.train(2, seed=5).version
    second = rated.train(2, seed=5).version
    assert first.artifact == second.artifact
    assert rated.train(2, seed=6).version.artifact != first.artifact


@pytest.mark.parametrize("start", [2, "2"])
def test_what_starts_from_another_version_than_the_active_one_is_not_activated(rated: Project, start: int) -> None:
    rated.activate(1)
    done = rated.train(start, options=HARD)
    assert not done.activated
    assert done.why.endswith("compared with version 2, which is not the active one")
    rated.activate(2)
    assert rated.train(start, options=HARD).activated


def test_too_few_users_to_tell(taught: Project, tmp_path: Path) -> None:
    taught.import_(write_rankings(tmp_path / "r.csv", real_rankings(taught, users=20)))
    done = taught.train()
    assert not done.activated
    assert "held-out real users with graded ratings are too few to tell (needed: 10)" in done.why
    assert taught.recommend(taste={"woody": 0.9}).version == "2"
    assert done.used.real <= 200


def test_a_single_user_can_teach_but_not_judge(taught: Project, tmp_path: Path) -> None:
    taught.import_(write_rankings(tmp_path / "r.csv", real_rankings(taught, users=1)))
    done = taught.train()
    assert (done.before, done.after, done.lift, done.activated) == (None, None, None, False)
    assert done.version.metrics == {}


def test_not_better_enough(rated: Project) -> None:
    edit(rated.store.root / "recipe.toml", {r"min_lift = 5.0": "min_lift = 99.0"})
    with Project.open(rated.store.root) as again:
        done = again.train(options=HARD)
    assert not done.activated
    assert "needed: 99 and an interval above 0" in done.why


def test_new_items_since_the_version_was_learned(rated: Project, tmp_path: Path) -> None:
    lines = [f'New House,Sugar Plum {n},"vanilla, honey, caramel","Sweet."' for n in range(3)]
    (tmp_path / "new.csv").write_text("\n".join(["Brand,Name,Notes,Description", *lines, ""]), "utf-8")
    before = rated.train(2).before
    rated.import_catalog(tmp_path / "new.csv")
    done = rated.train(2, options=HARD)
    assert done.before is not None
    assert before is not None
    # The parent is judged with the vectors that it learned, not with others of the larger catalog.
    assert done.before.metrics["spearman"].model.mean == pytest.approx(before.metrics["spearman"].model.mean, abs=0.02)
    rated.activate(done.version.id)
    slate = rated.recommend(taste={"sweet": 1.0}, n=ITEMS + 3)
    assert slate.items.index("New House / Sugar Plum 1") < ITEMS / 2


@pytest.mark.parametrize("start", [0, "0", 1])
def test_from_what_learned_nothing_the_first_learner_starts_from_scratch(rated: Project, start: int) -> None:
    done = rated.train(start)
    assert (done.parent.algorithm, done.version.algorithm) == ("content", "bpr")
    assert done.version.parent == int(start)


def test_likes_without_grades_judge_nothing_and_activate_nothing(taught: Project, tmp_path: Path) -> None:
    ids, rng = taught.catalog().items.ids, np.random.default_rng(0)
    lines = [f'u{u},"{ids[i]}"' for u in range(80) for i in rng.choice(len(ids), 8, replace=False)]
    (tmp_path / "likes.csv").write_text("\n".join(["user,item", *lines, ""]), "utf-8")
    taught.import_(tmp_path / "likes.csv")
    done = taught.train()
    assert not done.activated
    assert done.why.startswith("0 held-out real users with graded ratings are too few")


def test_who_judges_never_teaches_not_in_a_later_round_either(rated: Project) -> None:
    data = rated.dataset(synthetic=False)
    first, again = split_real(data), split_real(data.where(np.arange(len(data)) % 7 > 0))
    judges = {data.users.ids[u] for u in np.unique(first.test.events.user)}
    assert judges
    early = split_real(data.where(np.arange(len(data)) % 10 < 3))  # when each had rated three items
    for part in (again.train, again.valid, early.train, early.valid):
        assert not judges & {data.users.ids[u] for u in np.unique(part.events.user)}


def test_a_catalog_that_changed_meanwhile_keeps_its_features_and_answers(rated: Project, tmp_path: Path) -> None:
    line = 'New House,Late Comer,"vanilla, honey","Sweet."'
    (tmp_path / "new.csv").write_text(f"Brand,Name,Notes,Description\n{line}\n", "utf-8")
    seen: list[str] = []

    def meddle(progress: Progress) -> None:
        if progress.stage.startswith("train") and not seen:
            seen.append(progress.stage)
            with Project.open(rated.store.root) as other:
                other.import_catalog(tmp_path / "new.csv")

    rated.train(watch=Watch(report=meddle))
    slate = rated.recommend(taste={"sweet": 1.0}, n=5)
    assert seen
    assert slate.level == "active"
    assert "older than the catalog" not in slate.level_reason


@pytest.mark.parametrize(
    ("start", "says"),
    [("newest", "--from is 'newest'; give `active` or a version's number"), (7, "No version has the number 7")],
)
def test_a_start_that_nobody_knows(rated: Project, start: str, says: str) -> None:
    with pytest.raises(QueryError, match=says):
        rated.train(start)


def test_an_option_that_the_algorithm_does_not_have(rated: Project) -> None:
    with pytest.raises(QueryError, match=r"bpr has no setting 'batch_size'.* It has: blocks, dim, .*"):
        rated.train(options={"batch_size": 3})
    with pytest.raises(QueryError, match=r"'epoch'; did you mean 'epochs'\?"):
        rated.train(options={"epoch": 3})


def test_nothing_to_learn_from(taught: Project, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no real events .* tastemaker import FILE"):
        taught.train()
    rows = [(f"ann {u}", taught.catalog().items.ids[u], 1) for u in range(3)]
    taught.import_(write_rankings(tmp_path / "r.csv", rows))
    with pytest.raises(DataError, match=r"No real user has rated two items"):
        taught.train()
    assert len(taught.versions()) == 3


def test_a_loss_that_degenerates_saves_nothing(rated: Project) -> None:
    with pytest.raises(TrainingError, match=r"Nothing was saved|agrees with the judged one"):
        rated.train(options={"learning_rate": 1e6})
    assert len(rated.versions()) == 3
