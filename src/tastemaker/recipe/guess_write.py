"""A guess as a recipe file: everything that can be changed, with the reason beside it."""

import json
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .guess import Guess

TOKENS = 35_000_000  # to learn word vectors from, over all epochs: about half a minute on two cores
WIDTH = 118

EVENTS = """\
[events]                           # what users did: one row each
user = "user | user_id | userId"   # the first of these columns that is there
item = "item | item_id | itemId"   # an id or a title
group = "ranking"
time = "time | timestamp | created_at"
[events.scales]                    # the column that is present tells the kind of event
ranking = { column = "rank", worst = 10, best = 1 }
rating = { column = "rating", worst = 1, best = 5 }
"""

PRETRAINED = """\
[models.content]                   # no learning: stated tastes and nearness to likes
[models.bpr]
[models.dpl]
[models.ranknet]
epochs = 12
"""

UNTRAINED = """\
[models.content]                   # no learning: nearness to likes
# Without families no users can be invented, so nothing can be learned before real events are there. With them, add:
# [models.bpr]
# [models.dpl]
# [models.ranknet]
"""


def write(guess: "Guess") -> str:
    name = PurePath(guess.table.source.rpartition("::")[2]).name.partition(".")[0] or "catalog"
    n_rows = f"{guess.table.n_rows:,} rows"
    parts = [
        _comment(f"Guessed from {guess.table.source}, {n_rows}. Change what is wrong, then run: tastemaker check"),
        f"title = {_text(name)}\n",
        _catalog(guess),
        EVENTS,
        _features(guess),
        *([_tastes(guess), _synth(guess), PRETRAINED] if guess.archetypes else [UNTRAINED]),
        "[judge]\nusers = 500                        # held-out users a case\n",
        "[rules]\nrepeat = false                     # may what a user already knows be recommended?\n",
    ]
    return "\n".join(parts)


def _catalog(guess: "Guess") -> str:
    c = guess.columns
    reasons = [_comment(f"{choice.column} → {choice.role}: {choice.why}") for choice in guess.choices]
    asked = [_comment(f"Question: {q.text} Taken: {q.default}") for q in guess.questions]
    lines = ["[catalog]\n", *reasons, *asked]
    if c.id:
        lines.append(f"id = {_list(c.id)}\n")
    lines.append(f"title = {_text(c.title)}\n")
    groups = {"text": c.text, "tags": c.tags, "categories": c.categories, "numbers": c.numbers, "show": c.show}
    lines += [_table(key, group) for key, group in (*groups.items(), ("missing", c.missing)) if group]
    lines.append(f"optional = {_words(c.optional)}\n")
    lines.append(f"separator = {_text(c.separator)}\n")
    lines.append(f'duplicates = "{c.duplicates}"             # rows of one id: "merge" or "refuse"\n')
    return "".join(lines)


def _features(guess: "Guess") -> str:
    made = {"text": guess.tokens > 0, "tastes": bool(guess.archetypes), "numbers": bool(guess.columns.numbers)}
    blocks = [name for name, there in made.items() if there]
    lines = [f"[features]\nblocks = {_list(blocks)}\n"]
    if guess.tokens:
        epochs = int(min(100, max(5, TOKENS // (guess.tokens * guess.table.n_rows))))
        lines.append(
            f'[features.text]\nencoder = "word2vec"               # or "lsa", in a second\nepochs = {epochs}\n'
        )
    return "".join(lines)


def _tastes(guess: "Guess") -> str:
    lines = [
        "[tastes]                           # family -> words and phrases; a family is a taste that a user can state\n"
    ]
    lines.append(_comment(f"Families: {guess.found}."))
    for key, name in (("tags", guess.tastes.tags), ("text", guess.tastes.text)):
        if name is not None:
            lines.append(f"{key} = {_text(name)}\n")
    lines.append(f"text_weight = {guess.tastes.text_weight:g}\n[tastes.families]\n")
    lines += [f"{_key(name)} = {_words(words)}\n" for name, words in guess.tastes.families.items()]
    return "".join(lines)


def _synth(guess: "Guess") -> str:
    lines = ["[synth]                            # invented users, to learn from before there are real ones\n"]
    lines.append("users = 1000\nrankings = 10                      # items that each user ranks, 1 = best\n")
    lines.append('[synth.archetypes]                 # what is not named is 0; "*" speaks of every family\n')
    for name, wanted in guess.archetypes.items():
        inside = ", ".join(f"{_key(taste)} = {value:g}" for taste, value in wanted.items())
        lines.append(f"{_key(name)} = {{ {inside} }}\n")
    return "".join(lines)


def _comment(text: str) -> str:
    plain = "".join(c if c.isprintable() else " " for c in text)
    return textwrap.fill(plain, WIDTH, initial_indent="# ", subsequent_indent="#   ", break_on_hyphens=False) + "\n"


def _text(value: str) -> str:
    """A TOML string; JSON escapes all that TOML wants escaped but DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def _list(values: Iterable[str]) -> str:
    return f"[{', '.join(map(_text, values))}]"


def _words(values: Sequence[str]) -> str:
    """A list, over several lines where it is long."""
    if len(one := _list(values)) < WIDTH - 20:
        return one
    lines = ["  "]
    for value in map(_text, values):
        if len(lines[-1]) + len(value) > WIDTH:
            lines.append("  ")
        lines[-1] += f"{value}, "
    return "\n".join(["[", *(line.rstrip() for line in lines), "]"])


def _table(key: str, group: Mapping[str, str]) -> str:
    """A table on one line, or a line for each entry where that is too long."""
    entries = [f"{_key(name)} = {_text(value)}" for name, value in group.items()]
    one = f"{key} = {{ {', '.join(entries)} }}\n"
    return one if len(one) < WIDTH else "".join(f"{key}.{entry}\n" for entry in entries)
