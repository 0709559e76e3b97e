"""The recipe's [source]: where its tables are, and what is there."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from ..data.foreign import Found, look, shown_url
from ..data.table import names_of, plain_name
from ..errors import DataError, StoreError
from ..recipe import Recipe
from ..store import Store
from ..store.location import dotenv

ENVIRONMENT = "TASTEMAKER_SOURCE_URL"


@dataclass(frozen=True)
class Looked:
    """tables: what is there; missing: columns that the recipe asks for and none has; problem: why nobody can look

    joined: our names of the numbers that only tables joined to the first one have
    """

    where: str
    tables: Sequence[Found] = ()
    missing: Sequence[str] = ()
    problem: str = ""
    joined: Sequence[str] = ()


def source_url(store: Store, recipe: Recipe) -> str | None:
    """Where the recipe's tables are; None where it names none, or nobody says where."""
    source = recipe.source
    if not source.catalog and not source.events:
        return None
    said = source.url or os.environ.get(ENVIRONMENT) or dotenv(store.root / ".env").get(ENVIRONMENT)
    if said:
        return said
    own = store.engine.url
    return own.render_as_string(hide_password=False) if own.get_backend_name() == "postgresql" else None


def looked(store: Store, recipe: Recipe) -> Looked | None:
    """The tables as they are now; None where the recipe has none, or nobody says where."""
    url = source_url(store, recipe)
    if url is None:
        return None
    source, where = recipe.source, ""
    try:
        where = shown_url(url)
        items, events = look(url, source.catalog), look(url, source.events)
    except (DataError, StoreError) as error:
        return Looked(where, problem=str(error))
    missing = [*_missing(_wanted_of_items(recipe), items), *_missing(_wanted_of_events(recipe), events)]
    return Looked(where, [*items, *events], missing, joined=_joined(recipe, items))


def _joined(recipe: Recipe, tables: Sequence[Found]) -> list[str]:
    first, others = ({plain_name(c) for table in part for c in table.columns} for part in (tables[:1], tables[1:]))
    wanted = {name: {plain_name(n) for n in names_of(said)} for name, said in recipe.catalog.numbers.items()}
    return [name for name, columns in wanted.items() if columns & others and not columns & first]


def _wanted_of_items(recipe: Recipe) -> dict[str, str]:
    columns = recipe.catalog
    groups = (columns.text, columns.tags, columns.categories, columns.numbers, columns.show)
    wanted = {name: source for group in groups for name, source in group.items() if source not in columns.extract}
    return {"title": columns.title, **{f"id {i}": name for i, name in enumerate(columns.id, 1)}, **wanted}


def _wanted_of_events(recipe: Recipe) -> dict[str, str]:
    return {"user": recipe.events.user, "item": recipe.events.item, "time": recipe.events.time}


def _missing(wanted: dict[str, str], tables: Sequence[Found]) -> list[str]:
    """Those that no table has; of a SELECT nobody knows before it is read."""
    if any(not table.columns for table in tables):
        return []
    there = {plain_name(column) for table in tables for column in table.columns}
    return [
        f"{name} ({said})" for name, said in wanted.items() if not any(plain_name(n) in there for n in names_of(said))
    ]
