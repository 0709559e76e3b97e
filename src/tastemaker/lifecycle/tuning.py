"""Better settings, searched by one process or several, kept trial by trial, reported; nothing is applied here."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import time
from typing import Any

from ..errors import TrainingError
from ..metrics import Interval
from ..recipe import Recipe
from ..store import Store
from ..store import tuning as kept
from ..store.folders import replace_file
from ..store.tuning import Study
from ..tune import best, from_json, quiet, with_values
from ..tune.report import Gain, Report, report
from ..watch import Watch
from .tuning_begin import Wanted, Work, as_trial, begin, resume, work_on
from .tuning_work import folder_of, helpers, work_through


@dataclass(frozen=True)
class Tuned:
    """over: all trials are made; folder: report.html, report.png, best_hp.json; known: earlier trials it began with."""

    study: Study
    report: Report
    folder: Path
    over: bool
    known: int
    helpers_failed: int = 0


def tune(store: Store, recipe: Recipe, wanted: Wanted, watch: Watch) -> Tuned:
    """Search, with helpers beside this process; what is done stays, whatever ends it."""
    until = None if wanted.minutes is None else time() + 60.0 * wanted.minutes
    study = begin(store, recipe, wanted, watch) if wanted.resume is None else resume(store, wanted)
    work = work_on(store, recipe, study, until, watch)
    stage = watch.on(f"tune {study.model}")
    with helpers(work, wanted.jobs - 1) as beside:
        try:
            over = work_through(work, stage)
        except BaseException:
            if study.state != "done":
                _set(store, study.id, state="stopped", ended_at=int(time()))
            raise
        failed = sum(helper.wait() != 0 for helper in beside)
    if not over:
        _set(store, study.id, state="stopped", ended_at=int(time()))
    elif work.study.state != "done":
        _conclude(work, stage)
    return replace(review(store, study.id), over=over, helpers_failed=failed)


def _conclude(work: Work, watch: Watch) -> None:
    """The best settings and the present ones, learned again with the same new chance and compared."""
    with work.store.read() as conn:
        trials = [as_trial(row) for row in kept.list_trials(conn, work.study.id)]
    top = best(trials, work.plan.higher)
    if top is None:
        why = next((trial.why for trial in trials if trial.why), "")
        _set(work.store, work.study.id, state="stopped", ended_at=int(time()))
        raise TrainingError(f"No trial of {work.study.id} came to its end. The first one: {why}")
    result: dict[str, Any] = {"best": top.number, "params": top.params, "value": top.value, "gain": None}
    if top.params != work.plan.present:
        tried = with_values(work.plan.algorithm, top.params)
        after, before, gain = work.objective.gain(tried, work.plan.algorithm, work.study.seed, quiet(watch))
        result["gain"] = asdict(Gain(before, after, gain))
    _set(work.store, work.study.id, state="done", ended_at=int(time()), result=result)


def _set(store: Store, study: str, **values: Any) -> None:
    with store.begin() as conn:
        kept.set_study(conn, study, **values)


def review(store: Store, study: str | None = None) -> Tuned:
    """What a study has found so far; nothing is learned for it."""
    with store.read() as conn:
        found = kept.study(conn, study)
        rows = kept.list_trials(conn, found.id)
    s, result = found.settings, found.result if found.state == "done" else None
    gain = None if not result or not result["gain"] else result["gain"]
    made = [as_trial(row) for row in rows if row.state != "running" and row.number < s["trials"]]
    said = report(
        found.id, found.model, found.search, found.metric, s["higher"], s["protocol"], s["trials"],
        from_json(s["space"]), made, gain and Gain(gain["present"], gain["best"], Interval(**gain["gain"])),
        s.get("names"),
    )  # fmt: skip
    return Tuned(found, said, folder_of(store, found.id), found.state == "done", len(s.get("known", [])))


def write(store: Store, study: str | None = None) -> Path:
    """report.png, report.html and best_hp.json of a study, as far as it is; the folder that they are in."""
    from ..tune.picture import page, png

    found = review(store, study).report
    folder = folder_of(store, found.study)
    picture = png(found)
    replace_file(folder / "report.png", picture)
    replace_file(folder / "report.html", page(found, picture).encode())
    replace_file(folder / "best_hp.json", json.dumps(found.best_hp(), indent=2).encode())
    return folder
