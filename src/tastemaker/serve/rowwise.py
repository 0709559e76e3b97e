"""Rows that are read one by one: one that is not as the OpenAPI says is refused alone, and says why."""

from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic_core import CoreSchema, core_schema

SHOWN = 60  # characters of a name or a value that a reason repeats
NO_VALUE = ("missing", "extra_forbidden", "model_attributes_type", "model_type")  # here the place says it all


@dataclass(frozen=True, slots=True)
class Bad:
    """A row that is none. why: for whoever sent it"""

    why: str


class RowOrBad:
    """Annotates a model: what does not fit it becomes `Bad` instead of an error of the whole request."""

    @staticmethod
    def __get_pydantic_core_schema__(source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(_row_or_bad, handler(source))

    @staticmethod
    def __get_pydantic_json_schema__(core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        says = "What does not fit the first of these gets its own receipt: refused, and why."
        return {"anyOf": [handler(core), {}], "description": says}


def _row_or_bad(said: Any, read: core_schema.ValidatorFunctionWrapHandler) -> Any:
    try:
        return read(said)
    except ValidationError as error:
        return Bad(why_not(error))


def why_not(error: ValidationError) -> str:
    """The first thing that is wrong: where, what, and the value, both cut short."""
    first = error.errors(include_url=False, include_context=False)[0]
    where = ".".join(_short(str(part)) for part in first["loc"]) or "row"
    value = "" if first["type"] in NO_VALUE else f"; it is {_value(first['input'])}"
    return f"{where}: {first['msg']}{value}."


def _value(given: Any) -> str:
    if isinstance(given, dict | list):
        return "an object" if isinstance(given, dict) else "a list"
    return _short(orjson.dumps(given, default=str).decode())


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
