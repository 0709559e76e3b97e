"""A recipe for a public data set, or a table of events: guessed from its items where they say something."""

import json
from math import isnan

from ..data.catalog import Catalog
from ..data.columns import CatalogColumns, EventColumns
from ..data.formats import Published
from ..data.table import Column, numbered_table
from ..recipe import guess
from ..recipe.guess_write import EVENTS

BARE = """\
# Made for {source}: nothing is known of its items but who chose them. A catalog may follow: tastemaker import --catalog

title = {title}

[catalog]
id = ["id"]
title = "title"

{events}
[features]
blocks = []

[models.content]                   # which model learns best from these events, tastemaker compare says

[rules]
repeat = false                     # may what a user already knows be recommended?
"""


def published_recipe(found: Published) -> str:
    """TOML that read_recipe() accepts."""
    events = _events(found.columns)
    if found.items is None:
        return BARE.format(source=found.source, title=json.dumps(found.source, ensure_ascii=False), events=events)
    guessed = guess(numbered_table(found.source, _cells(found.catalog, found.items)))
    return guessed.as_toml().replace(EVENTS, events)


def _events(columns: EventColumns) -> str:
    names = {"user": columns.user, "item": columns.item, "group": columns.group, "time": columns.time}
    lines = ["[events]                           # what users did: one row each"]
    lines += [f"{name} = {json.dumps(column, ensure_ascii=False)}" for name, column in names.items()]
    if columns.scales:
        lines.append("[events.scales]                    # the column that is present tells the kind of event")
    for kind, scale in columns.scales.items():
        column = json.dumps(scale.column, ensure_ascii=False)
        lines.append(f"{kind} = {{ column = {column}, worst = {scale.worst:g}, best = {scale.best:g} }}")
    return "\n".join([*lines, ""])


def _cells(catalog: Catalog, columns: CatalogColumns) -> dict[str, Column]:
    """The catalog as the columns that it was read from."""
    cells: dict[str, Column] = {columns.id[0]: list(catalog.items.ids), columns.title: list(catalog.titles)}
    for name, tags in columns.tags.items():
        cells[tags] = [columns.separator.join(row) for row in catalog.tags[name]]
    for name, number in columns.numbers.items():
        cells[number] = ["" if isnan(value) else f"{value:g}" for value in catalog.numbers[name].tolist()]
    return cells
