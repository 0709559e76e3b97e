"""The tables of the recipe's [source] into the project."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from ..data.foreign import joined, look
from ..data.read import read_table
from ..data.stream_sql import stream_sql
from ..errors import DataError, PartlyImported, StoreError
from ..recipe import Recipe
from ..store import Store
from ..watch import Watch
from .imports import Imported, import_catalog
from .looking import ENVIRONMENT, source_url
from .streaming import import_stream


def import_source(
    store: Store, recipe: Recipe, skip_bad_rows: bool = False, watch: Watch | None = None
) -> list[Imported]:
    """Items first, then events, which are read a part at a time and may be none yet; DataError where there is no
    [source], PartlyImported where it goes wrong after some of it is in."""
    url = source_url(store, recipe)
    if url is None:
        raise DataError(
            "Name a file, or say where the tables are: url under [source] in recipe.toml (and its catalog and events), "
            f"or {ENVIRONMENT} in the environment or in .env."
        )
    done: list[Imported] = []
    try:
        for one in _imported(store, recipe, url, skip_bad_rows, watch):
            done.append(one)
    except (DataError, StoreError) as error:
        if not done:
            raise
        said = "; ".join(f"{one.record.source}: {one.record.rows} rows read, {one.added} new" for one in done)
        rest = str(error).removesuffix(" Nothing was imported.")
        raise PartlyImported(f"{said}. But then: {rest} When that is mended: tastemaker import") from error
    return done


def _imported(store: Store, recipe: Recipe, url: str, skip_bad_rows: bool, watch: Watch | None) -> Iterator[Imported]:
    if recipe.source.catalog:
        table = read_table(f"{url}::{joined(url, recipe.source.catalog, recipe.source.on)}")
        named = replace(table, source=f"{table.source.partition('::')[0]}::{' + '.join(recipe.source.catalog)}")
        yield import_catalog(store, recipe, named, skip_bad_rows, watch=watch)
    for name in recipe.source.events:
        look(url, [name])  # a table that is not there is told of with what to do
        yield import_stream(store, recipe, partial(stream_sql, f"{url}::{name}", empty=True), skip_bad_rows, watch)
