import numpy as np
import pytest

from tastemaker.data.labelled import read_labelled
from tastemaker.errors import DataError

LABELS = ("bad", "good")


def name(said):
    return {"joy": "good", "good": "good", "bad": "bad"}.get(said.strip().lower())


def test_numbers_are_named_by_labels_txt_and_several_may_be_told(tmp_path):
    (tmp_path / "labels.txt").write_text("bad\njoy\n")
    for part in ("train", "dev", "test"):
        (tmp_path / f"{part}.tsv").write_text(
            'a "quoted" text\t1\tx1\nboth\t0,1\tx2\n\t1\tx3\nstranger\t7\tx4\nNone\t0\tx5\n'
        )
    found = read_labelled(tmp_path, LABELS, name)
    assert found["dev"].texts == ('a "quoted" text', "both", "None")
    assert found["dev"].has.tolist() == [[False, True], [True, True], [True, False]]
    assert found["dev"].skipped == 2


def test_a_file_with_a_header_is_dealt_out_and_no_text_is_in_two_parts(tmp_path):
    file = tmp_path / "mine.csv"
    file.write_text("id,Text,Emotion\n" + "".join(f'{n},"text, {n}",{"Joy" if n % 2 else "bad"}\n' for n in range(300)))
    found = read_labelled(file, LABELS, name)
    parts = [set(part.texts) for part in found.values()]
    assert sum(map(len, parts)) == 300
    assert len(set.union(*parts)) == 300
    assert 200 < len(parts[0]) < 280
    again = read_labelled(file, LABELS, name)
    assert all(np.array_equal(again[part].has, found[part].has) for part in found)


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("a.csv", "a,b\n1,2\n", "It needs text and label"),
        ("a.tsv", "text\tlabel\nhello\tunheard\n", "no row has a text and one of the labels bad, good"),
        ("a.tsv", b"\xff\xfe\t1\n", "is not UTF-8"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path, file, text, message):
    (tmp_path / file).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DataError, match=message):
        read_labelled(tmp_path / file, LABELS, name)


def test_a_folder_without_texts_is_told(tmp_path):
    with pytest.raises(DataError, match=r"neither train\.tsv nor train\.csv"):
        read_labelled(tmp_path, LABELS, name)
