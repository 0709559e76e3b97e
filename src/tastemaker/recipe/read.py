"""A domain as data: one TOML file, read once, refused loudly."""

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from ..algorithms import ALGORITHMS, Algorithm
from ..data.columns import CatalogColumns, EventColumns
from ..data.dataset import Scale
from ..data.nearest import did_you_mean
from ..errors import RecipeError
from ..explain.settings import Wording
from ..features.build import FeatureSettings
from ..features.tastes import Tastes
from ..monitor import Limits
from ..synth.life import Life
from ..synth.samples import Sample
from ..synth.users import Population
from .context import ForeignTables, TextContext, check_context, of_context
from .retraining import Retraining
from .source import Source

BUILT_IN = Path(__file__).parents[1] / "recipes"


@dataclass(frozen=True)
class Judgement:
    """users: held-out users a case; min_lift: points of the metric before a candidate replaces the active version.

    later: how models of events are judged on what came later. auto = outcomes are foretold where something is disliked;
    ranking = new likes have to be found, also where some skip what they do not want
    """

    users: int = 500
    later: Literal["auto", "ranking"] = "auto"
    metric: Literal["spearman", "ndcg@10"] = "spearman"
    min_lift: float = 5.0


@dataclass(frozen=True)
class Rules:
    """repeat: may an item that the user already knows be recommended?

    near: what the nearest item in content gains, in units of preference (-1 to 1); invented users cannot teach this,
    since they know nothing but families
    stated: what a stated taste itself gains, in preference for each unit of (taste - 1/2) (share of the family), beside
    what the model makes of it: who asks for one family alone shall get that family
    whole: does an item count whole for each family that it belongs to most, instead of by its share?
    asked: what a stated taste gains beside a model learned from what people do, families counted whole, in distances of
    a query's best score from its mean; 0 = such a model does not hear tastes
    """

    repeat: bool = False
    near: float = 0.5
    stated: float = 3.0
    whole: bool = False
    asked: float = 0.8


@dataclass(frozen=True)
class Recipe:
    title: str
    catalog: CatalogColumns
    events: EventColumns = field(default_factory=EventColumns)
    features: FeatureSettings = field(default_factory=FeatureSettings)
    tastes: Tastes = field(default_factory=lambda: Tastes({}))
    synth: Population = field(default_factory=Population)
    models: Mapping[str, Algorithm] = field(default_factory=dict)
    judge: Judgement = field(default_factory=Judgement)
    rules: Rules = field(default_factory=Rules)
    quality: Limits = field(default_factory=Limits)
    retrain: Retraining = field(default_factory=Retraining)
    explain: Wording = field(default_factory=Wording)
    sample: Sample = field(default_factory=Sample)
    context: Mapping[str, TextContext] = field(default_factory=dict)
    life: Life = field(default_factory=Life)
    foreign: ForeignTables = field(default_factory=ForeignTables)
    source: Source = field(default_factory=Source)
    name: str = ""

    @property
    def scales(self) -> dict[str, Scale]:
        """kind of event -> Scale."""
        return {kind: column.scale() for kind, column in self.events.scales.items()}

    @property
    def invents(self) -> bool:
        """Does it describe users, of whom a model of tastes can learn before there is anybody?"""
        return bool(self.tastes.names and self.synth.archetypes)

    def as_json(self) -> dict[str, Any]:
        """The resolved recipe: every default written out."""
        found = asdict(self)
        found["models"] = {name: _spec(model) for name, model in self.models.items()}
        return found


def recipe_names() -> list[str]:
    return sorted(path.stem for path in BUILT_IN.glob("*.toml"))


def first_sample() -> str:
    """The built-in recipe whose [sample] says that it is the first one to show."""
    names = recipe_names()
    samples = {name: tomllib.loads((BUILT_IN / f"{name}.toml").read_text("utf-8")).get("sample", {}) for name in names}
    return next((name for name, sample in samples.items() if sample.get("first")), names[0])


def find_recipe(name: str) -> Path:
    """The file of a built-in recipe, or the path itself; RecipeError when neither exists."""
    path = Path(name)
    if path.suffix == ".toml" and path.is_file():
        return path
    if name in recipe_names():
        return BUILT_IN / f"{name}.toml"
    hint = did_you_mean(name, recipe_names()) or "."
    built_in = ", ".join(recipe_names())
    raise RecipeError(f"No recipe is called {name!r}{hint} Built in: {built_in}; or give a .toml file.")


def read_recipe(path: Path) -> Recipe:
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{path.name} is not valid TOML: {error}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path} cannot be read: {error}.") from None
    return resolve({"name": path.stem, **raw}, path.name)


def resolve(raw: Mapping[str, Any], source: str) -> Recipe:
    """A Recipe of plain values; RecipeError names the key, the value and what would be right."""
    known = {f.name for f in fields(Recipe)}
    _refuse_unknown(raw, known, "", source)
    raw = dict(raw)
    models = raw.pop("models", {})
    recipe: Recipe = _build(Recipe, {**raw, "models": {}}, "", source)
    _check_tastes(recipe, source)
    check_context(recipe.context, recipe.tastes.names, source)
    models = {name: of_context(name, spec, recipe.context) for name, spec in models.items()}
    built = {name: _model(name, spec, source, models) for name, spec in models.items()}
    return Recipe(**{**_shallow(recipe), "models": built})


def _spec(model: Algorithm) -> dict[str, Any]:
    """The table of a model that reads as this model; what it is made of has tables of its own."""
    names = {type_: name for name, type_ in ALGORITHMS.items()}
    plain = asdict(model)
    for f in fields(model):
        value = getattr(model, f.name)
        if isinstance(value, tuple) and value and all(isinstance(part, Algorithm) for part in value):
            plain[f.name] = [_spec(part) for part in value]
    return {"algorithm": names[type(model)], **plain}


def _model(name: str, spec: Mapping[str, Any], source: str, models: Mapping[str, Any]) -> Algorithm:
    """models: all tables of [models], for models that are made of others."""
    chosen = dict(spec)
    algorithm = chosen.pop("algorithm", name)
    if algorithm not in ALGORITHMS:
        hint = did_you_mean(algorithm, ALGORITHMS) or "."
        known = ", ".join(ALGORITHMS)
        raise RecipeError(f"{source}: [models.{name}] names {algorithm!r}, no algorithm{hint} There are: {known}.")
    for part in ("members", "candidates"):
        if part in chosen:
            if not isinstance(chosen[part], list | tuple):
                raise RecipeError(
                    f"{source}: models.{name}.{part} is {chosen[part]!r}. Give a list of names or tables."
                )
            chosen[part] = tuple(_part(name, part, one, source, models) for one in chosen[part])
    model: Algorithm = _build(ALGORITHMS[algorithm], chosen, f"models.{name}", source)
    return model


def _part(owner: str, part: str, one: Any, source: str, models: Mapping[str, Any]) -> Algorithm:
    """A member of a blend: the name of another model of the recipe, or a table of its own."""
    if isinstance(one, Mapping):
        return _model(f"{owner}.{part}", one, source, models)
    others = [name for name in models if name != owner]
    if one not in others:
        hint = did_you_mean(str(one), others) or "."
        raise RecipeError(
            f"{source}: models.{owner}.{part} names {one!r}, no other model of this recipe{hint} Give the name of "
            'one, or a table such as { algorithm = "ials", dim = 64 }.'
        )
    return _model(str(one), models[one], source, {k: v for k, v in models.items() if k != owner})


def _build(cls: type[Any], raw: Mapping[str, Any], where: str, source: str) -> Any:
    """A frozen dataclass from a TOML table, nested ones included; types are checked by pydantic."""
    hints = get_type_hints(cls)
    _refuse_unknown(raw, set(hints) & {f.name for f in fields(cls)}, where, source)
    values: dict[str, Any] = {}
    for f in fields(cls):
        at = f"{where}.{f.name}" if where else f.name
        if f.name in raw:
            values[f.name] = _value(hints[f.name], raw[f.name], at, source)
        elif f.default is MISSING and f.default_factory is MISSING:
            raise RecipeError(f"{source}: {at} is missing; it has no default.")
    return cls(**values)


def _value(hint: Any, raw: Any, at: str, source: str) -> Any:
    if is_dataclass(hint) and isinstance(raw, Mapping):
        return _build(hint, raw, at, source)  # type: ignore[arg-type]
    if get_origin(hint) is not None and isinstance(raw, Mapping) and is_dataclass(get_args(hint)[-1]):
        return {key: _build(get_args(hint)[-1], entry, f"{at}.{key}", source) for key, entry in raw.items()}
    if isinstance(raw, tuple) and all(isinstance(part, Algorithm) for part in raw):
        return raw
    if isinstance(raw, str) and get_origin(hint) is tuple:
        raw = [raw]
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(hint).validate_python(raw)
    except ValidationError as error:
        first = error.errors()[0]
        raise RecipeError(f"{source}: {at} is {raw!r}: {first['msg'].lower()}.") from None


def _refuse_unknown(raw: Mapping[str, Any], known: set[str], where: str, source: str) -> None:
    for key in raw:
        if key not in known:
            hint = did_you_mean(key, known) or "."
            place = f"[{where}]" if where else "a recipe"
            raise RecipeError(f"{source}: {place} has no key {key!r}{hint} Known: {', '.join(sorted(known))}.")


def _check_tastes(recipe: Recipe, source: str) -> None:
    """Every family has a word; archetypes speak of families, and pulls of numbers, that exist."""
    for family, phrases in recipe.tastes.families.items():
        if not phrases:
            raise RecipeError(f"{source}: tastes.families.{family} is empty; give it a word or remove it.")
    kinds = {f"archetypes.{name}": wanted for name, wanted in recipe.synth.archetypes.items()}
    for name, wanted in (*kinds.items(), ("everybody", recipe.synth.everybody)):
        for taste, value in wanted.items():
            if taste != "*" and taste not in recipe.tastes.families:
                hint = did_you_mean(taste, recipe.tastes.families) or "."
                raise RecipeError(f"{source}: synth.{name} names {taste!r}, no family{hint}")
            if not 0.0 <= value <= 1.0:
                raise RecipeError(f"{source}: synth.{name}.{taste} is {value:g}; give 0 to 1.")
    for number in recipe.synth.pull:
        if number not in recipe.catalog.numbers:
            hint = did_you_mean(number, recipe.catalog.numbers) or "."
            raise RecipeError(f"{source}: synth.pull names {number!r}, no number of [catalog]{hint}")
        if "numbers" not in recipe.features.blocks:
            raise RecipeError(f'{source}: synth.pull needs "numbers" among the blocks of [features].')


def _shallow(recipe: Recipe) -> dict[str, Any]:
    return {f.name: getattr(recipe, f.name) for f in fields(recipe)}
