"""Where invented days show something else than was asked for: which, what that means, and what to do."""

from .life import Life, Patterns

NEAR = 0.05  # a share this far below what was asked for is chance among so many choices
UNSEEN = 0.55  # share of feelings in a person's half of the day, where nobody would notice a rhythm


def misses(life: Life, found: Patterns) -> list[str]:
    """A sentence each; [] = all is as it was asked for. A share of nothing (NaN) misses nothing."""
    said = []
    if found.match < life.match - NEAR:
        few = f"Only {found.match:.1%} of the choices match the mapping, {life.match:.0%} were asked for: "
        said.append(few + (
            f"in their hours of habit people choose by it (--habit {life.habit:g}), so a network that learns from them "
            "will not repeat the mapping. Where it should, lower --habit."
            if life.habit else
            "some families of the mapping have no items. See: tastemaker check; then import items of these families."
        ))  # fmt: skip
    for name, option, spread, asked in (
        ("from feeling to choice", "--delay", found.delays, life.delay),
        ("from choice to staying", "--after", found.after, life.after),
    ):
        if spread[1] < asked[0] - 1 or spread[2] > asked[1] + 1:
            said.append(
                f"{spread[1]:.0f}–{spread[2]:.0f} seconds {name} are outside {asked[0]:g} to {asked[1]:g}: people "
                f"chose the same again meanwhile. Fewer choices a feeling, or a shorter {option}, keep them apart."
            )
    if found.late:
        said.append(
            f"{found.late} choices come before their cause, so nothing should be learned from these days. Invent them "
            "again with another --seed."
        )
    if found.same_place < (1.0 - life.move) ** 2 - NEAR:
        said.append(
            f"Only {found.same_place:.1%} of the choices are at the place of their feeling: with so few of them that "
            "may be chance. Ask for more --clicks, or a lower --move."
        )
    if found.rhythm < UNSEEN:
        said.append(
            f"{found.rhythm:.1%} of the feelings lie in a person's half of the day, as without any rhythm: the hour "
            "says nothing of a person. Lower --rhythm."
        )
    return said
