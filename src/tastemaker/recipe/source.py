"""Where items and events come from when nobody hands over a file: a recipe's [source], a database that is only read."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """
    url:     a SQL URL; "" = TASTEMAKER_SOURCE_URL of the environment or of .env, else the project's own server
    catalog: tables of the items, joined by `on`, or one SELECT
    events:  the table of what users did, or a SELECT
    on:      what the catalog's tables call the id, "one | other"
    """

    url: str = ""
    catalog: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    on: str = ""
