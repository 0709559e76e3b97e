"""From a feeling to an item: who speaks, why, and what is kept of it."""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tastemaker import store as database
from tastemaker.errors import DataError, QueryError, RecipeError, StoreError, TrainingError
from tastemaker.lifecycle import Project
from tastemaker.lifecycle.rounds import rounds
from tastemaker.lifecycle.teach import TaughtFew
from tastemaker.store import contexts, foreign
from tastemaker.store.artifacts import Artifacts

from ..shops import edit
from .moments import DAY, NOON, copied, new_moments, some_clicks, user_data

TEXT = "I cried all night and I miss her so much"


@pytest.fixture(scope="module")
def untaught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_moments(tmp_path_factory.mktemp("moments"))


@pytest.fixture
def project(untaught: Path, tmp_path: Path) -> Iterator[Project]:
    with Project.open(copied(untaught, tmp_path)) as opened:
        yield opened


@pytest.fixture(scope="module")
def lived(untaught: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty people with habits have lived, and a network has learned from them."""
    root = copied(untaught, tmp_path_factory.mktemp("lived"))
    with Project.open(root) as opened:
        opened.synthesize_life(users=30, texts=120, clicks=100, interactions=10, habit=0.8)
        assert opened.train().activated
    return root


@pytest.fixture
def neural(lived: Path, tmp_path: Path) -> Iterator[Project]:
    with Project.open(copied(lived, tmp_path)) as opened:
        yield opened


def spoke(project, **asked):
    project._forget_answers()
    return project.recommend(**{"text": TEXT, "now": NOON, "n": 3, **asked})


def test_without_a_model_the_mapping_answers_and_says_so(project):
    query, slate = project.answers.answer(text=TEXT, n=5)
    feeling = query.context["emotion"]
    assert max(feeling, key=feeling.get) == "sad"
    assert sum(feeling.values()) == pytest.approx(1.0, abs=1e-5)
    assert (slate.spoke, slate.level, slate.version) == ("mapping", "active", "0")
    assert "no network has been trained" in slate.level_reason
    kinds = project.recipe.tastes.encode(project.catalog()).argmax(axis=1)
    named = [project.recipe.tastes.names[kinds[project.catalog().find(i)]] for i in slate.items]
    assert set(named) <= set(project.recipe.context["emotion"].mapping["sad"])


def test_under_ten_choices_training_says_how_many_are_missing(project):
    user_data(project.store.root / "user_data.db", some_clicks(project, 9), stays=False)
    with pytest.raises(TrainingError, match="There are 9 choices, and a network needs 10: 1 more are missing"):
        project.train()
    assert spoke(project).spoke == "mapping"


def test_at_ten_a_network_is_trained_and_speaks_where_it_is_surer(project):
    user_data(project.store.root / "user_data.db", some_clicks(project, 10), stays=False)
    done = project.train(options={"epochs": 9})
    assert isinstance(done, TaughtFew)
    assert done.version.events_real == 10
    assert done.version.params["epochs"] == 9
    assert (project.store.root / "plots" / "version-1-training.png").is_file()
    slate = spoke(project, user="ann")
    assert (slate.spoke, slate.version) == ("neural", "1")
    assert slate.level_reason == ""
    other = project.train(start=0)
    assert isinstance(other, TaughtFew)
    assert (other.version.state, spoke(project).version) == ("candidate", "1")


def test_days_of_two_people_tell_enough_to_activate_a_network(project):
    user_data(project.store.root / "user_data.db", some_clicks(project, 800, users=2), stays=False)
    done = project.train()
    assert done.lesson.learned[0].report.n_users == 2
    assert done.activated, done.why
    assert spoke(project, user="ann 1").spoke == "neural"


def test_a_damaged_network_is_told_and_the_mapping_answers(neural):
    version = spoke(neural).version
    digest = next(v.artifact for v in neural.versions() if str(v.id) == version)
    arrays = next((neural.store.root / "artifacts").glob(f"{digest[:32]}/*.safetensors"))
    arrays.write_bytes(arrays.read_bytes()[:-8] + b"12345678")
    slate = spoke(neural)
    assert (slate.spoke, slate.version) == ("mapping", "0")
    assert f"version {version} cannot be used" in slate.level_reason


@pytest.mark.parametrize(
    "asked", [{"text": "Üçgen ağaçların gölgesi"}, {"text": ""}, {"text": None, "context": {"emotion": {"wistful": 1}}}]
)
def test_an_unknown_feeling_is_told_and_what_remains_answers(project, neural, asked):
    for one, who in ((project, "popular"), (neural, "neural")):
        slate = spoke(one, **asked)
        assert slate.spoke == who
        assert "no emotion is known" in slate.level_reason
        assert len(slate.items) == 3


def test_a_feeling_can_be_told_and_by_another_name(project):
    a, b = (spoke(project, text=None, context={"emotion": {name: 1.0}}) for name in ("sad", "Sadness"))
    assert a == b
    assert a.spoke == "mapping"


def test_an_edited_mapping_counts_at_once_where_nothing_was_learned(project):
    edit(project.store.root / "recipe.toml", {r'sad = \["comedy", "music", "pets"\]': 'sad = ["sports"]'})
    with Project.open(project.store.root) as again:
        assert again.recipe.context["emotion"].mapping["sad"] == ("sports",)
        slate = spoke(again)
        column = again.catalog().categories["category"]
        assert {column[again.catalog().find(i)] for i in slate.items} == {"Sports"}


def test_a_new_label_leaves_a_network_its_old_ones_and_is_told(neural):
    before = neural.recommend(context={"emotion": {"sad": 1.0}}, now=NOON, n=3)
    edit(neural.store.root / "recipe.toml", {"neutral = ": 'aloof = ["news"]\nneutral = '})
    with Project.open(neural.store.root) as again:
        assert "aloof" in again.recipe.context["emotion"].labels
        after = again.recommend(context={"emotion": {"sad": 1.0}}, now=NOON, n=3)
        assert (after.items, after.scores, after.spoke) == (before.items, before.scores, "neural")
        assert "has never met the emotion aloof" in after.level_reason
        model = again.train().lesson.learned[0].judged.scorer
        assert model.right[list(model.labels).index("sad")] > 0.2  # what was chosen before still says so


def test_a_label_of_another_name_is_mapped_at_once_where_nothing_was_learned(project):
    edit(project.store.root / "recipe.toml", {r"sad = \[": "blue = [", "sadness = .*": ""})
    with Project.open(project.store.root) as again:
        assert "blue" in again.recipe.context["emotion"].labels
        slate = again.recommend(context={"emotion": {"blue": 1.0}}, now=NOON, n=3)
        column = again.catalog().categories["category"]
        assert {column[again.catalog().find(i)] for i in slate.items} <= {"Comedy", "Music", "Pets & Animals"}
        assert slate.spoke == "mapping"


def test_a_text_of_100_kb_is_answered(project):
    assert spoke(project, text="so sad " * 15_000).spoke == "mapping"


def test_the_network_is_better_than_the_mapping_where_there_are_habits(neural):
    best = next(v for v in neural.versions() if v.state == "active")
    assert best.metrics["lift"]["low"] > 0.05
    assert best.metrics["health"]["spoke"]["neural"] > 0.5
    assert (best.events_real, best.events_synthetic) == (0, 3300)
    assert (neural.store.root / "plots" / f"version-{best.id}-training.png").stat().st_size > 1000


def test_the_same_person_gets_another_answer_at_another_hour(neural):
    hours = [spoke(neural, user="synthetic-1", text=None, now=NOON + h * 3600).items for h in range(24)]
    assert len(set(hours)) > 3


def test_reasons_add_up_and_name_the_sides(neural):
    slate = spoke(neural, user="synthetic-2", place="Berlin, Germany")
    for score, reasons in zip(slate.scores, slate.reasons, strict=True):
        assert sum(reason.weight for reason in reasons) == pytest.approx(score, abs=1e-3)
    named = {reason.part for reason in slate.reasons[0]}
    assert {"context:emotion", "context:hour", "context:history", "context:place"} <= named


def test_real_choices_take_the_place_of_invented_ones(neural):
    user_data(neural.store.root / "user_data.db", []) if not (neural.store.root / "user_data.db").exists() else None
    clicks, nowhere = some_clicks(neural, 60, users=6), {"city": "", "country": ""}
    from tastemaker.lifecycle.foreign import foreign_of

    found = foreign_of(neural.store, neural.recipe)
    found.append("video_clicks", [
        {"name": n, "video_id": v, "video_title": "", "video_category": k, "emotion": e, "timestamp": t} | nowhere
        for n, v, k, e, t in clicks
    ])  # fmt: skip
    neural.sync()
    done = neural.tick()
    assert done.trigger.wanted
    assert "60 real events, and the active version has learned from none" in done.trigger.why
    assert done.done is not None
    assert done.done.version is not None
    made = next(v for v in neural.versions() if v.id == done.done.version)
    assert (made.events_real, made.events_synthetic) == (60, 0)


def test_a_database_that_is_there_already_is_opened_as_it_is(untaught, tmp_path):
    root, file = tmp_path / "mine", tmp_path / "mine" / "user_data.db"
    root.mkdir()
    with Project.open(untaught) as other:
        clicks = some_clicks(other, 12)
    user_data(file, [*clicks, ("ann", "no such video", "Music", "sad", NOON)])
    with Project.init(root, "mood", untaught.parent / "videos.csv") as project:
        with project.store.read() as conn:
            assert database.count_events(conn).real == 24
        found = {t.table: t for t in project.sync().tables}
        events = project.dataset(synthetic=False).events
    assert {name: (t.rows, t.events, t.added, t.texts) for name, t in found.items()} == {
        "emotion_logs": (3, 0, 0, 3), "video_clicks": (13, 12, 0, 0), "video_interactions": (13, 12, 0, 0),
    }  # fmt: skip
    assert found["video_clicks"].lost == {"an item that the catalog does not hold": 1}
    for t in found.values():
        assert t.rows == t.events + t.texts + t.invented + sum(t.lost.values())
    assert set(events.context) >= {"emotion:sad", "emotion:happy", "place:code"}
    assert events.context["emotion:sad"].tolist() == [1.0] * 24
    with sqlite3.connect(file) as base:
        assert base.execute("SELECT count(*) FROM video_clicks").fetchone() == (13,)
    base.close()


def test_an_app_writes_feelings_and_choices(project):
    item = project.catalog().titles[3]
    assert project.log_feeling("bob", "I cried all night", place="Oslo, Norway", now=NOON) == "sad"
    project.log_choice("bob", item, "sad", "Oslo, Norway", NOON + 40)
    events = project.dataset(synthetic=False).events
    assert events.time.tolist() == [NOON + 40]
    assert events.context["emotion:sad"].tolist() == [1.0]
    found = {t.table: (t.rows, t.added) for t in project.sync().tables}
    assert found == {"video_clicks": (1, 0), "emotion_logs": (1, 0), "video_interactions": (0, 0)}
    assert project.forget("bob").foreign == 2


def test_what_was_typed_is_kept_as_long_as_the_recipe_says(project):
    file = user_data(project.store.root / "user_data.db", [], logs=5)
    assert project.sync(now=NOON + 29 * DAY, blank=True).blanked == 0
    assert project.sync(now=NOON + 30 * DAY + 3, blank=True).blanked == 3
    with sqlite3.connect(file) as base:
        assert base.execute("SELECT input, emotion FROM emotion_logs WHERE input <> ''").fetchall() == [
            ("words 3", "sad"),
            ("words 4", "sad"),
        ]
    base.close()


def test_a_text_of_no_readable_time_is_not_kept_and_many_moments_are_emptied(project, monkeypatch):
    monkeypatch.setattr(foreign, "AT_ONCE", 3)
    file = user_data(project.store.root / "user_data.db", [], logs=10)
    with sqlite3.connect(file) as base:
        base.execute("UPDATE emotion_logs SET timestamp = NULL WHERE input = 'words 8'")
        base.execute("UPDATE emotion_logs SET timestamp = 'soon' WHERE input = 'words 9'")
    base.close()
    assert project.sync(now=NOON + 30 * DAY + 7, blank=True).blanked == 9
    with sqlite3.connect(file) as base:
        assert base.execute("SELECT input FROM emotion_logs WHERE input <> ''").fetchall() == [("words 7",)]
    base.close()


def test_a_choice_without_a_label_has_that_of_the_feeling_just_before(project):
    (click,) = some_clicks(project, 1, emotion="")
    user_data(project.store.root / "user_data.db", [click], stays=False)
    project.sync()
    assert project.dataset(synthetic=False).events.context["emotion:sad"].tolist() == [1.0]


def test_watching_goes_on_where_the_other_database_fails(project):
    user_data(project.store.root / "user_data.db", some_clicks(project, 4))
    with sqlite3.connect(project.store.root / "user_data.db") as base:
        base.execute("ALTER TABLE video_clicks RENAME COLUMN video_id TO video")
    base.close()
    found = list(project.watch(every=0.01, times=2))
    assert ["no column 'video_id'" in one.unread for one in found] == [True, True]
    assert found[0].trigger.why


def test_a_round_that_fails_is_told_and_the_wait_grows():
    waited: list[float] = []
    outcomes = iter([StoreError("away"), StoreError("away"), "seen", StoreError("away"), "seen"])

    def look():
        found = next(outcomes)
        if isinstance(found, StoreError):
            raise found
        return found

    told = [str(one) for one in rounds(look, 10.0, 5, waited.append)]
    assert told == ["away", "away", "seen", "away", "seen"]
    assert waited == [20.0, 40.0, 10.0, 20.0]


def test_invented_rows_are_replaced_and_nobody_else_s(project):
    file = user_data(project.store.root / "user_data.db", [("Synthetic-Sally", "x", "Music", "sad", NOON)], stays=False)
    for _ in range(2):
        project.synthesize_life(users=2, texts=3, clicks=2, interactions=1)
    with sqlite3.connect(file) as base:
        names = base.execute("SELECT name FROM video_clicks WHERE name LIKE 'synthetic-%'").fetchall()
    base.close()
    assert len(names) == 5
    assert ("Synthetic-Sally",) in names


def test_forget_finds_a_name_with_blanks_around(project):
    file = user_data(project.store.root / "user_data.db", some_clicks(project, 2), stays=False)
    with sqlite3.connect(file) as base:
        base.execute("UPDATE video_clicks SET name = ' ann '")
        base.execute("UPDATE emotion_logs SET name = 'ann' || char(9)")
    base.close()
    project.sync()
    assert (project.forget("ann").foreign, project.sync().tables[0].rows) == (5, 0)


def test_forget_reaches_the_other_program_s_tables(project):
    file = user_data(project.store.root / "user_data.db", some_clicks(project, 4))
    project.sync()
    gone = project.forget("ann")
    assert (gone.events, gone.foreign) == (8, 11)
    with sqlite3.connect(file) as base:
        assert [
            base.execute(f"SELECT count(*) FROM {t}").fetchone()[0]
            for t in ("emotion_logs", "video_clicks", "video_interactions")
        ] == [0, 0, 0]
    base.close()
    with pytest.raises(QueryError, match="No user has the id 'ann'"):
        project.forget("ann")


def test_invented_days_show_their_patterns_and_stand_in_the_tables(project):
    made = project.synthesize_life(users=20, texts=100, clicks=80, interactions=40, days=30)
    found = made.patterns
    chance = np.mean([len(m) for m in project.recipe.context["emotion"].mapping.values()]) / 16
    assert 0.80 - 0.03 < found.match < 0.80 + 0.2 * chance + 0.04
    median, low, high = found.delays
    assert 10 <= low < median < high <= 600
    assert 30 <= found.after[1] < found.after[0] < found.after[2] <= 900
    assert found.late == 0
    assert found.same_place > 0.95
    assert found.rhythm > 0.8
    assert made.rows == {"emotion_logs": 2000, "video_clicks": 1600, "video_interactions": 800}
    begin = made.dataset.events.time
    assert begin.max() - begin.min() < 31 * DAY
    again = project.synthesize_life(users=2, texts=10, clicks=5, interactions=5)
    assert again.rows == {"emotion_logs": 20, "video_clicks": 10, "video_interactions": 10}
    assert {t.table: t.invented for t in project.sync().tables} == again.rows
    with project.store.read() as conn:
        assert database.count_events(conn) == (0, 20)


def test_every_number_of_the_days_is_an_option(project):
    made = project.synthesize_life(
        users=5, texts=60, clicks=60, interactions=0, match=1.0, delay=(5, 6), move=0.0, away=0.0
    )
    assert made.patterns.match == 1.0
    assert made.patterns.same_place == 1.0
    assert 5 <= made.patterns.delays[1] <= made.patterns.delays[2] <= 6
    with pytest.raises(QueryError, match="did you mean 'clicks'"):
        project.synthesize_life(click=3)
    with pytest.raises(RecipeError, match="share from 0 to 1"):
        project.synthesize_life(match=1.5)


def test_training_texts_replace_the_reader_and_say_how_well(project, tmp_path):
    rows = ["the sun shines\tjoy", "rain again\tsadness", "shouting men\tanger", "dark cellar\tfear",
            "a sudden bang\tsurprise", "slimy mud\tdisgust", "a table\tneutral"]  # fmt: skip
    for part, n in (("train", 30), ("dev", 4), ("test", 4)):
        (tmp_path / f"{part}.tsv").write_text("\n".join(rows * n) + "\nno label that is known\tbliss\n", "utf-8")
    done = project.train_emotion(tmp_path)
    assert done.macro_f1 == 1.0
    assert done.macro_f1 > done.before
    assert (done.counts, done.skipped) == ({"train": 210, "dev": 28, "test": 28}, 3)
    query, _ = project.answers.answer(text="the sun shines")
    assert max(query.context["emotion"], key=query.context["emotion"].get) == "happy"
    texts, said = zip(*(row.split("\t") for row in rows), strict=True)
    wrong = [f"{text}\t{label}" for text, label in zip(texts, [*said[1:], said[0]], strict=True)]
    for part, n in (("train", 6), ("dev", 4)):
        (tmp_path / f"{part}.tsv").write_text("\n".join(wrong * n), "utf-8")
    worse = project.train_emotion(tmp_path)
    assert (worse.activated, worse.macro_f1, worse.before) == (False, 0.0, 1.0)
    assert project.answers.query(text="the sun shines").context["emotion"]["happy"] > 0.5
    assert project.train_emotion(tmp_path, force=True).activated
    assert project.answers.query(text="the sun shines").context["emotion"]["happy"] < 0.5
    assert project.train_emotion().f1 == {}
    with pytest.raises(DataError, match="does not exist"):
        project.train_emotion(tmp_path / "nothing")


def test_what_read_before_reads_where_the_reader_is_damaged_and_else_nothing_does(project, tmp_path):
    rows = ["the sun shines\tjoy", "rain again\tsadness", "shouting men\tanger", "dark cellar\tfear",
            "a sudden bang\tsurprise", "slimy mud\tdisgust", "a table\tneutral"]  # fmt: skip
    (folder := tmp_path / "said").mkdir()
    for part in ("train", "dev", "test"):
        (folder / f"{part}.tsv").write_text("\n".join(rows * 4), "utf-8")
    kept = [_readers(project)["artifact"]]
    project.train_emotion(folder)
    kept.append(_readers(project)["artifact"])
    for artifact, label in zip(reversed(kept), ("sad", ""), strict=True):
        arrays = next((project.store.root / "artifacts").glob(f"{artifact[:32]}/*.safetensors"))
        arrays.write_bytes(arrays.read_bytes()[:-8] + b"12345678")
        contexts._load.cache_clear()
        slate = spoke(project)
        assert "the emotion cannot be read by what was learned from said" in slate.level_reason
        assert "rollback" not in slate.level_reason
        feeling = project.answers.query(text=TEXT).context.get("emotion", {})
        assert max(feeling, key=feeling.__getitem__, default="") == label
    assert (slate.spoke, len(slate.items)) == ("popular", 3)
    assert project.train_emotion(folder).activated


def test_a_reader_that_cannot_be_loaded_is_tried_again_when_it_changes_or_after_a_while(project, monkeypatch):
    artifact, tried, clock = _readers(project)["artifact"], [], [1000.0]
    (arrays,) = (project.store.root / "artifacts").glob(f"{artifact[:32]}/*.safetensors")
    whole = arrays.read_bytes()
    arrays.write_bytes(whole[:-8] + b"12345678")
    contexts._load.cache_clear()
    monkeypatch.setattr(contexts, "monotonic", lambda: clock[0])
    monkeypatch.setattr(Artifacts, "get", lambda *given, get=Artifacts.get: tried.append(given[1]) or get(*given))
    said = project.answers.contexts
    for _ in range(3):
        assert "cannot be read" in said.told({}, TEXT)[1][0]
    assert tried.count(artifact) == 1
    clock[0] += contexts.AGAIN
    assert "cannot be read" in said.told({}, TEXT)[1][0]
    assert tried.count(artifact) == 2
    arrays.write_bytes(whole)
    assert said.told({}, TEXT)[1] == []
    assert tried.count(artifact) == 3


def _readers(project):
    with project.store.read() as conn:
        return contexts.text_models(conn)["emotion"]


def test_the_reader_is_needed_and_no_orphan(project):
    from tastemaker.store import check

    assert check(project.store).orphans == ()


def test_a_mapping_that_names_no_family_is_refused(untaught, tmp_path):
    file = shutil.copy(untaught / "recipe.toml", tmp_path / "mine.toml")
    edit(Path(file), {r'sad = \["comedy"': 'sad = ["comedie"'})
    with pytest.raises(
        RecipeError, match=r"context.emotion.mapping.sad names 'comedie', no family; did you mean 'comedy'"
    ):
        Project.init(tmp_path / "p", file)
