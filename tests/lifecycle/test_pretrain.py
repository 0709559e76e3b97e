"""From a catalog to judged versions."""

from pathlib import Path

import numpy as np
import pytest

from tastemaker.errors import Cancelled, DataError
from tastemaker.features.word2vec import Word2Vec
from tastemaker.lifecycle import Project
from tastemaker.store import active_version, list_runs
from tastemaker.watch import Progress, Watch

from ..shops import ITEMS, edit, new_shop, real_rankings, write_rankings

CASES = ["stated", "vague", "ranked", "unlike"]


@pytest.fixture
def learned(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one for each time that word vectors are learned."""
    calls: list[int] = []
    fit = Word2Vec.fit

    def counted(self, *args, **rest):
        calls.append(1)
        return fit(self, *args, **rest)

    monkeypatch.setattr(Word2Vec, "fit", counted)
    return calls


def test_every_model_becomes_a_version_and_the_best_one_answers(tmp_path: Path) -> None:
    with Project.open(new_shop(tmp_path)) as project:
        seen: list[Progress] = []
        done = project.pretrain(watch=Watch(report=seen.append))
        assert [v.algorithm for v in done.versions] == ["content", "bpr", "dpl", "ranknet"]
        best = max(done.versions, key=lambda v: v.metrics["quality"]["share"])
        assert done.active.id == best.id
        assert not done.kept
        assert [v.state for v in done.versions].count("active") == 1
        assert all(v.parent == 0 and v.recipe == "quick" for v in done.versions)
        for candidate, version in zip(done.candidates, done.versions, strict=True):
            assert [r.case for r in candidate.reports] == CASES
            assert version.metrics.keys() == {*CASES, "quality"}
            plot = project.store.root / "plots" / f"version-{version.id}-training.png"
            assert plot.exists() is (version.algorithm != "content")
        assert plot.read_bytes().startswith(b"\x89PNG")
        with project.store.read() as conn:
            (run,) = list_runs(conn, best.id)
        assert (run.events_real, run.events_synthetic) == (0, 600)
        assert {"features", "judge", "train bpr", "train ranknet"} <= {p.stage for p in seen}
        assert project.recommend(taste={"woody": 0.9}, n=3).version == str(best.id)


def test_the_same_seed_learns_the_same_and_words_only_once(new: Project, learned: list[int]) -> None:
    first = new.pretrain(seed=3)
    second = new.pretrain(seed=3)
    assert len(learned) == 1
    assert [v.artifact for v in first.versions] == [v.artifact for v in second.versions]
    assert (second.kept, second.active.id) == (True, first.active.id)
    third = new.pretrain(seed=4)
    assert len(learned) == 2
    assert third.versions[1].artifact != first.versions[1].artifact


def test_float16_takes_half_the_room_and_answers_alike(taught: Project) -> None:
    full = taught.versions()[2]
    half = taught.pretrain(half=True).versions[1]
    root = Path(taught.store.artifacts.root)
    sizes = [(root / v.artifact[:32] / "arrays.safetensors").stat().st_size for v in (full, half)]
    assert sizes[1] < 0.65 * sizes[0]
    slates = []
    for version in (full, half):
        taught.activate(version.id)
        slates.append(taught.recommend(taste={"woody": 0.9}, n=5))
    np.testing.assert_allclose(slates[0].scores, slates[1].scores, rtol=0.02, atol=0.02)


def test_a_version_that_real_users_taught_stays(taught: Project, tmp_path: Path) -> None:
    taught.import_(write_rankings(tmp_path / "r.csv", real_rankings(taught)))
    tuned = taught.train()
    taught.activate(tuned.version.id)
    done = taught.pretrain(seed=9)
    assert done.kept
    assert done.active.id == tuned.version.id
    assert {v.state for v in done.versions} == {"candidate"}
    assert len(taught.dataset(synthetic=False)) == 600


def test_a_better_version_stays(taught: Project) -> None:
    edit(taught.store.root / "recipe.toml", {r"\[models.bpr\]\nepochs = 10": ""})
    with Project.open(taught.store.root) as again:
        done = again.pretrain()
    assert done.kept
    assert done.active.id == 2


def test_a_job_that_is_stopped_leaves_the_old_state(new: Project) -> None:
    def stop(progress: Progress) -> None:
        if progress.stage == "judge":
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        new.pretrain(watch=Watch(report=stop))
    assert len(new.versions()) == 1
    assert len(new.dataset()) == 0


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (["A,One,oak,wood"], "The catalog has 1 item; learning .* needs two. .*tastemaker import --catalog FILE"),
        (["A,One,,", "B,Two,,", "C,Three,,"], r"None of the 3 items has a word that \[tastes.families\] .* knows"),
    ],
)
def test_a_catalog_that_teaches_nothing(tmp_path: Path, rows: list[str], says: str) -> None:
    file = tmp_path / "little.csv"
    file.write_text("\n".join(["Brand,Name,Notes,Description", *rows, ""]), "utf-8")
    with Project.init(tmp_path / "shop", "scent", file) as project:
        with pytest.raises(DataError, match=says):
            project.pretrain()
        assert len(project.recommend(n=5).items) == len(rows)
        assert len(project.versions()) == 1


def test_nothing_to_invent_users_from(new: Project) -> None:
    file = new.store.root / "recipe.toml"
    text = file.read_text("utf-8")
    begin, end = text.index("[synth.archetypes]"), text.index("[models.content]")
    file.write_text(text[:begin] + text[end:], "utf-8")
    with Project.open(new.store.root) as again, pytest.raises(DataError, match=r"no \[synth.archetypes\]"):
        again.pretrain()


def test_new_items_are_scored_with_the_axes_that_a_version_learned(taught: Project, tmp_path: Path) -> None:
    known = taught.catalog().items.ids
    before = taught.recommend(taste={"woody": 0.9}, n=ITEMS, explain=False)
    lines = [f'New House,Fresh Cedar {n},"cedar, sandalwood, vetiver, oud","Dry cedar."' for n in range(3)]
    (tmp_path / "new.csv").write_text("\n".join(["Brand,Name,Notes,Description", *lines, ""]), "utf-8")
    done = taught.import_catalog(tmp_path / "new.csv")
    assert done.added == 3

    def served() -> dict[str, float]:
        slate = taught.recommend(taste={"woody": 0.9}, n=ITEMS + 3, explain=False)
        assert (slate.version, slate.level) == ("2", "active")
        return dict(zip(slate.items, slate.scores, strict=True))

    new = [id_ for id_ in taught.catalog().items.ids if id_ not in known]
    old = dict(zip(before.items, before.scores, strict=True))
    now = served()
    assert len(now) == ITEMS + 3
    assert min(now[id_] for id_ in new) > np.median(list(now.values()))
    np.testing.assert_allclose([now[id_] for id_ in old], list(old.values()), rtol=1e-5)
    taught.pretrain(seed=5)  # other vectors are learned for the larger catalog
    taught.activate(2)
    later = served()
    np.testing.assert_allclose([later[id_] for id_ in now], list(now.values()), rtol=1e-5)
    with taught.store.read() as conn:
        active = active_version(conn)
    assert active is not None
    assert active.id == 2


def test_the_same_job_has_the_same_fingerprint_and_any_other_job_another():
    from dataclasses import replace

    from tastemaker.algorithms import DPL, RankNet
    from tastemaker.lifecycle.candidates import fingerprint
    from tastemaker.testing import lopsided_world

    world, features = lopsided_world(0)
    job = fingerprint(RankNet(), world, features, 0)
    assert job == fingerprint(RankNet(), world, features, 0)
    fewer = world.where(np.arange(len(world)) > 0)
    names = tuple(f"maker {row}" for row in range(len(world.catalog)))
    fewer_features = replace(features, blocks={"tastes": features.block("tastes")})
    others = {
        fingerprint(DPL(), world, features, 0),
        fingerprint(RankNet(epochs=3), world, features, 0),
        fingerprint(RankNet(), fewer, features, 0),
        fingerprint(RankNet(), world, fewer_features, 0),
        fingerprint(RankNet(), world, features, 1),
        fingerprint(RankNet(), replace(world, events=replace(world.events, kind=world.events.kind + 1)), features, 0),
        fingerprint(RankNet(), replace(world, events=replace(world.events, group=world.events.group + 1)), features, 0),
        fingerprint(RankNet(), replace(world, catalog=replace(world.catalog, categories={"by": names})), features, 0),
    }
    assert len(others | {job}) == 9
