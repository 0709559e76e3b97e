"""What was acknowledged while the database was away is handed on, in order, whoever was killed meanwhile."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tastemaker.errors import StoreError
from tastemaker.serve.spool import Spool
from tastemaker.store.ingest import Told

MOST = 100_000


def told(k: int) -> Told:
    return Told("ann", f"i{k}", 2, 1.0, k, k, f"k{k}")


def left(folder: Path, *events: Told) -> Path:
    """A spool whose worker was killed: its locks are gone with it."""
    spool = Spool(folder, MOST)
    spool.add(events)
    spool.close()
    return max((folder / "spool").glob("*.jsonl"), key=lambda path: path.stat().st_mtime_ns)


def fail(_: Any) -> None:
    raise RuntimeError("made to fail")


def test_it_keeps_the_order_and_what_a_killed_worker_left(tmp_path: Path) -> None:
    with left(tmp_path, told(0), told(1)).open("ab") as file:
        file.write(b'{"user": "half a li')  # killed while it wrote: never acknowledged
    spool, found = Spool(tmp_path, MOST), list[Told]()
    spool.add([told(2)])
    spool.adopt()
    assert spool.replay(found.extend) == 3
    assert found == [told(0), told(1), told(2)]
    assert (spool.replay(found.extend), spool.size) == (0, 0)
    spool.close()
    assert list((tmp_path / "spool").iterdir()) == []


def test_what_will_never_be_taken_is_put_aside_and_holds_nothing_up(tmp_path: Path) -> None:
    lost, found = list[int](), list[Told]()
    spool = Spool(tmp_path, MOST, lost.append)
    spool.add([told(0), told(1), told(2)])

    def ingest(events: Sequence[Told]) -> Sequence[Told]:
        found.extend(events)
        return events[1:2]

    spool.replay(ingest)
    assert (found, spool.size, lost) == ([told(0), told(1), told(2)], 0, [1])
    (aside,) = (tmp_path / "spool").glob("*.bad")
    assert Told(**json.loads(aside.read_text("utf-8"))) == told(1)
    spool.close()


def test_what_is_adopted_in_the_midst_of_a_replay_is_not_lost(tmp_path: Path) -> None:
    spool, found = Spool(tmp_path, MOST), list[Told]()
    spool.add([told(0)])
    left(tmp_path, told(1))

    def ingest(events: Sequence[Told]) -> None:
        spool.adopt()
        found.extend(events)

    assert spool.replay(ingest) == 2
    assert found == [told(0), told(1)]


def test_what_a_living_worker_writes_is_its_own(tmp_path: Path) -> None:
    first, second, found = Spool(tmp_path, MOST), Spool(tmp_path, MOST), list[Told]()
    first.add([told(0)])
    second.adopt()
    assert second.size == 0
    first.close()  # as its end would
    second.adopt()
    second.adopt()
    assert second.replay(found.extend) == 1
    assert found == [told(0)]


def test_whose_number_another_process_has_now_is_adopted(tmp_path: Path) -> None:
    """In a container every service is number 1."""
    path = left(tmp_path, told(0))
    path.rename(path.with_name("1-dead.jsonl"))
    spool = Spool(tmp_path, MOST)
    spool.adopt()
    assert spool.replay(lambda _: None) == 1


def test_a_line_that_cannot_be_read_is_put_aside_and_counted(tmp_path: Path) -> None:
    path, lost = left(tmp_path, told(0)), list[int]()
    path.write_bytes(b'{"user": 1}\nno json\n' + path.read_bytes())
    spool = Spool(tmp_path, MOST, lost.append)
    spool.adopt()
    assert spool.replay(lambda _: None) == 1
    assert (lost, path.exists()) == ([2], False)
    assert path.with_suffix(".bad").read_bytes() == b'{"user": 1}\nno json\n'


def test_a_full_one_refuses(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 200)
    spool.add([told(0)])
    with pytest.raises(StoreError, match="spool is full"):
        spool.add([told(1)])
    assert spool.replay(lambda _: None) == 1
    spool.add([told(1)])


def test_a_replay_that_fails_keeps_what_was_not_taken(tmp_path: Path) -> None:
    spool, found = Spool(tmp_path, MOST), list[Told]()
    spool.add([told(k) for k in range(5)])
    with pytest.raises(RuntimeError):
        spool.replay(fail)
    assert spool.replay(found.extend, 2) == 2
    spool.add([told(5)])  # goes on while older ones wait
    assert spool.replay(found.extend) == 4
    assert found == [told(k) for k in range(6)]
