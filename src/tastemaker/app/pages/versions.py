"""Versions: their family, what each was judged by, two side by side, activation and rollback with their reason."""

from collections.abc import Sequence

import streamlit as st

from tastemaker import store as database
from tastemaker.app import frame, parts, words
from tastemaker.app.data import versions
from tastemaker.store import ModelVersion, Store


def page(opened: frame.Opened) -> None:
    frame.last_act()
    found = versions.known(opened.store)
    if not found:
        parts.nothing(words.NO_VERSIONS)
        return
    judged = versions.quality_plot(found)
    parts.chart(judged, words.NOT_JUDGED)
    if judged is not None and len(judged.rows) > 1:
        st.caption(words.JUDGED_SAYS)
    st.subheader(words.FAMILY, anchor=False)
    parts.table(versions.version_rows(found), alt=words.FAMILY)
    if len(found) > versions.MOST:
        st.caption(words.OLDER.format(n=len(found) - versions.MOST))
    by_id = {v.id: v for v in found}
    if len(found) > 1:
        _compare(opened, by_id)
    _figures(by_id, opened.active)
    _change(opened, found)
    st.subheader(words.ACTIVATIONS, anchor=False)
    parts.table(versions.activation_rows(opened.store), words.NO_ACTIVATIONS, words.ACTIVATIONS)


def _name(v: ModelVersion) -> str:
    return f"{v.id} · {v.algorithm} ({v.state})"


def _figures(by_id: dict[int, ModelVersion], active: int | None) -> None:
    st.subheader(words.FIGURES, anchor=False)
    ids = list(by_id)
    chosen = st.selectbox(
        words.FIGURES_OF, ids, index=ids.index(active) if active in by_id else 0, format_func=lambda i: _name(by_id[i])
    )
    parts.table(versions.metric_rows(by_id[chosen]), words.NOT_JUDGED, words.FIGURES)


def _compare(opened: frame.Opened, by_id: dict[int, ModelVersion]) -> None:
    st.subheader(words.SIDE_BY_SIDE, anchor=False)
    ids, active = list(by_id), opened.active
    left, right = st.columns(2)
    first = left.selectbox(
        words.FIRST,
        ids,
        index=ids.index(active) if active in by_id else 0,
        format_func=lambda i: _name(by_id[i]),
        key="first",
    )
    others = [i for i in ids if i != first]
    second = right.selectbox(words.SECOND, others, format_func=lambda i: _name(by_id[i]), key="second")
    a, b = by_id[first], by_id[second]
    settings, metrics = versions.differing(a, b), versions.metrics_beside(a, b)
    with left:
        st.caption(words.DIFFERING)
        parts.table(settings, words.NO_DIFFERING, words.DIFFERING)
    with right:
        st.caption(words.METRICS_BESIDE)
        parts.table(metrics, words.NO_METRICS_BESIDE, words.METRICS_BESIDE)
    _lists(opened, a, b)


def _lists(opened: frame.Opened, a: ModelVersion, b: ModelVersion) -> None:
    """The same people asked of both; the one whose lists differ most first."""
    if not (a.artifact and b.artifact):
        st.caption(words.PRUNED)
        return
    found = versions.lists_beside(opened.answers(a.id), opened.answers(b.id), opened.users())
    mean = sum(lists.shared for lists in found) / len(found)
    st.caption(words.LISTS_SAY.format(n=len(found), mean=mean, first=versions.FIRST))
    chosen = st.selectbox(
        words.PERSON_OF,
        found,
        format_func=lambda lists: words.SHARED.format(who=lists.person, n=lists.shared),
        key="person",
    )
    for column, v, titles, other in zip(
        st.columns(2), (a, b), (chosen.first, chosen.second), (chosen.second, chosen.first), strict=True
    ):
        rows = [
            {words.COL_RANK: k, words.VERSION_N.format(n=v.id): title, words.ALSO: words.YES if title in other else ""}
            for k, title in enumerate(titles, 1)
        ]
        with column:
            parts.table(rows, alt=words.SIDE_BY_SIDE)


def _change(opened: frame.Opened, found: Sequence[ModelVersion]) -> None:
    st.subheader(words.CHANGE, anchor=False)
    if frame.locked(opened):
        return
    active = opened.active
    others = {v.id: _name(v) for v in found if v.id != active and v.artifact}
    with st.form("change", clear_on_submit=True):
        why = st.text_input(words.REASON, placeholder=words.REASON_HINT, key="reason")
        chosen = st.selectbox(words.ACTIVATE_WHICH, list(others), format_func=others.__getitem__) if others else None
        with st.container(horizontal=True):
            yes = st.form_submit_button(words.ACTIVATE, disabled=chosen is None, icon=":material/check_circle:")
            back = st.form_submit_button(words.ROLL_BACK, icon=":material/undo:")
    if yes or back:
        _done(opened.store, why.strip(), chosen if yes else None)


def _done(store: Store, why: str, version: int | None) -> None:
    """version: None = roll back."""
    if not why:
        st.error(words.NO_REASON)
        return

    def change() -> str:
        with store.begin() as conn:
            now = database.rollback(conn, why) if version is None else database.activate(conn, version, why)
        return str(words.NOW_ACTIVE.format(version=now.id, model=now.algorithm))

    frame.act(change)
    st.rerun()


if __name__ == "__main__":
    frame.show(words.PAGES["versions"][0], words.VERSIONS_INTRO, page)
