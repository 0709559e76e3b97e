"""Who is asked for on Discover: widgets that follow what the project can do, and what was said on the page so far."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import streamlit as st

from tastemaker.app import frame, parts, words
from tastemaker.app.data import discover, versions
from tastemaker.app.data.ability import Ability
from tastemaker.data.dataset import Scale
from tastemaker.store.answers import Answers

FEW_TASTES = 10  # that are all shown as pills; more are searched
GRADES = 10  # at most
SAID_HERE = ("did", "likes", "skips", "rated here", "feeling", "search", "tastes")
SAID_OF = ("label ", "taste ", "filter ")
SAID, MOST_LABELS = 0.005, 6  # shares below the first are no news


def person(opened: frame.Opened, answers: Answers, can: Ability) -> discover.Person:
    """What the widgets say, and what was clicked before."""
    st.subheader(words.PERSON, anchor=False)
    known = st.segmented_control(
        words.WHO, [words.NEW_PERSON, words.KNOWN_USER], default=words.NEW_PERSON, key="who", required=True
    )
    user = _known(opened) if known == words.KNOWN_USER else (visitor() if opened.may_change else None)
    text = st.text_area(words.FEELING, key="feeling", placeholder=words.FEELING_HINT, height=80) if can.context else ""
    labels = _labels(can.context)
    taste = _tastes(can.tastes) if can.tastes else {}
    likes = _liked(answers)
    with st.expander(words.FILTERS, icon=":material/filter_list:"):
        n = st.slider(words.HOW_MANY, 5, 30, 10, 5, key="n")
        filters = _filters(can.filters)
    if opened.may_change:
        st.toggle(words.RECORD, value=True, key="record", help=words.RECORD_HELP.format(user=user or visitor()))
    elif frame.locked(opened):
        st.caption(words.NOT_RECORDED)
    if any(st.session_state.get(name) for name in _said_here()):
        st.button(words.START_OVER, on_click=forget, icon=":material/restart_alt:")
    return discover.Person(
        user, known != words.KNOWN_USER, likes, tuple(st.session_state.get("skips", ())),
        st.session_state.get("rated here", {}), taste, filters, text.strip(), labels, n,
    )  # fmt: skip


def _known(opened: frame.Opened) -> str | None:
    users = opened.users()
    chosen = st.selectbox(
        words.USER, users, index=0 if users else None, accept_new_options=True, key="user", placeholder=words.USER_HINT
    )
    if not users:
        st.caption(words.NO_USERS)
    return chosen or None


def _labels(context: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """What surrounds them, said instead of read; a word that is no label is noted beside the list."""
    chosen = {
        block: st.selectbox(
            words.LABEL.format(block=block.replace("_", " ")), labels, index=None, key=f"label {block}",
            placeholder=words.LABEL_HINT, accept_new_options=True,
        )
        for block, labels in context.items()
    }  # fmt: skip
    return {block: label for block, label in chosen.items() if label}


def _tastes(tastes: tuple[str, ...]) -> dict[str, float]:
    """A slider a taste that is stated; the others are unknown, which is not the same as a half."""
    picked: Any
    said = {"format_func": lambda taste: taste.replace("_", " "), "key": "tastes", "help": words.TASTES_HELP}
    if len(tastes) <= FEW_TASTES:
        picked = st.pills(words.TASTES, tastes, selection_mode="multi", wrap=True, **said)
    else:
        picked = st.multiselect(words.TASTES, tastes, placeholder=words.TASTES_HINT, **said)
    return {t: st.slider(t.replace("_", " "), 0.0, 1.0, 0.8, 0.05, key=f"taste {t}") for t in picked or ()}


def _liked(answers: Answers) -> tuple[str, ...]:
    """Items found by their title; each stays until it is taken out."""
    text = st.text_input(words.SEARCH, key="search", placeholder=words.SEARCH_HINT, icon=":material/search:")
    found = [
        pair
        for pair in discover.search(answers.catalog, text or "")
        if pair[0] not in st.session_state.get("likes", ())
    ]
    if text and not found:
        st.caption(words.NOT_FOUND.format(text=text))
    for id_, title in found:
        st.button(
            parts.plain(title), key=f"add {id_}", icon=":material/add:", on_click=_add, args=(id_,), type="tertiary"
        )
    likes = tuple(st.session_state.get("likes", ()))
    if not likes:
        return ()
    titles = dict(zip(likes, (answers.catalog.titles[answers.catalog.find(id_)] for id_ in likes), strict=True))
    kept = st.multiselect(words.LIKED_ITEMS, likes, default=likes, format_func=lambda id_: titles[id_])
    if tuple(kept) != likes:
        st.session_state["likes"] = list(kept)
        st.rerun()
    return likes


def _add(id_: str) -> None:
    remember("likes", id_)
    st.session_state["search"] = ""


def _filters(filters: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    chosen = {
        name: st.selectbox(name.replace("_", " "), values, index=None, key=f"filter {name}", placeholder=words.ANY)
        for name, values in filters.items()
    }
    return {name: value for name, value in chosen.items() if value}


def other_version(opened: frame.Opened, answers: Answers) -> int | None:
    """Another version to ask the same, where somebody wants to compare."""
    active = opened.active
    found = [v for v in versions.known(opened.store) if v.id != active and v.artifact]
    if not found or not st.toggle(words.COMPARE, key="compare"):
        return None
    names = {v.id: f"{v.id} · {v.algorithm} ({v.state})" for v in found}
    chosen: int | None = st.selectbox(words.COMPARE_WITH, list(names), format_func=names.__getitem__, key="other")
    return chosen


def detected(context: Mapping[str, Mapping[str, float]], notes: Sequence[str]) -> None:
    """What was read off the text, or chosen, largest first; and what could not be."""
    for block, shares in context.items():
        said = [pair for pair in sorted(shares.items(), key=lambda pair: -pair[1]) if pair[1] >= SAID][:MOST_LABELS]
        st.markdown(f"**{words.DETECTED.format(block=block)}**")
        st.markdown(" · ".join(f"{parts.plain(name)} {value:.0%}" for name, value in said))
    for note in notes:
        st.caption(f":material/info: {parts.plain(note)}.")


def visitor() -> str:
    """The id under which a new person's clicks are recorded, one a visit."""
    if "visitor" not in st.session_state:
        st.session_state["visitor"] = f"visitor-{uuid4().hex[:6]}"
    return str(st.session_state["visitor"])


def remember(what: str, id_: str) -> None:
    kept = st.session_state.setdefault(what, [])
    if id_ not in kept:
        kept.append(id_)


def _said_here() -> list[str]:
    """The names under which the page keeps what was said of this person."""
    return [str(name) for name in st.session_state if name in SAID_HERE or str(name).startswith(SAID_OF)]


def forget() -> None:
    """Begin with somebody else."""
    for name in (*_said_here(), "visitor"):
        st.session_state.pop(name, None)


def grades(scale: Scale) -> list[float]:
    """The best first: whole numbers of the scale, or evenly spread ones where it is long."""
    low, high = sorted((scale.worst, scale.best))
    whole = [float(v) for v in range(int(-(-low // 1)), int(high // 1) + 1)]
    step = max(1, -(-len(whole) // GRADES))
    found = whole[::-step]
    return found if scale.best > scale.worst else found[::-1]
