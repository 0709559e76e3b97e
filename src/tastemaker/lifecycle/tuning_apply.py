"""What a search found, written into the project's recipe.toml: comments, order and everything else stay as they are."""

import tomllib
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, fields
from time import time
from typing import Any

from .. import store as database
from ..algorithms import ALGORITHMS
from ..errors import RecipeError
from ..recipe import Recipe, resolve
from ..store import Store
from ..store import tuning as kept
from ..store.folders import replace_file
from ..tune import Params, value_of, with_values
from ..tune.space import Value
from .tuning import Tuned, review


@dataclass(frozen=True)
class Applied:
    """changes: field -> (before, now); {} = the recipe says so already."""

    study: str
    model: str
    changes: Mapping[str, tuple[Value, Value]]


def apply(store: Store, recipe: Recipe, study: str | None = None) -> Applied:
    """The best settings become the recipe's; they count from the next training on."""
    found = review(store, study)
    _check(found, recipe)
    model, best = found.study.model, found.report.settings()
    before = recipe.models[model]
    changes = {path: (value_of(before, path), value) for path, value in best.items() if value_of(before, path) != value}
    if changes:
        file = store.root / "recipe.toml"
        wanted = {path: now for path, (_, now) in changes.items()}
        text = edited(file.read_text("utf-8"), recipe, model, wanted)
        now = resolve({"name": recipe.name, **tomllib.loads(text)}, file.name)
        if now.models[model] != with_values(before, wanted):
            raise RecipeError(
                f"{file}: [models.{model}] could not be changed as wanted. Nothing was written; enter by hand what "
                f"{found.folder / 'best_hp.json'} says."
            )
        replace_file(file, text.encode())
    _remember(store, found, changes)
    return Applied(found.study.id, model, changes)


def _check(found: Tuned, recipe: Recipe) -> None:
    id_, model = found.study.id, found.study.model
    if found.report.best is None:
        raise RecipeError(f"No trial of study {id_} came to its end, so there is nothing to apply.")
    if model not in recipe.models:
        raise RecipeError(f"Study {id_} tuned {model!r}, and recipe.toml has no [models.{model}] any more.")


def _remember(store: Store, found: Tuned, changes: Mapping[str, tuple[Value, Value]]) -> None:
    now = int(time())
    said = ", ".join(f"{path} {before} → {after}" for path, (before, after) in changes.items()) or "nothing to change"
    with store.begin() as conn:
        kept.set_study(conn, found.study.id, result={**(found.study.result or {}), "applied_at": now})
        database.record_decision(conn, "tuned", f"{found.study.id}: {found.study.model}: {said}", now)


def edited(text: str, recipe: Recipe, model: str, params: Params) -> str:
    """The recipe's text with these settings under [models.`model`]."""
    import tomlkit

    document = tomlkit.parse(text)
    models: Any = document["models"]
    table = models[model]
    for path, value in params.items():
        if not path.startswith("members."):
            _put(table, path, value)
    nested = [path for path in params if path.startswith("members.")]
    if nested:
        _put_members(table, recipe, model, {path: params[path] for path in nested})
    return tomlkit.dumps(document)


def _put(table: Any, name: str, value: Any) -> None:
    """A new key stands before the blank lines and comments that end a table: they belong to the next one."""
    if name in table or not hasattr(table, "value"):
        table[name] = value
        return
    body, tail = table.value.body, []
    while body and body[-1][0] is None:
        tail.append(body.pop())
    table.append(name, value)
    body.extend(reversed(tail))


def _put_members(table: Any, recipe: Recipe, model: str, params: Params) -> None:
    """Members whose settings change are written out; a model that is used by its name stays what it is elsewhere."""
    import tomlkit

    now = with_values(recipe.models[model], params)
    specs = Recipe(recipe.title, recipe.catalog, models={model: now}).as_json()["models"][model]["members"]
    touched = {int(path.split(".")[1]) for path in params}
    written = tomlkit.array()
    present = list(table.get("members", [])) or [None] * len(specs)
    for i, (raw, spec) in enumerate(zip(present, specs, strict=True)):
        written.append(_inline(spec) if i in touched or raw is None else raw)
    if "members" in table:
        table["members"] = written
    else:
        _put(table, "members", written)


def _inline(spec: MutableMapping[str, Any]) -> Any:
    """A table on one line: the algorithm, and what is not its default."""
    import tomlkit

    plain = ALGORITHMS[spec["algorithm"]]()
    defaults = {f.name: getattr(plain, f.name) for f in fields(plain)}
    found = tomlkit.inline_table()
    for name, value in spec.items():
        said = tuple(value) if isinstance(value, list) else value
        if name in {"algorithm", "members"} or defaults[name] != said:
            found.append(name, [_inline(one) for one in value] if name == "members" else value)
    return found
