"""Does a sentence say anything that the evidence does not? Strict, and whatever the prompt was.

The evidence's names and numbers are taken out of the sentence; what is left has to be plain words from a closed list
(plain.txt), which holds no name, number, feeling, praise or negation. Whatever else a model brings in, be it a title, a
label, a number in digits or in words, is then an unknown word. What could be named in plain words alone ("The Way We
Were") is looked for among the catalog's own names.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ..data.catalog import Catalog
from .facts import Facts

LETTERS, WORDS = 320, 45
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
MARKS = set(" .,;:!?'’“”\"()-–—")
HOLE = "\x00"  # where a name of the evidence stood
ROLES = {  # verbs -> the kinds of fact that may follow them
    ("like", "liked", "likes", "liking", "enjoy", "enjoyed", "enjoys", "prefer", "preferred"): {"item", "taste"},
    ("ask", "asked", "asking", "want", "wanted", "wants", "wish", "wished"): {"taste"},
    ("sound", "sounded", "feel", "feeling", "are", "seem", "seemed", "you're"): {"context"},
}
BETWEEN = {"for", "the", "a", "an", "to", "be", "very", "so", "of", "and", "or", "both", "also", "“", "”", '"', HOLE}
THEN = {"which", "that", "as", "is", "are", "was", "were"}  # begin what is said of a name behind it
AFTER = THEN | {"what", "you", "you've", "have", "just", "also", "too"}


@dataclass(frozen=True)
class Names:
    """What the catalog calls things, where the name is made of plain words alone: nothing else would betray it.

    phrases: of several words; labels, titles: of one word that may be a tag or a category, or a title
    """

    phrases: frozenset[tuple[str, ...]]
    labels: frozenset[str]
    titles: frozenset[str]

    @classmethod
    def of(cls, catalog: Catalog) -> "Names":
        known = catalog.__dict__.get("_plain_names")
        if known is None:
            known = catalog.__dict__["_plain_names"] = cls._read(catalog)  # frozen, so it is made once
        return known

    @classmethod
    def _read(cls, catalog: Catalog) -> "Names":
        tags = {tag for column in catalog.tags.values() for tags in column for tag in tags}
        values = {value for column in catalog.categories.values() for value in column}
        titles, labels = _plain_names(catalog.titles), _plain_names(tags | values)
        small = plain_words()[0]
        return cls(
            frozenset(name for name in titles | labels if len(name) > 1),
            frozenset(name[0] for name in labels if len(name) == 1) - small,
            frozenset(name[0] for name in titles if len(name) == 1),
        )


def refusal(text: str, told: Facts, names: Names) -> str | None:
    """Why the sentence may not be shown; None = it restates the facts and nothing else."""
    text = unicodedata.normalize("NFKC", text)
    if text != text.strip() or not text:
        return "it is empty, or not one line"
    if len(text) > LETTERS + sum(map(len, told.names)) or len(text.split()) > WORDS + len(" ".join(told.names).split()):
        return "it is too long"
    holed, roles = _taken_out(text, told)
    left = holed.replace(HOLE, "")
    return (
        _badly_formed(left, text, len(roles))
        or _unknown(left)
        or (None if set(roles) - {"number"} else "it names nothing of the evidence")
        or _quoted(holed)
        or _named(holed, names)
        or _repeated(text, told)
        or _misplaced(holed, roles)
    )


@cache
def plain_words() -> tuple[frozenset[str], frozenset[str]]:
    """Words so small that a tag of that name says nothing; and all plain words."""
    small, more = (Path(__file__).parent / "plain.txt").read_text("utf-8").split("--\n")
    return frozenset(small.split()), frozenset(small.split()) | frozenset(more.split())


def _taken_out(text: str, told: Facts) -> tuple[str, list[str]]:
    """The text with a hole for every name and number of the evidence, and the kind of fact of each hole, in order."""
    kinds = {_key(name): kind for name, kind in zip(told.names, told.kinds, strict=True)}
    kinds |= {_key(number): "number" for number in told.numbers}
    longest = sorted({*told.names, *told.numbers}, key=len, reverse=True)
    forms = "|".join(re.escape(unicodedata.normalize("NFKC", form)) for form in longest)
    pattern = re.compile(rf"(?<!\w)(?<!\d[.,])(?:{forms})(?!\w|[.,]\d)", re.IGNORECASE)
    roles = [kinds[_key(match.group())] for match in pattern.finditer(text)]
    return pattern.sub(HOLE, text), roles


def _key(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def _badly_formed(left: str, text: str, holes: int) -> str | None:
    odd = next((c for c in left if not c.isalpha() and c not in MARKS), None)
    if odd is not None:
        number = odd.isnumeric()
        return f"it holds {odd!r}, " + ("a number that is not in the evidence" if number else "which no sentence needs")
    if text[-1] not in ".!?" or len(re.findall(r"[.!?](?:\s|$)", left)) > 2:
        return "it is no sentence, or more than two"
    words = [word.casefold() for word in WORD.findall(left)]
    if len(words) + holes < 3 or any(a == b == c for a, b, c in zip(words, words[1:], words[2:], strict=False)):
        return "it is no sentence"
    return None if {"you", "your", "you've", "you're", "you'd"} & set(words) else "it does not speak to the user"


def _unknown(left: str) -> str | None:
    known = plain_words()[1]
    word = next((w for w in WORD.findall(left) if w.casefold().replace("’", "'") not in known), None)
    return None if word is None else f"{word!r} is neither in the evidence nor a plain word"


def _quoted(holed: str) -> str | None:
    """What stands in quotation marks is a name, so it has to be one of the evidence."""
    inside = re.findall(r"[“\"]([^“”\"]*)[”\"]", holed)
    left = re.sub(r"[“\"]([^“”\"]*)[”\"]", "", holed)
    if any(name.strip(" .,;!?") != HOLE for name in inside) or any(mark in left for mark in '“”"'):
        return "it quotes what is not in the evidence"
    return None


def _named(holed: str, names: Names) -> str | None:
    """A name of the catalog that is made of plain words."""
    words = re.findall(rf"{HOLE}|{WORD.pattern}", holed)
    low = [word.casefold().replace("’", "'") for word in words]
    longest = max(map(len, names.phrases), default=0)
    for n in range(2, longest + 1):
        for at in range(len(low) - n + 1):
            if tuple(low[at : at + n]) in names.phrases:
                return f"{' '.join(words[at : at + n])!r} is a name that is not in the evidence"
    starts = {match.start(1) for match in re.finditer(r"(?:^|[.!?]\s+)([^\W\d_])", holed)}
    for match in WORD.finditer(holed):
        word = match.group().casefold().replace("’", "'")
        capital = match.group()[0].isupper() and match.start() not in starts and word != "i"
        if word in names.labels or capital:
            return f"{match.group()!r} reads as a name that is not in the evidence"
    return None


def _repeated(text: str, told: Facts) -> str | None:
    """Holes of two names that share words may lie in each other, so each name is counted by itself."""
    for name in told.names:
        said = re.findall(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE)
        if len(said) > 1 and not any(name != other and _key(name) in _key(other) for other in told.names):
            return f"it says {name!r} twice"
    return None


def _misplaced(holed: str, roles: list[str]) -> str | None:
    """A tag that two items share is no wish, and a wish is no feeling: "you liked …", and "…, which you liked"."""
    pieces = [piece.casefold() for piece in re.findall(rf"{HOLE}|[“”\"]|{WORD.pattern}", holed)]
    for at, k in enumerate(k for k, piece in enumerate(pieces) if piece == HOLE):
        before = next((piece for piece in reversed(pieces[:k]) if piece not in BETWEEN), "")
        behind = [piece for piece in pieces[k + 1 :] if piece not in '“”"']
        after = next((piece for piece in behind if piece not in AFTER), "") if THEN & set(behind[:1]) else ""
        for verb in (before, after):
            allowed = next((kinds for verbs, kinds in ROLES.items() if verb in verbs), {roles[at]})
            if roles[at] != "number" and roles[at] not in allowed:
                return f"it says {verb!r} of what the evidence does not say that of"
    return None


def _plain_names(names: Iterable[str]) -> set[tuple[str, ...]]:
    """The names that hold nothing but plain words, as words in lower case."""
    known, found = plain_words()[1], set()
    for name in names:
        words = tuple(w.casefold().replace("’", "'") for w in WORD.findall(name))
        if words and set(words) <= known and not any(c.isnumeric() for c in name):
            found.add(words)
    return found
