"""CSV and its relatives: comma, semicolon, tab or bar between cells, quotes, and line breaks inside quotes."""

import csv
import io
import re
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Literal, NamedTuple

from tastemaker.data.table import BadRow, Column, Rows, unique_names
from tastemaker.errors import DataError

if TYPE_CHECKING:
    from _csv import Reader

DELIMITERS = ",\t;|"
# Rows die before the garbage collector first counts them; larger chunks read a million rows up to five times slower.
CHUNK = 256


class Style(NamedTuple):
    delimiter: str
    quoted: bool = True
    strict: bool = False


def read_delimited(text: str, source: str, delimiter: str | None = None) -> Rows:
    """Rows of `text`; the delimiter is found in the header line where it is not given.

    Between tabs a quote may be an ordinary character: it is one unless the whole file is well-formed with quotes.
    """
    _refuse_nul(text, source)
    delimiter = delimiter or _sniff(text)
    if delimiter == "\t" and '"' in text:
        return _tabbed(text, source)
    return _parse(text, source, Style(delimiter))


def _refuse_nul(text: str, source: str) -> None:
    at = text.find("\0")
    if at >= 0:
        raise DataError(
            f"{source}, line {text.count(chr(10), 0, at) + 1}: a NUL byte, so this is not plain text "
            "(a spreadsheet, an archive, or UTF-16 without its mark?). Save it as CSV in UTF-8."
        )


def _sniff(text: str) -> str:
    header = re.sub(r'"[^"]*"', "", re.split(r"[\r\n]", text.lstrip("\r\n"), maxsplit=1)[0])
    return max(DELIMITERS, key=header.count)


def _tabbed(text: str, source: str) -> Rows:
    literal = Style("\t", quoted=False)
    try:
        well_formed = _parse(text, source, Style("\t", strict=True))
    except csv.Error:
        return _parse(text, source, literal)
    if not well_formed.refused:
        return well_formed
    as_written = _parse(text, source, literal)
    return min(well_formed, as_written, key=lambda rows: len(rows.refused))


def _parse(text: str, source: str, style: Style) -> Rows:
    refused: list[BadRow] = []
    numbered = _numbered(text, source, style, refused)
    header = next(numbered, None)
    if header is None:
        raise DataError(f"{source} is empty. It needs a line of column names and a line for each row.")
    names = unique_names(header[1], source)
    columns, lines = _transpose(numbered, len(names), refused)
    return Rows(dict(zip(names, columns, strict=True)), lines, sorted(refused))


def _lines(text: str) -> Iterator[str]:
    # Line feeds alone end a line, as in grep and sed; a carriage return does so only in a file that has no other.
    end = "\n" if "\n" in text else "\r"
    return iter(io.StringIO(text if text.endswith(end) else text + end, newline=end))


def _reader(lines: Iterator[str], style: Style) -> "Reader":
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if style.quoted else csv.QUOTE_NONE
    return csv.reader(lines, delimiter=style.delimiter, quoting=quoting, strict=style.strict)


def _numbered(text: str, source: str, style: Style, refused: list[BadRow]) -> Iterator[tuple[int, list[str]]]:
    """Each row with the line it starts on; blank lines are no rows."""
    held: list[str] = []  # the lines of the row being read
    reader = _reader(_remembered(_lines(text), held), style)
    while True:
        try:
            for row in reader:
                start = reader.line_num - len(held) + 1
                # Only a quote can hold several lines, or leave a line break at a row's end.
                if (len(held) > 1 or (row and row[-1].endswith(("\n", "\r")))) and _torn(held, source, start, style):
                    refused.append(BadRow(start, f"its quotes do not add up (lines {start} to {reader.line_num})"))
                elif row:
                    yield start, row
                held.clear()
        except csv.Error as error:
            if style.strict:
                raise
            start = reader.line_num - len(held) + 1
            refused.append(BadRow(start, _reason(error, source, start)))
            held.clear()
        else:
            return


def _remembered(lines: Iterator[str], held: list[str]) -> Iterator[str]:
    for line in lines:
        held.append(line)
        yield line


def _torn(held: list[str], source: str, start: int, style: Style) -> bool:
    """Whether text follows a closing quote in these lines: a quote before it was left open, and rows ran together."""
    try:
        list(_reader(iter(held), style._replace(strict=True)))
    except csv.Error as error:
        if "unexpected end" in str(error):
            raise DataError(
                f"{source}, line {start}: a quote opens on this row and is never closed, so it swallows the rest of "
                'the file. Close it, or write a quote inside a quoted cell twice ("").'
            ) from error
        return True
    return False


def _reason(error: csv.Error, source: str, line: int) -> str:
    if "field limit" in str(error):
        raise DataError(
            f"{source}, line {line}: a cell is longer than {csv.field_size_limit():,} characters, "
            "most likely because a quote on this line is never closed. Close it, or shorten the cell."
        ) from error
    return "a carriage return outside quotes" if "new-line" in str(error) else str(error)


def _transpose(
    numbered: Iterator[tuple[int, list[str]]], width: int, refused: list[BadRow]
) -> tuple[list[Column], list[int]]:
    columns: list[Column] = [[] for _ in range(width)]
    lines: list[int] = []
    while chunk := list(islice(numbered, CHUNK)):
        good = [pair for pair in chunk if len(pair[1]) == width]
        if len(good) < len(chunk):
            refused.extend(_wrong_width(line, len(row), width) for line, row in chunk if len(row) != width)
        lines.extend(line for line, _ in good)
        for column, cells in zip(columns, zip(*(row for _, row in good), strict=True), strict=False):
            column.extend(cells)
    return columns, lines


def _wrong_width(line: int, found: int, width: int) -> BadRow:
    return BadRow(line, f"{found} field{'' if found == 1 else 's'} where the header has {width}")
