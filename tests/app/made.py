"""A small project with a past: people rated for months, models came and went, an experiment ran."""

from dataclasses import replace
from pathlib import Path
from time import time

from tastemaker.data.load_events import load_events
from tastemaker.data.read import read_table
from tastemaker.experiment import start
from tastemaker.lifecycle import Project
from tastemaker.lifecycle.replay import replay
from tastemaker.lifecycle.tuning_begin import Wanted
from tastemaker.monitor import track
from tastemaker.recipe import Retraining
from tastemaker.store import list_versions, put_events, put_slate
from tastemaker.store.answers import Answers
from tastemaker.store.experiments import expose

from ..rated import DAY, new_project, rows, world, write_ratings

MODELS = "[models.biases]\n[models.ratingcontent]\ndim = 8\nepochs = 4"
LATER = 0.5  # of the past goes through the loop; the rest is an experiment's


def lively(folder: Path, users: int = 160, items: int = 60) -> Path:
    """folder/night, whose last event was yesterday."""
    found = world(users=users, items=items)
    made = rows(found, each=16)
    made = made[: int(0.97 * len(made))]  # the last few come weeks later
    shift = int(time()) - DAY - made[-1][3]
    made = [(user, item, stars, at + shift) for user, item, stars, at in made]
    (folder / "before").mkdir(parents=True)
    before = new_project(folder / "before", found, models=MODELS)
    root = folder / "loop"
    with Project.open(before) as project:
        early = made[: int(LATER * len(made))]
        project.import_(write_ratings(folder / "ratings.csv", early))
        eager = Retraining(train_window_days=0, new_events=400, min_lift=0.0)
        recipe, past = replace(project.recipe, retrain=eager), project.dataset(synthetic=False)
        replay(root, recipe, past.catalog, past, step_days=6.0)
        (root / "recipe.toml").write_bytes((before / "recipe.toml").read_bytes())
    with Project.open(root) as project:
        _experiment(project, write_ratings(folder / "rest.csv", made[len(early) :]), made[len(early)][3])
        project.tune(Wanted(model="biases", search="random", trials=6))
        _shown(project)
    return root


def _experiment(project: Project, file: Path, begins: int) -> None:
    """Half of the users meet another version while the rest of the past happens."""
    store, recipe = project.store, project.recipe
    with store.read() as conn:
        known = list_versions(conn)
    active = next(v for v in known if v.state == "active")
    other = next(v for v in reversed(known) if v.id not in (0, active.id))
    start(
        store,
        active.id,
        other.id,
        effect="0.15",
        guards=["like_rate=20%"],
        reason="is the newcomer better?",
        at=begins - 60,
    )
    read = load_events(read_table(str(file)), recipe.events, project.catalog(), recipe.tastes.names)
    data = read.dataset
    heard = replace(data, events=replace(data.events, received_at=data.events.time))
    with store.begin() as conn:
        expose(conn, data.users.ids, begins)
        put_events(conn, heard, read.keys)
    track(store, recipe.quality, int(time()))


def _shown(project: Project) -> None:
    """Lists that were shown in the last weeks."""
    answers, now = Answers.open(project.store), int(time())
    with project.store.begin() as conn:
        for k in range(60):
            query = answers.query(user=f"u{k % 20}", n=10)
            put_slate(conn, query, answers.recommender.recommend([query], False)[0], now - (k % 14) * DAY - k)
