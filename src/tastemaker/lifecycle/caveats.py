"""What limits a judgement on the past, in a sentence."""

from sqlalchemy import Connection

from .. import store as database

TAGS = "Tags have no times here: where people gave them later than what is judged, expect a little less."


def of_tags(conn: Connection) -> str:
    """ "" where no table of other people's tags was imported."""
    return TAGS if any(one.what == "tags" for one in database.list_imports(conn)) else ""


def both(*said: str) -> str:
    return " ".join(one for one in said if one)
