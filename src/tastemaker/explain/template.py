"""Sentences at once, without any model: what moved the score, as a shop would say it; deterministic."""

from collections.abc import Sequence
from zlib import crc32

from ..data.catalog import Catalog
from ..data.query import Query, Slate
from ..store.alike import DESCRIBED
from .alike import Likeness
from .evidence import Counted, Evidence, evidence
from .settings import Wording

MOSTLY, SLIGHTLY = 0.6, 0.15  # shares of what moved the score
NOTHING = ("a good place to start", "a good first pick", "a fair guess for anybody")
NEWEST = ("one of the last in the catalog", "from the end of the catalog")  # which says nothing of when it was made
MOMENT = {  # what a moment says against an item, where the block has no label to name
    "hour": "the hour speaks", "weekday": "the day of the week speaks", "place": "the place speaks",
    "recent": "the moments before speak", "history": "what you chose before speaks",
    "stated": "what you asked for speaks",
}  # fmt: skip
APPEAL = ("others like it", "others of its kind are chosen more")
PLAIN = {"history": "what you rated before", "tastes": "your other tastes"}


def sentences(
    slate: Slate, catalog: Catalog, query: Query | None = None, wording: Wording | None = None, called: str = "users"
) -> list[str]:
    """One to three short sentences an item, best first. called: what somebody who has several items is called"""
    return [sentence(each, wording) for each in evidence(slate, catalog, query, called=called)]


def sentence(found: Evidence, wording: Wording | None = None) -> str:
    """What speaks for the item, the strongest first; then what speaks against it; then what is expected."""
    return " ".join(part for part in (speaking_for(found, wording), caveat(found, wording), expected(found)) if part)


def speaking_for(found: Evidence, wording: Wording | None = None) -> str:
    """One sentence a kind of thing, so that tastes stand together, and items."""
    groups: dict[str, list[Counted]] = {}
    for counted in found.told:
        if counted.weight > 0:
            groups.setdefault(counted.kind, []).append(counted)
    if not groups:
        return "" if found.told else _nothing(found)
    order = sorted(groups.values(), key=lambda group: -sum(c.share for c in group))
    turn, wording = crc32(found.item.encode()), wording or Wording()
    mostly = len(order) > 1 and sum(c.share for c in order[0]) >= MOSTLY
    first = _clause(order[0], turn, wording, mostly)
    more = [_clause(group, turn + k, wording, again=True) for k, group in enumerate(order[1:], 1)]
    return " ".join(map(_ended, (first, *more)))


def caveat(found: Evidence, wording: Wording | None = None) -> str:
    """What speaks against it; all that can be said of an item for which nothing speaks."""
    bad = [counted for counted in found.told if counted.weight < 0]
    if not bad:
        return ""
    said = joined([_against(counted, wording or Wording()) for counted in bad])
    if len(bad) == len(found.told):
        return _ended(f"the best that is left, though {said}")
    return _ended(f"{'still,' if sum(counted.share for counted in bad) < SLIGHTLY else 'but'} {said}")


def expected(found: Evidence) -> str:
    """Stars, where the model foretells them."""
    said = found.foretold
    if said is None or said.best <= said.worst:
        return ""
    who = "You would give it" if found.known else "Expected:"
    return f"{who} about {said.value:.1f} of {said.best:g}."


def common(alike: Likeness) -> str:
    """What two items share, in a few words: tags, or else a maker, or else numbers; "" = nothing that is worth it."""
    had = [alike.had] if alike.had else []
    if alike.tags:
        named = [*alike.same, *had][:1]
        return joined([*alike.tags[: 2 if named else 3], *(f"the same {name}" for name in named)])
    numbers = [*(f"the same {name}" for name in alike.numbers), *(f"about the same {name}" for name in alike.near)]
    same, last = ([f"the same {name}" for name in names] for names in (alike.same[:1], had))
    return joined([*same, *numbers[: 2 - len(had)], *last])


def _shared(counted: Counted) -> str:
    """... and with what."""
    said = common(counted.alike)
    return f"it shares {said} with {_title(counted)}" if counted.alike.tags else f"it has {said} as {_title(counted)}"


def _title(counted: Counted) -> str:
    return counted.name if counted.id == DESCRIBED else f"“{counted.name}”"


def joined(words: Sequence[str]) -> str:
    """a; a and b; a, b and c."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def _nothing(found: Evidence) -> str:
    words = NEWEST if found.level == "newest" else NOTHING
    chosen = words[crc32(found.item.encode()) % len(words)]
    return _ended(f"{chosen}, whatever else you like" if found.known else f"{chosen} while nothing is known of you")


def _clause(group: Sequence[Counted], turn: int, wording: Wording, mostly: bool = False, again: bool = False) -> str:
    """group: of one kind; mostly: it outweighs all else; again: it is not the first thing said."""
    kind, first = group[0].kind, group[0]
    if kind == "item":
        return _items(group, turn, mostly, again)
    if kind == "taste":
        return _tastes(group, turn, mostly, again)
    if kind == "context":
        said = joined([_moment(counted, wording) for counted in group])
        return f"and {said}" if again else said
    if kind == "category":
        names = joined([counted.name for counted in group])
        said = ("fits now", "is what fits now", "suits the moment")[turn % 3]
        return f"{names} {said if len(group) == 1 else 'fit now'}"
    if kind in PLAIN:
        return f"it {'also ' if again else ''}fits {PLAIN[kind]}"
    return APPEAL[0] if kind == "appeal" else f"the {kind.replace('_', ' ')} {first.name}".strip() + " speaks for it"


def _moment(counted: Counted, wording: Wording) -> str:
    chance = "" if counted.chance is None else f" ({counted.chance:.2f})"
    if counted.suits:
        return f"{counted.suits} suits “{counted.name}”{chance}"
    return wording.said(counted.block, counted.name) + chance


def _items(group: Sequence[Counted], turn: int, mostly: bool, again: bool) -> str:
    liked = [c for c in group if c.opinion is not None and c.opinion > 0]
    if liked:
        return _liked(liked, turn, mostly, again)
    first = group[0]
    title, shared = _title(first), common(first.alike)
    if first.opinion is not None and first.opinion < 0:
        return f"it is {'also ' if again else ''}unlike {title}, which you did not like"
    if first.opinion is None:  # who asks for what is near it, or a list of which nobody kept the query
        return (_shared(first), f"like {title}, it has {shared}")[turn % 2] if shared else f"it is close to {title}"
    return f"{title} speaks for it"


def _liked(liked: Sequence[Counted], turn: int, mostly: bool, again: bool) -> str:
    first, shared = _title(liked[0]), common(liked[0].alike)
    has = "shares" if liked[0].alike.tags else "has"
    if len(liked) > 1:  # a third one would make a list of it
        second = f"“{liked[1].name}”"
        said = (
            (f"{first}, which {has} {shared}, and {second}", f"{first} ({shared} in both) and {second}")[turn % 2]
            if shared
            else f"{first} and {second}"
        )
        return f"{'also ' if again else 'mostly ' if mostly else ''}because you liked {said}"
    if not shared:
        if again:
            return (f"and you liked {first}", f"it also goes with {first}, which you liked")[turn % 2]
        return ("mostly " if mostly else "") + f"because you liked {first}"
    if again:
        return (
            f"{_shared(liked[0]).replace('it ', 'it also ', 1)}, which you liked",
            f"like {first}, which you liked, it has {shared}",
            f"and you liked {first}, which also has {shared}",
        )[turn % 3]
    said = (
        f"because you liked {first}, which {has} {shared}",
        f"because you liked {first}: both have {shared}",
        f"{'because ' if mostly else ''}{_shared(liked[0])}, which you liked",
    )[turn % 3]
    return f"mostly {said}" if mostly else said


def _tastes(group: Sequence[Counted], turn: int, mostly: bool, again: bool) -> str:
    wanted = [c.name for c in group if c.opinion is None or c.opinion >= 0.5]
    little = [c.name for c in group if c.opinion is not None and c.opinion < 0.5]
    names = joined(wanted) if not little else joined([*wanted, f"little {' or '.join(little)}"])
    if group[0].opinion is None:
        also = "also " if again else ""
        return (f"{names} {also}suits you", f"it {also}suits your taste for {names}")[
            turn % 2 if len(group) == 1 else 1
        ]
    if again:
        return (f"and {names}, as you asked", f"you also asked for {names}")[turn % 2]
    if mostly:
        return (f"above all {names}, as you asked", f"you asked for {names} above all")[turn % 2]
    return (f"{names}, as you asked", f"you asked for {names}", f"here is the {names} that you asked for")[
        turn % (2 if little else 3)
    ]


def _against(counted: Counted, wording: Wording) -> str:
    kind, title = counted.kind, _title(counted)
    if kind == "taste":
        more = counted.opinion is not None and counted.opinion < 0.5
        return f"{'more' if more else 'less'} {counted.name} than you asked for"
    if kind == "item" and (counted.opinion is None or counted.opinion > 0):
        return f"it is unlike {title}{'' if counted.opinion is None else ', which you liked'}"
    if kind == "item" and counted.opinion:
        return f"it is close to {title}, which you did not like"
    if kind == "context":
        said = MOMENT.get(counted.block)
        return f"{said or f'{wording.said(counted.block, counted.name)}, which speaks'} against it"
    if kind == "appeal":
        return APPEAL[1]
    said = PLAIN.get(kind) or (f"what you said of {title}" if kind == "item" else f"the {kind} {counted.name}".strip())
    return f"{said} {'speak' if kind == 'tastes' else 'speaks'} against it"


def _ended(clause: str) -> str:
    return f"{clause[:1].upper()}{clause[1:]}."
