"""Families and archetypes for a domain that nobody has described: what is frequent, and what occurs together."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from ..data.arrays import Bool, Float32, Float64
from ..features.words import words

MOST_FAMILIES, MOST_WORDS = 8, 40
UNITS = 800  # words and phrases that are looked at, the most frequent ones
EVERYWHERE = 0.4  # a word of a text that occurs in this share of items says nothing of taste
ALMOST_EVERYWHERE = 0.6  # a tag may be in more items, for somebody chose it
OVERLAP = 0.5  # two tags this often on one item are one taste: share of the rarer one's items
LIFT, SURPRISE = 1.0, 1.0  # to be above chance: observed / expected, and (observed - expected) / sqrt(expected)
LOVES, LIKES, BALANCED = 0.9, 0.6, 0.7  # tastes of an archetype
LOVERS = 4

# Words of English that say nothing alone; where they are other words, EVERYWHERE has to do.
STOP = frozenset(
    """
    the and for with from that this these those you your our their his her its it's are was were will would can could
    has have had been being what when where which while who whom why how all any every each some most more much many
    other another such only just also than then there here into onto over under about after before again very not but
    too out off one two like even still something made might feel back down through none
    """.split()  # noqa: SIM905
)

Families = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Together:
    """
    units:    words and phrases, the most frequent first
    has:      bool (n_items, n_units)
    together: float64 (n_units, n_units), how many items hold both
    """

    units: tuple[str, ...]
    has: Bool
    together: Float64

    @property
    def count(self) -> Float64:
        """In how many items each unit is, float64 (n_units,)."""
        return np.asarray(self.has.sum(axis=0), np.float64)

    def expected(self) -> Float64:
        """How many items would hold both of two units by chance, float64 (n_units, n_units).

        An item of r units holds each in proportion to r, so the long ones bring more pairs together: Σ r² / (Σ r)².
        """
        lengths = self.has.sum(axis=1, dtype=np.float64)
        return np.asarray(np.outer(self.count, self.count) * (lengths**2).sum() / max(lengths.sum(), 1.0) ** 2)


def families_of_tags(rows: Sequence[Sequence[str]]) -> Families:
    """Frequent tags that seldom meet, each with the tags that it meets more often than chance."""
    whole = _frequent(rows)
    found = _together([_units_of(row, whole) for row in rows], ALMOST_EVERYWHERE)
    return _grown(found, _apart(found, np.argsort(-found.count, kind="stable").tolist()))


def families_of_text(rows: Sequence[str]) -> Families:
    """The same of the words of texts: first the words that are choosy about the words beside them."""
    found = _together([{word for word in words(row) if len(word) > 3 and _says(word)} for row in rows], EVERYWHERE)
    return _grown(found, _apart(found, np.argsort(-_choosiness(found), kind="stable").tolist()))


def families_of_values(values: Sequence[str]) -> Families:
    """Each value of a category is a family, the most frequent first."""
    counted = Counter(value for value in values if words(value))
    return _named({value.lower(): () for value, _ in counted.most_common()})


def lovers(families: Mapping[str, Sequence[str]], membership: Float32) -> dict[str, dict[str, float]]:
    """Five archetypes: up to four lovers of two families that occur together, and one that likes everything.

    membership: (n_items, n_families), shares
    """
    if not families:
        return {}
    names, found = list(families), dict[str, dict[str, float]]()
    close = _correlation(membership)
    loved, used = set[str](), set[str]()
    for main in [*names, *names]:  # at first only families that no archetype has yet, then any that is not loved yet
        if len(loved) == LOVERS or main in loved or (main in used and len(used) < len(names)):
            continue
        order = [names[g] for g in np.argsort(-close[names.index(main)], kind="stable") if names[g] != main]
        partner = next((name for name in order if name not in used), order[0] if order else None)
        wanted = {main: LOVES} | ({} if partner is None else {partner: LIKES})
        loved.add(main)
        used |= wanted.keys()
        found["_and_".join(wanted) + "_lover"] = wanted
    return found | {"versatile": {"*": BALANCED}}


def _correlation(membership: Float32) -> Float64:
    centered = membership - membership.mean(axis=0)
    lengths = np.linalg.norm(centered, axis=0)
    return np.asarray((centered.T @ centered) / np.maximum(np.outer(lengths, lengths), 1e-12))


def _frequent(rows: Sequence[Sequence[str]]) -> frozenset[str]:
    """Tags that are frequent as a whole; of the others only the words are looked at."""
    counted = Counter(" ".join(words(tag)) for row in rows for tag in row)
    return frozenset(tag for tag, n in counted.most_common(UNITS) if n >= _least(len(rows)))


def _units_of(row: Sequence[str], whole: frozenset[str]) -> set[str]:
    found: set[str] = set()
    for tag in row:
        parts = words(tag)
        phrase = " ".join(parts)
        found |= {phrase} if phrase in whole else {part for part in parts if len(part) > 2}
    return {unit for unit in found if unit and _says(unit)}


def _says(unit: str) -> bool:
    return unit not in STOP and not unit.replace(" ", "").isdecimal()


def _least(n: int) -> int:
    """In how many of n items a unit must be."""
    return 1 if n < 20 else max(2, n // 500)


def _together(rows: Sequence[set[str]], most: float) -> Together:
    counted = Counter(unit for row in rows for unit in row)
    usual = [(-n, unit) for unit, n in counted.items() if _least(len(rows)) <= n <= max(1.0, most * len(rows))]
    units = tuple(unit for _, unit in sorted(usual)[:UNITS])
    at = {unit: i for i, unit in enumerate(units)}
    has = np.zeros((len(rows), len(units)), bool)
    for r, row in enumerate(rows):
        has[r, [at[unit] for unit in row if unit in at]] = True
    sparse = csr_array(has, dtype=np.float32)
    return Together(units, has, np.asarray((sparse.T @ sparse).todense(), np.float64))


def _choosiness(found: Together) -> Float64:
    """Mutual information of a unit with the units that it meets: Σ_j n_ij log(n_ij / expected_ij), (n_units,)."""
    together, expected = found.together.copy(), found.expected()
    np.fill_diagonal(together, 0.0)
    surprise = (together - expected) / np.sqrt(np.maximum(expected, 1e-12))
    lift = np.log(np.maximum(together, 1e-12) / np.maximum(expected, 1e-12))
    gains = np.where(surprise > SURPRISE, together * lift, 0.0)
    return np.asarray(np.sort(gains, axis=1)[:, -10:].sum(axis=1))


def _apart(found: Together, order: Sequence[int]) -> list[int]:
    """Rows of up to MOST_FAMILIES units, in this order, that share no word and seldom meet."""
    chosen: list[int] = []
    count = found.count
    for i in order:
        parts = set(found.units[i].split())
        alike = any(parts & set(found.units[j].split()) for j in chosen)
        meets = any(found.together[i, j] > OVERLAP * min(count[i], count[j]) for j in chosen)
        if not alike and not meets:
            chosen.append(int(i))
        if len(chosen) == MOST_FAMILIES:
            break
    return chosen


def _grown(found: Together, seeds: Sequence[int]) -> Families:
    """Each seed with the units that meet it above chance; a phrase that holds a seed ("wild rose") needs no mention."""
    members: dict[str, list[str]] = {found.units[s]: [] for s in seeds}
    if not seeds:
        return {}
    together, expected = found.together[:, seeds], np.maximum(found.expected()[:, seeds], 1e-12)
    lift = together / expected
    lift[(together - expected) / np.sqrt(expected) < SURPRISE] = 0.0
    for i, unit in enumerate(found.units):
        best = int(np.argmax(lift[i]))
        if lift[i, best] > LIFT and members.keys().isdisjoint((unit, *unit.split())):
            members[found.units[seeds[best]]].append(unit)
    return _named({seed: tuple(rest[: MOST_WORDS - 1]) for seed, rest in members.items()})


def _named(members: Mapping[str, tuple[str, ...]]) -> Families:
    """A family is called after its first word; families of one name are one."""
    found: Families = {}
    for seed, rest in members.items():
        name = re.sub(r"[^\w]+", "_", seed).strip("_")
        found[name] = tuple(dict.fromkeys((*found.get(name, ()), seed, *rest)))
    return found
