"""Train: start learning as a job of its own process, watch it, cancel it; and what is still missing for it."""

from collections.abc import Sequence

import streamlit as st

from tastemaker.app import frame, jobs, parts, words
from tastemaker.app.data import training
from tastemaker.app.data.trouble import away
from tastemaker.errors import TastemakerError
from tastemaker.store import Job, Store

EVERY = 1.5  # seconds between two looks at a job that runs
ASKED = "asked for in the app"
SEED, SEARCH, TRIALS = 0, "bayesian", 20


def page(opened: frame.Opened) -> None:
    if opened.may_change:
        jobs.sweep(opened.store)
    frame.last_act()
    found = training.jobs(opened.store)
    at_work = training.busy(found)
    if at_work is not None:
        _live(opened.store, at_work.id, opened.may_change)
    _needs(opened)
    if not frame.locked(opened):
        _start(opened, at_work)
    asked = {"seed": SEED, "search": SEARCH, "trials": st.session_state.get("trials", TRIALS)}
    parts.command(words.TRAIN_COMMANDS, [line.format(**asked) for line in words.TRAIN_LINES])
    st.subheader(words.LEARNED, anchor=False)
    learned = training.learned(opened.store)
    parts.chart(learned.plot, words.NO_CURVES)
    if learned.plot is not None:
        st.caption(words.CURVES_SAY)
    parts.table(learned.rows, words.NO_RUNS, words.LEARNED)
    _history(opened, found)


@st.fragment(run_every=EVERY)
def _live(store: Store, id_: int, may_change: bool) -> None:
    """How far it is, without anything else on the page being drawn again."""
    try:
        frame.there(store)
        found = training.job(store, id_)
    except TastemakerError as error:  # nothing around a fragment catches it
        frame.say(away(error))
        return
    if found.state not in training.ALIVE:
        st.session_state["said"] = (
            "ok" if found.state == "done" else "error",
            words.JOB_OVER.format(id=id_, state=found.state, said=training.outcome(found)),
        )
        st.rerun()
    with st.container(border=True):
        _progress(store, found, may_change)


def _progress(store: Store, found: Job, may_change: bool) -> None:
    said = found.progress
    st.markdown(f"**{words.JOB_RUNS.format(id=found.id, kind=words.JOB_KINDS.get(found.kind, found.kind))}**")
    share = min(1.0, said["done"] / max(said["total"], 1)) if said else 0.0
    st.progress(share, text=training.outcome(found) or words.JOB_WAITS)
    st.caption(words.JOB_STAYS)
    if may_change:
        st.button(words.CANCEL, key="cancel", icon=":material/stop_circle:", on_click=_cancel, args=(store, found.id))
    parts.chart(training.live_plot(found), height=200)
    parts.table(training.stage_rows(found), alt=words.STAGES)
    log = jobs.log_tail(store.root, found.id)
    if log:
        with st.expander(words.LOG):
            st.code(log, language=None)


def _cancel(store: Store, id_: int) -> None:
    def cancelled() -> str:
        found = jobs.cancel(store, id_)
        said = words.CANCELLED if found.state == "cancelled" else words.TOO_LATE
        return str(said.format(id=found.id, state=found.state))

    frame.act(cancelled)


def _needs(opened: frame.Opened) -> None:
    found = training.needs(opened.status(), opened.recipe())
    missing = [need for need in found if need.missing]
    st.markdown(f"**{words.NEEDS_MISSING if missing else words.NEEDS_MET}**")
    with st.container(horizontal=True, gap="small"):
        for need in found:
            more = (words.NEED_MORE if need.missing else words.NEED_DONE).format(n=need.missing, need=need.need)
            st.metric(
                need.name,
                f"{need.have:,}",
                more,
                delta_color="off",
                delta_arrow="off",
                border=True,
                width=215,
                help=need.why,
            )


def _start(opened: frame.Opened, at_work: Job | None) -> None:
    st.subheader(words.START, anchor=False)
    if at_work is not None:
        st.caption(words.ONE_AT_A_TIME)
    off, recipe, status = at_work is not None, opened.recipe(), opened.status()
    able = training.can_pretrain(recipe)
    one, two, three = st.columns(3)
    with one.container(border=True, height="stretch"):
        st.markdown(f"**{words.PRETRAIN}**")
        st.caption(words.PRETRAIN_SAYS if able else words.NO_PRETRAIN)
        _button(opened, "pretrain", {"seed": SEED}, off or not able)
    with two.container(border=True, height="stretch"):
        st.markdown(f"**{words.TRAIN}**")
        policy = (recipe.get("retrain") or {}).get("policy", "")
        st.caption(words.TRAIN_SAYS.format(policy=words.POLICIES.get(policy, "")))
        _button(opened, "retrain", {"reason": ASKED, "seed": SEED, "search": 0}, off or not status.events.real)
    with three.container(border=True, height="stretch"):
        st.markdown(f"**{words.TUNE}**")
        st.caption(words.TUNE_SAYS)
        trials = st.number_input(words.TRIALS, 2, 200, TRIALS, key="trials")
        arguments = {"search": SEARCH, "trials": int(trials)}
        _button(opened, "tune", arguments, off or not status.events.real)


def _button(opened: frame.Opened, kind: str, arguments: dict[str, object], off: bool) -> None:
    st.button(
        words.START_KIND[kind],
        key=f"start {kind}",
        disabled=off,
        on_click=_begin,
        args=(opened.store, kind, arguments),
        icon=":material/play_arrow:",
    )


def _begin(store: Store, kind: str, arguments: dict[str, object]) -> None:
    frame.act(lambda: words.STARTED.format(id=jobs.start(store, kind, arguments)))


def _history(opened: frame.Opened, found: Sequence[Job]) -> None:
    st.subheader(words.JOBS, anchor=False)
    parts.table(training.job_rows(found), words.NO_JOBS, words.JOBS)


if __name__ == "__main__":
    frame.show(words.PAGES["train"][0], words.TRAIN_INTRO, page)
