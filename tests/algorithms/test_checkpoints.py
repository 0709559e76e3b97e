"""Checkpoints: the last few and the best, whole or not at all."""

import os

import numpy as np

from tastemaker.algorithms.checkpoints import Checkpoints
from tastemaker.watch import Watch


def saved(tmp_path, epochs, best, keep=2):
    kept = Checkpoints(tmp_path / "job", keep)
    for epoch in range(1, epochs + 1):
        kept.save(epoch, {"w": np.full(3, epoch)}, {"recall": epoch / 10}, min(best, epoch))
    return kept


def test_the_last_ones_and_the_best_remain(tmp_path):
    kept = saved(tmp_path, 7, best=3)
    assert [entry["epoch"] for entry in kept.index()] == [3, 6, 7]
    assert kept.index()[0]["metrics"] == {"recall": 0.3}
    names = sorted(file.name for file in kept.folder.iterdir())
    assert names == ["epoch-00003.safetensors", "epoch-00006.safetensors", "epoch-00007.safetensors", "index.json"]
    np.testing.assert_array_equal(kept.last()["w"], 7)


def test_what_is_damaged_or_half_written_is_passed_over(tmp_path):
    kept = saved(tmp_path, 4, best=4)
    (kept.folder / "epoch-00004.safetensors").write_bytes(b"half")
    (kept.folder / "epoch-00005.1.tmp").write_bytes(b"nothing")
    os.utime(kept.folder / "epoch-00005.1.tmp", (0, 0))
    np.testing.assert_array_equal(kept.last()["w"], 3)
    (kept.folder / "index.json").write_text("{")
    assert kept.index() == []
    kept.save(4, {"w": np.full(3, 4)}, {}, 4)
    np.testing.assert_array_equal(kept.last()["w"], 4)
    assert not list(kept.folder.glob("*.tmp"))


def test_what_another_process_is_writing_stays(tmp_path):
    kept = saved(tmp_path, 2, best=2)
    (kept.folder / "epoch-00003.1.tmp").write_bytes(b"half")
    kept.save(3, {"w": np.full(3, 3)}, {}, 3)
    assert [file.name for file in kept.folder.glob("*.tmp")] == ["epoch-00003.1.tmp"]


def test_without_a_folder_nothing_is_kept():
    nowhere = Checkpoints.of(Watch(), 3, "choose")
    nowhere.save(1, {"w": np.ones(1)}, {}, 1)
    assert nowhere.last() is None
    assert nowhere.index() == []


def test_a_stage_keeps_its_own(tmp_path):
    stage = Watch(folder=tmp_path).on("train", "abc")
    assert Checkpoints.of(stage, 3, "choose").folder == tmp_path / "abc" / "choose"
    assert Checkpoints.of(stage, 3, "choose").last() is None
