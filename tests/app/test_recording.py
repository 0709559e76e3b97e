"""What is done on a page becomes an event of the moment that the list was for."""

from contextlib import closing
from pathlib import Path

from tastemaker.app.data import discover, recording
from tastemaker.store import Store
from tastemaker.store.answers import Answers
from tastemaker.store.events import read_user

from ..lifecycle.moments import new_moments


def test_a_like_keeps_how_its_user_felt(tmp_path: Path) -> None:
    with closing(Store.open(new_moments(tmp_path))) as store:
        answers = Answers.open(store)
        shown = discover.ask(answers, discover.Person(user="ann", labels={"emotion": "sad"}))
        recording.record(store, answers, recording.Done("ann", shown.slate.items[0], "like"), shown, 1_700_000_000)
        recording.record(store, answers, recording.Done("bob", shown.slate.items[0], "like"), shown, 1_700_000_000)
        with store.read() as conn:
            ann, bob = (read_user(conn, name, answers.catalog) for name in ("ann", "bob"))
    assert ann is not None
    assert bob is not None
    assert ann.events.context["emotion:sad"].tolist() == [1.0]
    assert not bob.events.context
