"""Overview: what answers, since when, why and how well; traffic; what rings and what to do."""

from math import isnan

import streamlit as st

from tastemaker.app import frame, parts, words
from tastemaker.app.data import overview
from tastemaker.app.data.plot import Rows, moment_of
from tastemaker.monitor import Status


def page(opened: frame.Opened) -> None:
    found = opened.status()
    _answering(found)
    for alarm in found.alarms:
        st.warning(f"**{alarm}**\n\n{alarm.advice}.", icon=":material/notifications_active:")
    traffic, days = opened.traffic(), opened.accuracy()
    _figures(found, traffic, days)
    with st.container(border=True):
        st.markdown(f"**{words.NEXT}**")
        st.markdown("\n".join(f"- {step}" for step in found.next))
    parts.chart(overview.accuracy_plot(days, found.limits) if days else None, words.NO_OUTCOMES)
    parts.charts(overview.traffic_plots(traffic), words.NO_TRAFFIC)
    st.subheader(words.DECISIONS, anchor=False)
    parts.table(overview.decision_rows(found), words.NO_DECISIONS, words.DECISIONS)


def _answering(found: Status) -> None:
    v = found.version
    if v is None:
        return
    since = words.SINCE.format(when=moment_of(found.since)) if found.since is not None else ""
    st.markdown(f"#### {words.ACTIVE_IS.format(version=v.id, model=v.algorithm)} {since}")
    st.caption(words.BECAUSE.format(why=found.why))


def _figures(found: Status, traffic: overview.Traffic, days: Rows) -> None:
    w, rows = found.window, traffic.rows
    lower = [row["fallback"] for row in rows if row["fallback"] is not None]
    total = sum(row["lists"] for row in rows)
    fallback = sum((row["fallback"] or 0.0) * row["lists"] for row in rows) / total if total else None
    right, days_back = None if isnan(w.accuracy.mean) or not w.said else w.accuracy.mean, found.limits.window_days
    outcomes = words.OUTCOMES.format(n=w.said)
    with st.container(horizontal=True, gap="small"):
        line = [row["accuracy"] for row in days]
        _tile(words.M_RIGHT.format(days=days_back), _percent(right), line, words.M_RIGHT_HELP, outcomes)
        line = [row["events"] for row in rows]
        _tile(words.M_EVENTS, f"{found.events.real:,}", line, words.M_EVENTS_HELP)
        _tile(words.M_LISTS, f"{total:,}", [row["lists"] for row in rows], words.M_LISTS_HELP)
        _tile(words.M_FALLBACK, _percent(fallback), lower, words.M_FALLBACK_HELP)
        line = [row["coverage"] for row in rows if row["coverage"] is not None]
        _tile(words.M_COVERAGE, _percent(traffic.coverage), line, words.M_COVERAGE_HELP)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"


def _tile(name: str, value: str, line: list[float], says: str, below: str | None = None) -> None:
    with st.container(border=True, width=162, height="stretch", gap=None):
        st.metric(name, value, below, delta_color="off", delta_arrow="off", help=says)
        if len(line) > 1:
            parts.sparkline(line, words.SPARKLINE.format(name=name, n=len(line), first=line[0], last=line[-1]))


if __name__ == "__main__":
    frame.show(words.PAGES["overview"][0], words.OVERVIEW_INTRO, page)
