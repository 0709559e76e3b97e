"""Discover: describe a person, see their list change at once, and say what you think of it."""

from time import time
from typing import Any

import streamlit as st

from tastemaker.app import describe, frame, parts, scatter, words
from tastemaker.app.card import card
from tastemaker.app.data import discover, maps, recording
from tastemaker.app.data.ability import Ability
from tastemaker.app.data.plot import Row
from tastemaker.store.answers import Answers


def page(opened: frame.Opened) -> None:
    answers, can = opened.answers(), opened.ability()
    left, right = st.columns([2, 3], gap="large")
    with left:
        person = describe.person(opened, answers, can)
        other = describe.other_version(opened, answers)
    with right:
        frame.last_act()
        shown = discover.ask(answers, person)
        st.session_state["shown"] = (shown, int(time()))
        describe.detected(shown.context, shown.notes)
        _answered(answers, shown)
        if other is not None:
            _beside(opened, answers, shown, other, person)
        else:
            for row in shown.rows:
                _item(opened, answers, row, person, can)
            _gave(shown, can)
    if can.numbers:
        _map(opened, answers, shown, person)


def _answered(answers: Answers, shown: discover.Shown) -> None:
    """Which level answered, and why no better one did."""
    slate = shown.slate
    st.subheader(words.LIST, anchor=False)
    said = words.LEVELS.get(slate.level, slate.level).format(version=slate.version)
    st.caption(words.ANSWERED.format(who=said, n=len(shown.rows)))
    if slate.level_reason:
        st.caption(words.FALLBACK_WHY.format(why=slate.level_reason))
    if not shown.rows:
        parts.nothing(words.NOTHING_FITS)


def _item(opened: frame.Opened, answers: Answers, row: Row, person: discover.Person, can: Ability) -> None:
    with st.container(border=True, key=f"item {row['rank']}"):
        st.html(card(row, can.stars))
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            _actions(opened, answers, row, person)


def _gave(shown: discover.Shown, can: Ability) -> None:
    """Given stars, beside the foretold ones above."""
    if can.stars is None or not shown.gave:
        return
    with st.expander(words.GAVE.format(n=len(shown.gave)), icon=":material/star:"):
        parts.table([{words.COL_ITEM: r["title"], words.GAVE_STARS: f"★ {r['value']:g}"} for r in shown.gave])


def _actions(opened: frame.Opened, answers: Answers, row: Row, person: discover.Person) -> None:
    id_, at = row["id"], row["rank"]
    who = (opened, answers, person.user)
    st.button(
        words.LIKE,
        key=f"like {at} {id_}",
        icon=":material/favorite:",
        on_click=_did,
        kwargs={"kind": "like", "id_": id_},
        args=who,
    )
    st.button(
        words.SKIP,
        key=f"skip {at} {id_}",
        icon=":material/block:",
        on_click=_did,
        kwargs={"kind": "skip", "id_": id_},
        args=who,
    )
    scale = answers.scales.get("rating")
    if scale is not None:
        grades = describe.grades(scale)
        key = f"rate {at} {id_}"
        st.selectbox(
            words.RATE, grades, index=None, key=key, placeholder=words.RATE, label_visibility="collapsed", width=130,
            format_func=lambda v: f"{'★' * round(v)} {v:g}" if scale.best <= 5 else f"{v:g}",
            on_change=_did, kwargs={"kind": "rating", "id_": id_, "key": key}, args=who,
        )  # fmt: skip


def _did(opened: frame.Opened, answers: Answers, user: str | None, kind: str, id_: str, key: str = "") -> None:
    """Recorded where that is allowed; else it counts on this page alone."""
    chosen = st.session_state[key] if key else 1.0
    if chosen is None:  # the box was cleared
        return
    value = float(chosen)
    st.session_state["did"] = True
    if opened.may_change and st.session_state.get("record", True):
        who = user or describe.visitor()
        shown, at = st.session_state.get("shown", (None, 0))
        done = recording.Done(who, id_, kind, value)
        frame.act(lambda: _recorded(opened, answers, done, shown, at))
        return
    if kind == "rating":
        st.session_state.setdefault("rated here", {})[id_] = value
    else:
        describe.remember("likes" if kind == "like" else "skips", id_)
    st.session_state["said"] = ("ok", words.NOTED.format(what=words.DID[kind], title=_title(answers, id_)))


def _recorded(opened: frame.Opened, answers: Answers, done: recording.Done, shown: Any, at: int) -> str:
    recording.record(opened.store, answers, done, shown, at)
    return str(words.RECORDED.format(what=words.DID[done.kind], title=_title(answers, done.item), user=done.user))


def _title(answers: Answers, id_: str) -> str:
    return parts.plain(answers.catalog.titles[answers.catalog.find(id_)])


def _beside(opened: frame.Opened, answers: Answers, shown: discover.Shown, other: int, person: discover.Person) -> None:
    """The same question to two versions."""
    second = discover.ask(opened.answers(other), person)
    both = {row["id"] for row in shown.rows} & {row["id"] for row in second.rows}
    st.caption(words.BESIDE.format(shared=len(both), n=len(shown.rows)))
    for column, name, found in zip(st.columns(2), (shown.slate.version, str(other)), (shown, second), strict=True):
        with column:
            st.markdown(f"**{words.VERSION_N.format(n=name)}**")
            for row in found.rows:
                same = "" if row["id"] in both else f" :orange[{words.ONLY_HERE}]"
                st.markdown(f"{row['rank']}. {parts.plain(row['title'])}{same}  \n:small[{parts.plain(row['why'])}]")


def _map(opened: frame.Opened, answers: Answers, shown: discover.Shown, person: discover.Person) -> None:
    key, catalog = ("map", opened.marks.answers), answers.catalog
    if st.session_state.get("map", (None,))[0] != key:
        drawn = maps.map_of(catalog)
        st.session_state["map"] = (key, drawn, maps.others_on(catalog, drawn))
    _, found, others = st.session_state["map"]
    liked = {*person.likes, *shown.query.likes, *(i for i, v in shown.query.ratings.items() if v > 0)}
    named = maps.named_on(catalog, found, [row["id"] for row in shown.rows], liked)
    with st.container(border=True):
        st.markdown(f"**{words.MAP_TITLE.format(said=found.said)}**")
        spec = scatter.drawn(found.axes, others=others, named=named)
        st.vega_lite_chart(spec=spec, key="map chart", alt=words.MAP_ALT)
        parts.download("map", lambda: maps.rows_of(others, named))


if __name__ == "__main__":
    frame.show(words.PAGES["discover"][0], words.DISCOVER_INTRO, page)
