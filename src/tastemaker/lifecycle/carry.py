"""What a row of the jobs table asks for, by its kind, carried out; each gives a plain record of what came of it."""

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import QueryError
from ..recipe import Recipe
from ..store import Job, Store
from ..watch import Watch
from .explaining import WORDS, find_words
from .pretrain import pretrain
from .retrain import retrain
from .teach import TaughtFew, teach
from .train import train

Json = dict[str, Any]
Carry = Callable[..., Json]


def carry_out(store: Store, recipe: Recipe, job: Job, watch: Watch) -> Json:
    """what, reason and version; QueryError for a kind that nobody knows."""
    if job.kind not in KINDS:
        raise QueryError(f"Job {job.id} is to {job.kind!r}, which nobody here can. There are: {', '.join(KINDS)}.")
    return KINDS[job.kind](store, recipe, watch, **job.arguments)


def _retrain(store: Store, recipe: Recipe, watch: Watch, **asked: Any) -> Json:
    return vars(retrain(store, recipe, watch=watch, **asked))


def _pretrain(store: Store, recipe: Recipe, watch: Watch, seed: int = 0, half: bool = False) -> Json:
    done = pretrain(store, recipe, seed, watch, half)
    made = ", ".join(f"{v.id} ({v.algorithm})" for v in done.versions)
    stays = f"; version {done.active.id} stays active" if done.kept else ""
    return {"what": "pretrained", "reason": f"versions {made}{stays}", "version": done.active.id}


def _train(
    store: Store, recipe: Recipe, watch: Watch, start: str | int = "active", seed: int = 0,
    options: Mapping[str, Any] | None = None, models: tuple[str, ...] = (),
) -> Json:  # fmt: skip
    if models or any(model.learns == "events" for model in recipe.models.values()):
        done: Any = teach(store, recipe, models, start, seed, watch, options or {})
        if isinstance(done, TaughtFew):
            return {
                "what": "activated" if done.version.state == "active" else "candidate",
                "reason": done.why,
                "version": done.version.id,
            }
        version = done.versions[0].id
    else:
        done = train(store, recipe, start, seed, watch, options or {})
        version = done.version.id
    what = "activated" if done.activated else "candidate"
    return {"what": what, "reason": done.why, "version": version}


def _tune(store: Store, recipe: Recipe, watch: Watch, **asked: Any) -> Json:
    from ..tune.picture import said
    from .tuning import tune
    from .tuning_begin import Wanted

    done = tune(store, recipe, Wanted(**asked), watch)
    return {"what": "tuned", "reason": said(done.report), "version": None, "study": done.study.id}


def _words(store: Store, recipe: Recipe, watch: Watch, **asked: Any) -> Json:
    return vars(find_words(store, recipe, watch=watch, **asked))


KINDS: dict[str, Carry] = {
    "retrain": _retrain, "pretrain": _pretrain, "train": _train, "tune": _tune, WORDS: _words,
}  # fmt: skip
