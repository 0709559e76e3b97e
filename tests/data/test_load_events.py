from time import time as clock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastemaker.data.catalog import Catalog
from tastemaker.data.columns import EventColumns, ScaleColumn
from tastemaker.data.events import KINDS
from tastemaker.data.load_events import group_number, load_events
from tastemaker.data.read import read_table
from tastemaker.data.table import numbered_table
from tastemaker.data.vocab import Vocab
from tastemaker.errors import DataError

COLUMNS = EventColumns(
    group="list", scales={"ranking": ScaleColumn("rank", 10, 1), "rating": ScaleColumn("stars", 1, 5)}
)
CATALOG = Catalog(Vocab(("i1", "i2", "i3")), ("Amber Dune", "Fog", "Fog"))


@pytest.fixture
def read(tmp_path):
    """Load events of a CSV that is given as text."""

    def load(text, columns=COLUMNS):
        path = tmp_path / "log.csv"
        path.write_text(text, "utf-8")
        return load_events(read_table(path), columns, CATALOG, ("woody", "fresh"))

    return load


def reasons(found):
    return {bad.line: bad.reason for bad in found.refused}


def test_ranks_become_events_of_users_in_order_of_appearance(read):
    found = read("user,item,rank,list,time\nbo,i2,1,x,2024-05-31\nann,amber dune ,10,x,1717113601\nbo,i1,2,x,\n")
    data, events = found.dataset, found.dataset.events
    assert (found.kind, data.users.ids, data.tastes) == ("ranking", ("bo", "ann"), ("woody", "fresh"))
    assert events.user.tolist() == [0, 1, 0]
    assert events.item.tolist() == [1, 0, 0]
    assert events.value.tolist() == [1, 10, 2]
    assert events.time[:2].tolist() == [1717113600, 1717113601]
    assert abs(int(events.time[2]) - clock()) < 60
    assert (events.kind == KINDS.index("ranking")).all()
    assert not events.synthetic.any()
    np.testing.assert_allclose(data.signed(), [1, -1, 7 / 9], rtol=1e-6)


def test_the_column_that_is_there_tells_the_kind(read):
    assert read("user,item,stars\nann,i1,4\n").kind == "rating"
    likes = read("user,item\nann,i1\n")
    assert (likes.kind, likes.dataset.events.value.tolist()) == ("like", [1.0])


def test_a_misspelt_grade_is_not_taken_for_a_like(read):
    with pytest.raises(DataError, match="no column 'rank' or 'stars', but one 'rnak'; did you mean 'rank'"):
        read("user,item,rnak\nann,i1,4\n")


def test_a_missing_user_column_is_refused_with_the_nearest_name(read):
    with pytest.raises(DataError, match=r"no column 'user' \(wanted for user\); did you mean 'users'"):
        read("users,item,rank\nann,i1,4\n")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("ann,i1,11,", "rank 11 is outside 1–10"),
        ("ann,i1,0.5,", "rank 0.5 is outside 1–10"),
        ("ann,i1,,", "rank missing is outside 1–10"),
        ("ann,i1,nan,", "'nan' is not a finite number; leave the cell empty if it is unknown"),
        ("ann,i1,first,", "'first' is not a number"),
        ("ann,Ambr Dune,1,", "No item is called 'Ambr Dune'; did you mean 'Amber Dune'?"),
        ("ann,fog,1,", "2 items are called 'fog'. Give the id of one: 'i2'; 'i3'"),
        (" ,i1,1,", "the user is empty"),
        ("ann,,1,", "the item is empty"),
        ("ann,i1,1,2199-01-01", "the time '2199-01-01' is in the future"),
        ("ann,i1,1,noon", "'noon' is not a time; write 2024-05-31, 2024-05-31T18:30:00+02:00 or epoch seconds"),
    ],
)
def test_a_bad_row_is_refused_with_its_line_and_reason(read, row, reason):
    found = read(f"user,item,rank,time\nbo,i1,1,\n{row}\nbo,i2,2,\n")
    assert reasons(found) == {3: reason}
    assert len(found.dataset) == len(found.keys) == 2


def test_a_blank_time_is_no_time(read):
    assert reasons(read("user,item,rank,time\nbo,i1,1,  \n")) == {}


def test_times_under_another_name_are_not_lost_without_a_word(read):
    text = "user,item,Created_At\nbo,i2,2024-05-31\n"
    with pytest.raises(DataError, match=r"no column 'time', but one 'Created_At'.*time = \"Created_At\""):
        read(text, EventColumns())
    assert read(text, EventColumns(time="when | created_at")).dataset.events.time.tolist() == [1717113600]
    assert read(text, EventColumns(time="")).dataset.events.time[0] > 1717113600


def test_a_clock_that_is_a_little_ahead_is_forgiven(read):
    assert reasons(read(f"user,item,rank,time\nbo,i1,1,{int(clock()) + 3600}\n")) == {}


def test_a_row_that_the_reader_refused_is_counted_too(read):
    found = read("user,item,rank\nann,i1\nann,i2,1\n")
    assert len(found.dataset) + len(found.refused) == 2


@pytest.mark.parametrize("times", [("", ""), ("2024-05-31", "2024-06-01")])
def test_the_same_file_twice_has_the_same_keys(read, times, monkeypatch):
    text = f"user,item,rank,time\nann,i1,1,{times[0]}\nann,i2,2,{times[1]}\n"
    first = read(text)
    monkeypatch.setattr("tastemaker.data.load_events.clock", lambda: clock() + 50_000)
    assert read(text).keys == first.keys


def test_rows_that_repeat_stay_apart_and_each_column_counts(read):
    again = read("user,item,rank,list,time\nann,i1,1,a,5\nann,i1,1,a,5\n")
    assert len(set(again.keys)) == 2
    different = ["ann,i1,1,a,5", "bob,i1,1,a,5", "ann,i2,1,a,5", "ann,i1,2,a,5", "ann,i1,1,b,5", "ann,i1,1,a,6"]
    keys = read("user,item,rank,list,time\n" + "\n".join(different) + "\n").keys
    assert len(set(keys)) == len(different)
    assert keys[0] == again.keys[0]


def test_an_id_and_a_title_are_the_same_item_and_so_the_same_event(read):
    assert read("user,item,rank\nann,i1,1\n").keys == read("user,item,rank\nann,AMBER DUNE,1\n").keys


def test_a_group_belongs_to_its_user():
    assert group_number("ann", "") == -1
    assert group_number("ann", "x") == group_number("ann", "x") != group_number("bob", "x")
    assert 0 <= group_number("ann", "x") < 2**62


def test_no_row_at_all_leaves_an_empty_dataset(read):
    found = read("user,item,rank\nann,i1,11\n")
    assert (len(found.dataset), len(found.dataset.users), found.keys) == (0, 0, ())


@given(
    st.lists(
        st.tuples(*(st.sampled_from(values) for values in (["", "ann", "bo"], ["i1", "fog", "?"], ["1", "11", ""])))
    )
)
def test_every_row_is_loaded_or_refused(rows):
    if not rows:
        return
    names = ("user", "item", "rank")
    table = numbered_table(
        "log", {name: list(cells) for name, cells in zip(names, zip(*rows, strict=True), strict=True)}
    )
    found = load_events(table, COLUMNS, CATALOG)
    assert len(found.dataset) + len(found.refused) == table.n_found
    assert len(set(found.keys)) == len(found.dataset)
