"""What every page stands in: the open project, what is the matter with it, who may change it, what is cached."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from time import time
from typing import Any

import streamlit as st

from tastemaker.app import parts, words
from tastemaker.app.data import discover, holdings, overview, quality
from tastemaker.app.data.ability import Ability, ability
from tastemaker.app.data.marks import Mark, Marks, marks_of
from tastemaker.app.data.plot import Row
from tastemaker.app.data.trouble import Trouble, away, troubles
from tastemaker.app.settings import Settings
from tastemaker.data.catalog import Catalog
from tastemaker.errors import StoreError, TastemakerError
from tastemaker.monitor import Limits, Status
from tastemaker.store import Store
from tastemaker.store.answers import Answers
from tastemaker.store.location import file_of, find_root

KEEP = 4  # of each thing that is cached
FRESH, FRESH_MANY = 60, 600  # seconds until what users do meanwhile is counted; what somebody orders is seen at once


@dataclass(frozen=True)
class Opened:
    """marks: change whenever something that is cached may be out of date; troubles: what is shown above every page"""

    settings: Settings
    store: Store
    marks: Marks
    may_change: bool
    troubles: tuple[Trouble, ...]

    @property
    def root(self) -> str:
        return str(self.store.root)

    @property
    def active(self) -> int | None:
        return self.marks.active

    def answers(self, version: int | None = None) -> Answers:
        return _answers(self.root, self.marks.answers, version, self.store)

    def catalog(self) -> Catalog:
        return self.answers().catalog

    def ability(self) -> Ability:
        answers = self.answers()
        return _ability(self.root, self.marks.answers, answers.recommender.problem, answers)

    def status(self) -> Status:
        return _status(*self.fresh, self.store)

    def traffic(self) -> overview.Traffic:
        return _traffic(*self.fresh, self.store)

    def accuracy(self) -> list[Row]:
        return _accuracy(*self.fresh, self.store)

    def users(self) -> list[str]:
        return _users(self.root, self.marks.people, self._slot(), self.store)

    def holdings(self) -> holdings.Holdings:
        return _holdings(*self.fresh, self.catalog(), self.store)

    def quality(self) -> quality.Seen:
        return _quality(*self.fresh, self.store)

    def recipe(self) -> dict[str, Any]:
        return self.store.recipe()

    @property
    def fresh(self) -> tuple[str, Mark, int]:
        """What is cached under it is counted anew in time, and as soon as somebody orders something."""
        return self.root, self.marks.ordered, self._slot()

    def _slot(self) -> int:
        """Changes with the time after which everything is counted anew: seldom, where that takes long."""
        many = any(trouble.kind == "many" for trouble in self.troubles)
        return int(time()) // (FRESH_MANY if many else FRESH)


@st.cache_resource(max_entries=2, show_spinner=False)
def _engine(root: str) -> Store:
    return Store.open(find_root(root))


@st.cache_resource(max_entries=KEEP, show_spinner=False)  # `warm` has no page to show one on
def _answers(root: str, mark: Mark, version: int | None, _store: Store) -> Answers:
    return Answers.open(_store, version)


@st.cache_resource(max_entries=2, show_spinner=False)
def _ability(root: str, mark: Mark, problem: str, _answers: Answers) -> Ability:
    return ability(_answers)


@st.cache_resource(max_entries=2, show_spinner=words.LOOKING)
def _status(root: str, mark: Mark, slot: int, _store: Store) -> Status:
    return overview.look(_store, int(time()))


@st.cache_resource(max_entries=2, show_spinner=False)
def _traffic(root: str, mark: Mark, slot: int, _store: Store) -> overview.Traffic:
    return overview.traffic(_store, int(time()))


@st.cache_resource(max_entries=2, show_spinner=False)
def _accuracy(root: str, mark: Mark, slot: int, _store: Store) -> list[Row]:
    return overview.accuracy_by_day(_store, int(time()))


@st.cache_resource(max_entries=2, show_spinner=False)
def _users(root: str, mark: Mark, slot: int, _store: Store) -> list[str]:
    return discover.known_users(_store)


@st.cache_resource(max_entries=2, show_spinner=words.LOOKING)
def _holdings(root: str, mark: Mark, slot: int, _catalog: Catalog, _store: Store) -> holdings.Holdings:
    return holdings.holdings(_store, _catalog)


@st.cache_resource(max_entries=2, show_spinner=words.LOOKING)
def _quality(root: str, mark: Mark, slot: int, _store: Store) -> quality.Seen:
    return quality.look(_store, Limits.of(_store.recipe()))


def warm(settings: Settings) -> None:
    """Opens the project before anybody looks, so that the first visitor waits for nothing."""
    with suppress(TastemakerError):
        store = _engine(str(settings.root))
        _answers(str(store.root), marks_of(store).answers, None, store)


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
    there(store)
    marks = marks_of(store)
    may_change = _sidebar(settings, store)
    found = tuple(troubles(store))
    return Opened(settings, store, marks, may_change, (*found, *_damage(marks, store, found)))


def there(store: Store) -> None:
    """StoreError where its file is gone: an open database would not tell."""
    file = file_of(store.engine.url)
    if file is not None and not file.is_file():
        _engine.clear()
        Store.open(store.root).close()  # which says what is the matter


def _damage(marks: Marks, store: Store, found: tuple[Trouble, ...]) -> tuple[Trouble, ...]:
    """What the chain that answers could not load, where nothing else said so already; looked at anew each time."""
    if found and found[0].stops:
        return ()
    asked = str(store.root), marks.answers, None, store
    if _answers(*asked).recommender.problem:
        _answers.clear(*asked)  # it may have been mended since
    problem = _answers(*asked).recommender.problem
    if not problem or (found and found[0].kind in ("damaged", "no version")):
        return ()
    return (Trouble("damaged", words.LEVELS_WHAT.format(why=problem), words.LEVELS_TODO),)


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
    except (TastemakerError, OSError) as error:
        st.session_state["said"] = ("error", str(error))


def last_act() -> None:
    """What the last change came to; shown once."""
    said = st.session_state.pop("said", None)
    if said is not None:
        with suppress(KeyError):
            {"ok": st.success, "error": st.error}[said[0]](said[1])
