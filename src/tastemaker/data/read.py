"""The room that reads tables: files, SQL and data frames, with every row accounted for.

`read_table` takes

- a file: .csv, .tsv, .txt (delimited), .jsonl, .ndjson, .json, .parquet, each also with .gz;
- SQL: `URL::table` or `URL::SELECT …`, such as `sqlite:///shop.db::items` or
  `postgresql://ann@host/shop::SELECT * FROM items WHERE in_stock`; nothing is ever written there;
- a polars or pandas DataFrame.
"""

import gzip
import hashlib
import io
import os
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tastemaker.data.decode import decode
from tastemaker.data.delimited import read_delimited
from tastemaker.data.nearest import did_you_mean
from tastemaker.data.records import Frame, read_frame, read_json, read_json_lines
from tastemaker.data.table import BadRow, Column, Rows, Table, checked, pick_column
from tastemaker.errors import DataError

__all__ = ["BadRow", "Column", "Table", "pick_column", "read_table"]

TEXT_READERS: dict[str, Callable[[str, str], Rows]] = {
    ".csv": read_delimited,
    ".txt": read_delimited,
    ".tsv": partial(read_delimited, delimiter="\t"),
    ".tab": partial(read_delimited, delimiter="\t"),
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".json": read_json,
}
PARQUET = (".parquet", ".pq")
GZIP_MAGIC = b"\x1f\x8b"


def read_table(
    source: str | os.PathLike[str] | Frame, *, query: str | None = None, encoding: str | None = None
) -> Table:
    """Every row of `source`, as text, or a reason why it was refused.

    `query` is a table or a SELECT, in place of the part after `::` in a URL. `encoding` overrides what is found.
    Raises DataError for what the source holds, StoreError for a server that does not answer.
    """
    if not isinstance(source, (str, os.PathLike)):
        return read_frame(source)
    name = os.fspath(source)
    if "://" in name:
        from tastemaker.data.sql import read_sql

        return read_sql(name, query)
    if query is not None:
        raise DataError(f"{name} is a file, and a query needs a database: give a URL such as sqlite:///shop.db.")
    return _read_file(Path(name).expanduser(), encoding)


def _read_file(path: Path, encoding: str | None) -> Table:
    kind = _kind(path)
    data = _unpack(_bytes(path), path.name, packed=path.suffix.lower() == ".gz")
    if not data.strip():
        raise DataError(f"{path.name} is empty. It needs column names and rows.")
    if kind in PARQUET:
        return _read_parquet(data, path.name)
    text, found, repaired, lost = decode(data, encoding)
    columns, lines, refused = checked(TEXT_READERS[kind](text, path.name), path.name)
    return Table(path.name, columns, lines, tuple(refused), found, repaired, lost, hashlib.sha256(data).hexdigest())


def _kind(path: Path) -> str:
    name = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    kind = name.suffix.lower()
    if kind in TEXT_READERS or kind in PARQUET or path.is_dir():
        return kind
    known = ", ".join([*TEXT_READERS, *PARQUET])
    raise DataError(
        f"{path.name}: {kind!r} is not a kind of table this reads ({known}; each also .gz). Save it as CSV."
    )


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(f"no such file: {path}{_file_hint(path)}") from error
    except IsADirectoryError as error:
        raise DataError(f"{path} is a folder; name a file in it, such as {_first_table(path)}.") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from error


def _file_hint(path: Path) -> str:
    if not path.parent.is_dir():
        return f" (nor is there a folder {path.parent}). Check the path."
    return did_you_mean(path.name, (other.name for other in path.parent.iterdir())) or ". Check the path."


def _first_table(folder: Path) -> str:
    tables = (other for other in sorted(folder.iterdir()) if other.suffix in (*TEXT_READERS, *PARQUET, ".gz"))
    return str(next(tables, folder / "catalog.csv"))


def _unpack(data: bytes, source: str, *, packed: bool) -> bytes:
    if not data.startswith(GZIP_MAGIC):
        if packed and data:
            raise DataError(f"{source} is not gzip, although its name ends in .gz. Rename it, or pack it again.")
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{source}: the gzip data is broken ({error}). Copy or download the file again.") from error


def _read_parquet(data: bytes, source: str) -> Table:
    import polars

    try:
        frame = polars.read_parquet(io.BytesIO(data))
    except polars.exceptions.PolarsError as error:
        raise DataError(
            f"{source} is cut short or is not Parquet ({_first_line(error)}). Copy or write the file again."
        ) from error
    return read_frame(frame, source)


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", maxsplit=1)[0]
