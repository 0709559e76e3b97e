"""Rows that come as objects: JSON Lines, a JSON array, and data frames."""

import json
from collections.abc import Iterator
from typing import Any, Protocol

from tastemaker.data.table import BadRow, Column, Rows, Table, as_text, numbered_table, unique_names
from tastemaker.errors import DataError


class Frame(Protocol):
    """A polars or pandas DataFrame."""

    def to_dict(self, *args: Any, **options: Any) -> Any: ...


Record = dict[str, Any]


def read_json_lines(text: str, source: str) -> Rows:
    """One object a line; a line that is none is refused, a blank one is no row."""
    numbered = ((line, part) for line, part in enumerate(text.split("\n"), 1) if part.strip())
    return _rows(((line, _loaded(part)) for line, part in numbered), source)


def read_json(text: str, source: str) -> Rows:
    """An array of objects, or, where the text does not begin with a bracket, JSON Lines."""
    if not text.lstrip().startswith("["):
        return read_json_lines(text, source)
    return _rows(_elements(text, source), source)


def _elements(text: str, source: str) -> Iterator[tuple[int, Record | str]]:
    """Each element of the array with the line it starts on."""
    decoder = json.JSONDecoder()
    line, seen, at = 1, 0, _past_blanks(text, text.index("[") + 1)
    try:
        while text[at : at + 1] != "]":
            line, seen = line + text.count("\n", seen, at), at
            value, at = decoder.raw_decode(text, at)
            yield line, _record(value)
            at = _past_comma(text, at)
        if text[at + 1 :].strip():
            raise json.JSONDecodeError("text after the array", text, at + 1)
    except RecursionError as error:
        raise DataError(f"{source}, line {line}: JSON nested too deeply. Flatten this row.") from error
    except json.JSONDecodeError as error:
        where = f"{source}, line {error.lineno}, column {error.colno}"
        raise DataError(f"{where}: the JSON array breaks off or is malformed here ({error.msg}). Repair it.") from error


def _past_blanks(text: str, at: int) -> int:
    while text[at : at + 1] in (" ", "\t", "\r", "\n"):
        at += 1
    return at


def _past_comma(text: str, at: int) -> int:
    at = _past_blanks(text, at)
    found = text[at : at + 1]
    if found not in (",", "]"):
        raise json.JSONDecodeError("a comma or a bracket is missing", text, at)
    return _past_blanks(text, at + 1) if found == "," else at


def _loaded(part: str) -> Record | str:
    """The object that a line holds, or the reason why it holds none."""
    try:
        return _record(json.loads(part))
    except RecursionError:
        return "JSON nested too deeply"
    except ValueError as error:
        return f"not JSON: {error}"


def _record(value: object) -> Record | str:
    if not isinstance(value, dict):
        return f"not an object but {_KINDS.get(type(value), 'a number')}"
    return value


_KINDS: dict[type, str] = {list: "an array", str: "a string", bool: "true or false", type(None): "null"}


def _rows(numbered: Iterator[tuple[int, Record | str]], source: str) -> Rows:
    good: list[tuple[int, dict[str, str | None]]] = []
    refused: list[BadRow] = []
    for line, found in numbered:
        cells = _cells(found) if isinstance(found, dict) else found
        if isinstance(cells, str):
            refused.append(BadRow(line, cells))
        else:
            good.append((line, cells))
    if not good and not refused:
        raise DataError(f"{source} is empty. It needs an object for each row.")
    return Rows(_columns([cells for _, cells in good], source), [line for line, _ in good], refused)


def _cells(record: Record) -> dict[str, str | None] | str:
    cells = {name: as_text(value) for name, value in record.items()}
    return _unstorable("".join([*cells, *filter(None, cells.values())])) or cells


def _unstorable(text: str) -> str:
    """Why no database takes this text, or "". JSON's escapes can spell what a text file cannot hold."""
    if text.isascii():
        return "a NUL character" if "\0" in text else ""
    try:
        text.encode()
    except UnicodeEncodeError:
        return "half a character (an unpaired surrogate)"
    return "a NUL character" if "\0" in text else ""


def _columns(records: list[dict[str, str | None]], source: str) -> dict[str, Column]:
    keys = list(dict.fromkeys(key for record in records for key in record))
    names = unique_names(keys, source)
    return {name: [record.get(key) for record in records] for name, key in zip(names, keys, strict=True)}


def read_frame(frame: Frame, source: str = "data frame") -> Table:
    """A table of a frame's rows. NaN, and pandas' NaT and NA, are missing."""
    names = unique_names(map(str, getattr(frame, "columns", ())), source)
    try:
        values = frame.to_dict(as_series=False)
    except TypeError:
        values = {name: map(_without_pandas_gaps, cells) for name, cells in frame.to_dict("list").items()}
    columns = (list(map(as_text, cells)) for cells in values.values())
    return numbered_table(source, dict(zip(names, columns, strict=True)))


def _without_pandas_gaps(value: object) -> object:
    return None if type(value).__name__ in ("NAType", "NaTType") else value
