"""Experiments: two versions on real users, the lift with its always-valid interval, guards, verdict; start and stop."""

from math import isfinite
from typing import Any

import streamlit as st

from tastemaker.app import frame, parts, words
from tastemaker.app.data import experiments, versions
from tastemaker.app.data.marks import Mark
from tastemaker.experiment import Report, start, stop
from tastemaker.store import Store
from tastemaker.store.experiments import Experiment


def page(opened: frame.Opened) -> None:
    frame.last_act()
    found = experiments.all_of(opened.store)
    if found:
        _one(opened, found)
    else:
        parts.nothing(words.NO_EXPERIMENTS)
    running = next((e for e in found if e.state == "running"), None)
    if not frame.locked(opened):
        if running is None:
            _start(opened)
        else:
            _stop(opened, running)
    parts.command(words.EXPERIMENT_COMMANDS, words.EXPERIMENT_LINES)
    if found:
        st.subheader(words.EXPERIMENTS, anchor=False)
        parts.table(experiments.rows_of(found), alt=words.EXPERIMENTS)


def _one(opened: frame.Opened, found: list[Experiment]) -> None:
    names = {
        e.id: words.EXPERIMENT_NAME.format(id=e.id, control=e.control, treatment=e.treatment, state=e.state)
        for e in found
    }
    chosen = st.selectbox(words.EXPERIMENT, list(names), format_func=names.__getitem__, key="experiment")
    report, plot = _looked(*opened.fresh, chosen, opened.store)
    (st.success if report.verdict.kind == "treatment" else st.info)(f"**{report.verdict.sentence}**")
    parts.figures(_summary(report), words.EXPERIMENT_HELP)
    parts.chart(plot, words.NO_LIFT)
    st.subheader(words.ARMS, anchor=False)
    parts.table(experiments.arm_rows(report), alt=words.ARMS)
    st.subheader(words.GUARDS, anchor=False)
    parts.table(experiments.guard_rows(report), words.NO_GUARDS, words.GUARDS)
    st.caption(f"{words.RATIO_SAYS.format(p=report.ratio.p, share=report.ratio.share)} {report.price}")


@st.cache_resource(max_entries=frame.KEEP, show_spinner=words.LOOKING)
def _looked(root: str, mark: Mark, slot: int, id_: int, _store: Store) -> experiments.Looked:
    return experiments.look_by_day(_store, id_)


def _summary(report: Report) -> dict[str, str]:
    by, unit, digits = (100.0, f" {words.POINTS}", 1) if report.measure.share else (1.0, "", 3)
    p, days = report.lift.points, report.more_days
    known = isfinite(p.high - p.low)
    ratio = report.ratio
    return {
        words.M_LIFT: f"{by * p.mean:+.{digits}f}{unit}" if isfinite(p.mean) else "–",
        words.M_INTERVAL: f"{by * p.low:+.{digits}f} … {by * p.high:+.{digits}f}" if known else "–",
        words.M_USERS_ARMS: f"{report.control.users:,} | {report.treatment.users:,}",
        words.M_RATIO: words.UNEVEN if ratio.broken else words.EVEN,
        words.M_DAYS: "–" if days is None else f"{days:.0f}",
    }


def _start(opened: frame.Opened) -> None:
    st.subheader(words.START_EXPERIMENT, anchor=False)
    found = {v.id: f"{v.id} · {v.algorithm} ({v.state})" for v in versions.known(opened.store) if v.artifact}
    if len(found) < 2:
        st.caption(words.TWO_VERSIONS)
        return
    ids, measures = list(found), experiments.measures()
    active = opened.active
    with st.form("start"):
        left, right = st.columns(2)
        control = left.selectbox(
            words.CONTROL, ids, index=ids.index(active) if active in found else 0, format_func=found.__getitem__
        )
        treatment = right.selectbox(
            words.TREATMENT, ids, index=1 if ids[0] == active else 0, format_func=found.__getitem__
        )
        share = left.slider(words.SHARE, 0.05, 0.95, 0.5, 0.05, format="percent")
        metric = right.selectbox(words.MEASURE, list(measures), format_func=measures.__getitem__)
        effect = left.text_input(words.EFFECT, "5%", help=words.EFFECT_HELP)
        guarded = right.multiselect(words.GUARDED, list(measures), format_func=measures.__getitem__)
        limit = left.text_input(words.GUARD_LIMIT, "5%", help=words.GUARD_HELP)
        why = right.text_input(words.REASON, placeholder=words.REASON_HINT)
        begin = st.form_submit_button(words.START_EXPERIMENT, icon=":material/science:")
    if begin:
        asked: dict[str, Any] = {"share": share, "metric": metric, "effect": effect, "reason": why or words.BY_HAND}
        asked["guards"] = [f"{name}={limit}" for name in guarded]

        def do() -> str:
            return str(words.EXPERIMENT_STARTED.format(id=start(opened.store, control, treatment, **asked).id))

        frame.act(do)
        st.rerun()


def _stop(opened: frame.Opened, running: Experiment) -> None:
    with st.form("stop"):
        why = st.text_input(words.REASON, placeholder=words.REASON_HINT)
        end = st.form_submit_button(words.STOP_EXPERIMENT.format(id=running.id), icon=":material/stop_circle:")
    if end:
        frame.act(
            lambda: words.EXPERIMENT_STOPPED.format(said=stop(opened.store, why or words.BY_HAND).verdict.sentence)
        )
        st.rerun()


if __name__ == "__main__":
    frame.show(words.PAGES["experiments"][0], words.EXPERIMENTS_INTRO, page)
