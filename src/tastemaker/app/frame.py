"""What every page stands in: the open project, what is the matter with it, who may change it, what is cached."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from time import time
from typing import Any

import sqlalchemy as sa
import streamlit as st

from tastemaker import store as database
from tastemaker.app import parts, words
from tastemaker.app.data import discover, holdings, overview
from tastemaker.app.data.ability import Ability, ability
from tastemaker.app.data.trouble import Trouble, away, troubles
from tastemaker.app.settings import Settings
from tastemaker.data.catalog import Catalog
from tastemaker.errors import StoreError, TastemakerError
from tastemaker.monitor import Status
from tastemaker.store import Store
from tastemaker.store.answers import Answers
from tastemaker.store.location import file_of, find_root
from tastemaker.store.tables import decisions, events, jobs, model_versions, slates

Mark = tuple[Any, ...]
KEEP = 4  # of each thing that is cached
FRESH = 900  # seconds that a look at the whole project holds where nothing has changed


@dataclass(frozen=True)
class Opened:
    """mark: changes whenever something that is cached may be out of date; troubles: what is shown above every page"""

    settings: Settings
    store: Store
    mark: Mark
    may_change: bool
    troubles: tuple[Trouble, ...]

    @property
    def answers_mark(self) -> Mark:
        """Changes when other lists would be shown: another version, catalog or features."""
        return self.mark[:3]

    def answers(self, version: int | None = None) -> Answers:
        return _answers(str(self.store.root), self.answers_mark, version, self.store)

    def catalog(self) -> Catalog:
        return _catalog(str(self.store.root), self.answers_mark[1:], self.store)

    def ability(self) -> Ability:
        return _ability(str(self.store.root), self.answers_mark, self.answers())

    def status(self) -> Status:
        return _status(str(self.store.root), self.mark, int(time()) // FRESH, self.store)

    def traffic(self) -> overview.Traffic:
        return _traffic(str(self.store.root), self.mark, int(time()) // FRESH, self.store)

    def users(self) -> list[str]:
        return _users(str(self.store.root), self.mark, self.store)

    def holdings(self) -> holdings.Holdings:
        return _holdings(str(self.store.root), self.mark, self.catalog(), self.store)

    def recipe(self) -> dict[str, Any]:
        return self.store.recipe()


@st.cache_resource(max_entries=2, show_spinner=False)
def _engine(root: str) -> Store:
    return Store.open(find_root(root))


@st.cache_resource(max_entries=KEEP, show_spinner=words.OPENING)
def _answers(root: str, mark: Mark, version: int | None, _store: Store) -> Answers:
    return Answers.open(_store, version)


@st.cache_resource(max_entries=2, show_spinner=False)
def _catalog(root: str, mark: Mark, _store: Store) -> Catalog:
    with _store.read() as conn:
        return database.read_catalog(conn)


@st.cache_resource(max_entries=2, show_spinner=False)
def _ability(root: str, mark: Mark, _answers: Answers) -> Ability:
    return ability(_answers)


@st.cache_resource(max_entries=2, show_spinner=words.LOOKING)
def _status(root: str, mark: Mark, slot: int, _store: Store) -> Status:
    return overview.look(_store, int(time()))


@st.cache_resource(max_entries=2, show_spinner=False)
def _traffic(root: str, mark: Mark, slot: int, _store: Store) -> overview.Traffic:
    return overview.traffic(_store, int(time()))


@st.cache_resource(max_entries=2, show_spinner=False)
def _users(root: str, mark: Mark, _store: Store) -> list[str]:
    return discover.known_users(_store)


@st.cache_resource(max_entries=2, show_spinner=False)
def _holdings(root: str, mark: Mark, _catalog: Catalog, _store: Store) -> holdings.Holdings:
    return holdings.holdings(_store, _catalog)


@st.cache_resource(max_entries=2, show_spinner=False)
def _troubles(root: str, mark: Mark, _store: Store) -> tuple[Trouble, ...]:
    return tuple(troubles(_store))


def mark_of(store: Store) -> Mark:
    """Cheap, and different after every change that a page shows."""
    with store.read() as conn:
        active = database.active_version(conn)
        metas = database.get_meta(conn, "features"), database.get_meta(conn, "catalog")
        last = [conn.scalar(sa.select(sa.func.max(t.c.id))) for t in (model_versions, events, slates, decisions, jobs)]
    return (None if active is None else active.id, *metas, *last)


def show(title: str, intro: str, page: Callable[[Opened], None]) -> None:
    """A page: its heading, what is the matter, and its body; errors of ours are said, never a trace."""
    st.title(title, anchor=False)
    st.caption(intro)
    try:
        opened = _opened(Settings.of())
        _said_above(opened.troubles)
        if not any(trouble.stops for trouble in opened.troubles):
            page(opened)
    except TastemakerError as error:
        if isinstance(error, StoreError):
            _engine.clear()
        say(away(error))


def _opened(settings: Settings) -> Opened:
    store = _engine(str(settings.root))
    file = file_of(store.engine.url)
    if file is not None and not file.is_file():
        _engine.clear()
        store = _engine(str(settings.root))  # which says what is the matter
    mark = mark_of(store)
    may_change = _sidebar(settings, store)
    found = _troubles(str(store.root), mark, store)
    return Opened(settings, store, mark, may_change, (*found, *_damage(str(store.root), mark, store, found)))


def _damage(root: str, mark: Mark, store: Store, found: tuple[Trouble, ...]) -> tuple[Trouble, ...]:
    """What the chain that answers could not load, where nothing else said so already."""
    if found and (found[0].stops or found[0].kind in ("damaged", "no version")):
        return ()
    problem = _answers(root, mark[:3], None, store).recommender.problem
    return (Trouble("damaged", words.LEVELS_WHAT.format(why=problem), words.LEVELS_TODO),) if problem else ()


def _sidebar(settings: Settings, store: Store) -> bool:
    """The project's name and the key; may whoever looks change it?"""
    with st.sidebar:
        st.markdown(words.PROJECT.format(name=parts.plain(store.root.resolve().name)))
        if settings.read_only:
            st.markdown(words.READ_ONLY)
            return False
        if not settings.wants_key:
            return settings.may_change()
        key = st.text_input(
            words.ADMIN_KEY, type="password", key="admin key", help=words.ADMIN_KEY_HELP, persist_state="session"
        )
        if key and not settings.may_change(key):
            st.markdown(words.WRONG_KEY)
        return settings.may_change(key)


def _said_above(found: tuple[Trouble, ...]) -> None:
    for trouble in found:
        say(trouble)


def say(trouble: Trouble) -> None:
    """What is the matter, and what to do."""
    box = st.info if trouble.kind in ("empty", "many", "half") else st.warning
    icon = ":material/info:" if trouble.kind in ("empty", "many", "half") else ":material/warning:"
    box(f"**{trouble.what}**\n\n{trouble.todo}", icon=icon)


def locked(opened: Opened) -> bool:
    """Says why nothing may be changed, where that is so."""
    if opened.may_change:
        return False
    why = (
        words.LOCKED_READ_ONLY
        if opened.settings.read_only
        else words.LOCKED_KEY
        if opened.settings.wants_key
        else words.LOCKED_FAR
    )
    st.caption(f":material/lock: {why}")
    return True


def act(do: Callable[[], str]) -> None:
    """Carry out a change and say what came of it, or what refused it."""
    try:
        st.session_state["said"] = ("ok", do())
    except TastemakerError as error:
        st.session_state["said"] = ("error", str(error))


def last_act() -> None:
    """What the last change came to; shown once."""
    said = st.session_state.pop("said", None)
    if said is not None:
        with suppress(KeyError):
            {"ok": st.success, "error": st.error}[said[0]](said[1])
