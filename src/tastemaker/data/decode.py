"""From bytes of any encoding to text: UTF-8 first, then a stated fall-back that counts each character it repaired.

Valid UTF-8 is never rewritten. Where a file is not valid UTF-8, its valid sequences stay, and every other byte is read
as cp1252. Two kinds of older damage are undone, in such files only, because a clean file may mean what it says:

- UTF-8 that was once read as cp1252 and saved ("Ã©" for "é", "â€™" for "’");
- the same, after a tool replaced "â€" by one curly quote: byte 94 then stands for E2 80, so that 94 9D is "”", 94 98 is
  "‘" and 94 94 is "—". The pair 94 9D gives this away: 9D is no character of cp1252.
"""

import codecs
import re
from collections import Counter
from functools import lru_cache
from typing import NamedTuple

from tastemaker.errors import DataError

UNREADABLE = "\ufffd"
FALLBACK = "UTF-8 with cp1252 fall-back"

# UTF-32 before UTF-16: its little-endian mark begins with that of UTF-16.
MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)

NOT_ASCII = re.compile(rb"[\x80-\xff]+")
UTF8_OR_BYTE = re.compile(
    rb"([\xc2-\xdf][\x80-\xbf]"
    rb"|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]"
    rb"|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2})"
    rb"|(\x94[\x94\x98\x99\x9c\x9d])"
    rb"|([\x80-\xff])"
)


class Decoded(NamedTuple):
    text: str
    encoding: str
    repaired: int  # characters that the fall-back read
    lost: int  # characters that nobody can read, shown as U+FFFD


def decode(data: bytes, encoding: str | None = None) -> Decoded:
    """Text of `data`; never fails on content. `encoding` is for those who know better, such as cp1251."""
    if encoding is not None:
        return _as_told(data, encoding)
    for mark, name in MARKS:
        if data.startswith(mark):
            return _replacing(data, name)
    try:
        return Decoded(data.decode("utf-8-sig"), "UTF-8", 0, 0)
    except UnicodeDecodeError:
        return _fall_back(data.removeprefix(codecs.BOM_UTF8))


def _as_told(data: bytes, encoding: str) -> Decoded:
    try:
        return _replacing(data, encoding)
    except (LookupError, UnicodeError) as error:
        raise DataError(f"{encoding!r} is not an encoding Python knows. Try utf-8, cp1252 or utf-16.") from error


def _replacing(data: bytes, encoding: str) -> Decoded:
    text = data.decode(encoding, errors="replace")
    return Decoded(text, encoding, 0, text.count(UNREADABLE))


def _fall_back(data: bytes) -> Decoded:
    half_replaced = b"\x94\x9d" in data
    count: Counter[str] = Counter()

    def repair(found: re.Match[bytes]) -> bytes:
        text, repaired = _repair_run(found.group(), half_replaced)
        count["repaired"] += repaired
        return text

    text, undone = _undo_mojibake(NOT_ASCII.sub(repair, data).decode())
    lost = text.count(UNREADABLE)
    return Decoded(text, FALLBACK, count["repaired"] + undone, lost)


@lru_cache(maxsize=4096)
def _repair_run(run: bytes, half_replaced: bool) -> tuple[bytes, int]:
    """A run of non-ASCII bytes as valid UTF-8, and how many of its characters were repaired."""
    parts: list[bytes] = []
    repaired = 0
    for valid, pair, byte in UTF8_OR_BYTE.findall(run):
        text = valid.decode() or (_pair(pair, half_replaced) if pair else CP1252[byte[0]])
        parts.append(text.encode())
        repaired += 0 if valid else len(text) - text.count(UNREADABLE)
    return b"".join(parts), repaired


def _pair(pair: bytes, half_replaced: bool) -> str:
    return (b"\xe2\x80" + pair[1:]).decode() if half_replaced else CP1252[pair[0]] + CP1252[pair[1]]


def _cp1252() -> tuple[str, ...]:
    """Byte → character. 9D, undefined in cp1252, is what remains of a UTF-8 "”" (E2 80 9D)."""
    table = [bytes([byte]).decode("cp1252", errors="replace") for byte in range(256)]
    table[0x9D] = "”"
    return tuple(table)


CP1252 = _cp1252()


# Character → byte for what was read as Latin-1 or as cp1252; its undefined bytes became control characters.
BYTE_OF = {chr(byte): byte for byte in range(0x80, 0x100)}
BYTE_OF |= {char: byte for byte, char in enumerate(CP1252) if byte >= 0x80 and byte != 0x9D and char != UNREADABLE}


def _class(*spans: tuple[int, int]) -> str:
    return "[" + "".join(re.escape(char) for char, byte in BYTE_OF.items() if _within(byte, spans)) + "]"


def _within(byte: int, spans: tuple[tuple[int, int], ...]) -> bool:
    return any(low <= byte <= high for low, high in spans)


# After Ã a typographic mark (85, 91–97) may be meant: "MANHÃ”" is a word and a quote, so those stay.
_TAIL = _class((0x80, 0xBF))
MOJIBAKE = re.compile(
    f"Ã{_class((0x80, 0x84), (0x86, 0x90), (0x98, 0xBF))}"
    f"|Â{_class((0xA0, 0xBF))}"
    f"|Å{_class((0x92, 0x93), (0xA0, 0xA1), (0xB8, 0xB8), (0xBD, 0xBE))}"
    f"|â{_class((0x80, 0x84))}{_TAIL}"
    "|ï¿½"
    f"|ð{_class((0x9F, 0x9F))}{_TAIL}{{2}}"
)


def _undo_mojibake(text: str) -> tuple[str, int]:
    """Text without UTF-8 that was read as cp1252, and how many characters that repaired."""
    undone = 0

    def undo(found: re.Match[str]) -> str:
        nonlocal undone
        char = bytes(BYTE_OF[char] for char in found.group()).decode(errors="replace")
        undone += char != UNREADABLE
        return char

    return MOJIBAKE.sub(undo, text), undone
