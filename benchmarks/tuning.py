"""The three searches on MovieLens: what they gain on validation, and what is left of it on the test part afterwards.

    python benchmarks/tuning.py FOLDER [--model biases] [--searches bayesian,random,grid] [--trials N] [--seed 0]

FOLDER holds movies.csv and ratings.csv of ml-latest-small. Each search begins a project of its own, so none knows what
another has found.
"""

import argparse
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from tastemaker.lifecycle import Project
from tastemaker.lifecycle.candidates import stream
from tastemaker.lifecycle.later import Later, later_part
from tastemaker.lifecycle.pretrain import project_features
from tastemaker.lifecycle.tuning_begin import Wanted
from tastemaker.tune import SEARCHES, with_values
from tastemaker.watch import Watch


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="biases")
    parser.add_argument("--searches", default=",".join(SEARCHES))
    parser.add_argument("--trials", type=int)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    for search in asked.searches.split(","):
        with TemporaryDirectory() as folder:
            _searched(Path(folder), asked.folder, asked.model, search, asked.trials, asked.seed)


def _searched(root: Path, source: Path, model: str, search: str, trials: int | None, seed: int) -> None:
    with Project.init(root / "night", "movies", source / "movies.csv") as made:
        recipe = made.store.root / "recipe.toml"
        text = recipe.read_text("utf-8")
        if f"[models.{model}]" not in text:
            recipe.write_text(text.replace("[retrain]", f"[models.{model}]\n\n[retrain]", 1), "utf-8")
    with Project.open(root / "night") as project:
        project.import_(source / "ratings.csv")
        begun = perf_counter()
        done = project.tune(Wanted(model, search, trials, seed))
        took = perf_counter() - begun
        report, gain = done.report, done.report.gain
        states = f"{len(report.trials)} trials ({report.count('pruned')} pruned, {report.count('failed')} failed)"
        print(f"{model} {search}: {states}, {took:.0f} s; importance {_shares(report.importance)}")
        print(f"  settings {report.settings()}")
        if gain is None:
            print("  the present settings are the best")
            return
        print(f"  validation {report.metric}: {gain.present:.4f} -> {gain.best:.4f}, {_interval(gain.gain)}")
        _confirmed(project, model, report.settings(), seed)


def _confirmed(project: Project, model: str, settings: dict[str, int | float | str], seed: int) -> None:
    """The test part, looked at once, after everything was chosen."""
    data = project.dataset(synthetic=False)
    test: Later = later_part(data, project.recipe, None, int(data.events.time.max()))
    features = project_features(project.store, project.recipe, project.catalog(), 0, Watch())
    present = project.recipe.models[model]
    learned = [
        one.fit(data.where(test.learn), features, stream(seed, "test"), Watch())
        for one in (present, with_values(present, settings))
    ]
    for metric in ("accuracy", "rmse", "log loss"):
        part = replace(test, metric=metric)
        before, after = (part.judge(scorer, seed) for scorer in learned)
        lift = part.lift(after, before, seed)
        print(f"  test {metric}: {part.value(before):.4f} -> {part.value(after):.4f}, {_interval(lift)}")


def _interval(found: object) -> str:
    return "better by {mean:+.4f} [{low:+.4f}, {high:+.4f}]".format(**vars(found))


def _shares(importance: object) -> str:
    assert isinstance(importance, dict)
    return ", ".join(f"{path} {share:.0%}" for path, share in importance.items())


if __name__ == "__main__":
    main()
