"""An item of a list as one piece of HTML: a change draws ten of them, and each piece is a message to the browser.

What unfolds is the browser's own: ten popovers more would cost a change some 25 ms, and the first paint .15 s.
"""

from html import escape

from tastemaker.app import parts, words
from tastemaker.app.data.plot import Row
from tastemaker.data.dataset import Scale


def card(row: Row, stars: Scale | None) -> str:
    """What it is and why on the left; how sure, and who says so, on the right."""
    about = escape(row["about"] or words.NOTHING_SAID)
    by = f" {_badge(words.WORDED_BY.format(model=row['words_by']), 'gray')}" if row["words_by"] else ""
    return (
        f'<div class="tastemaker-card"><div><b>{row["rank"]}. {escape(row["title"])}</b><small>{about}</small>'
        f"<p>{escape(row['why'])}{by}</p></div><div>{_sure(row, stars)}</div>{_why(row)}</div>"
    )


def _why(row: Row) -> str:
    """The parts of the score, unfolded on a click."""
    told = [{words.COL_PART: one["part"], words.COL_WEIGHT: round(one["weight"], 3)} for one in row["parts"]]
    table = parts.table_html([words.COL_PART, words.COL_WEIGHT], told, words.WHY) if told else ""
    says = words.WHY_SAYS.format(score=row["score"]) if told else words.NO_PARTS
    return f"<details><summary>{escape(words.WHY)}</summary><p>{escape(says)}</p>{table}</details>"


def _sure(row: Row, stars: Scale | None) -> str:
    """The chance of a like where it is foretold; else how far the score is from the best, which has no unit."""
    chance, share, said, bar = row["chance"], row["share"], [], ""
    kind = _badge(row["kind"], words.BADGE_COLORS.get(row["kind"].partition(" ")[0], "gray"))
    if stars is not None and row["value"] is not None:
        said.append(words.STARS.format(value=row["value"], best=max(stars.best, stars.worst)))
    if chance is not None or (share is not None and row["kind"] != words.KIND_NEWEST):  # else nothing was compared
        label, told = (words.SCORE_LABEL, words.SCORE) if chance is None else (words.CHANCE, words.CHANCE)
        bar = _bar(label.format(score=row["score"], share=share, chance=chance), share if chance is None else chance)
        said.append(told.format(share=share, chance=chance))
    return f"{bar}<small>{' · '.join(said)} {kind}</small>"


def _bar(label: str, share: float) -> str:
    text = escape(label)
    return (
        f'<div class="tastemaker-bar" role="img" aria-label="{text}" title="{text}">'
        f'<div style="width:{100 * share:.0f}%"></div></div>'
    )


def _badge(text: str, color: str) -> str:
    return f'<span class="tastemaker-badge {color}">{escape(text)}</span>'
