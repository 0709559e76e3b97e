import numpy as np
import pytest

from tastemaker.errors import Cancelled
from tastemaker.watch import Progress, Watch


@pytest.fixture
def kept(tmp_path):
    return tmp_path / "deep" / "job.safetensors"


def weights(value):
    return lambda: {"weights": np.full(3, value, np.float32)}


def test_silence_is_the_default():
    watch = Watch()
    watch.progress(1, 2, loss=0.5)
    watch.save(lambda: pytest.fail("nobody asked for a checkpoint"))
    assert watch.restore() is None
    watch.finished()


def test_progress_is_reported_under_its_stage():
    seen: list[Progress] = []
    watch = Watch(report=seen.append, stage="features")
    watch.progress(1, 3)
    watch.on("training").progress(2, 3, loss=0.25)
    assert seen == [Progress("features", 1, 3), Progress("training", 2, 3, {"loss": 0.25})]


def test_cancelling_reports_first_and_names_the_stage():
    seen: list[Progress] = []
    with pytest.raises(Cancelled, match="training: stopped on request at 2 of 3"):
        Watch(report=seen.append, cancelled=lambda: True, stage="training").progress(2, 3)
    assert len(seen) == 1


def test_what_was_saved_last_is_restored(kept):
    watch = Watch(checkpoint=kept, every=0.0)
    watch.save(weights(1.0))
    watch.save(weights(2.0))
    np.testing.assert_array_equal(Watch(checkpoint=kept).restore()["weights"], np.full(3, 2.0, np.float32))
    assert [path.name for path in kept.parent.iterdir()] == ["job.safetensors"]  # no temporary file stays


def test_it_saves_only_every_few_seconds(kept, monkeypatch):
    now = [100.0]
    monkeypatch.setattr("tastemaker.watch.monotonic", lambda: now[0])
    watch = Watch(checkpoint=kept, every=5.0)
    for moment, written in ((104.9, False), (105.0, True), (109.0, False), (110.5, True)):
        now[0] = moment
        before = kept.stat().st_mtime_ns if kept.exists() else None
        watch.save(weights(moment))
        after = kept.stat().st_mtime_ns if kept.exists() else None
        assert (before != after) == written


@pytest.mark.parametrize("content", [b"", b"not safetensors at all", b"\xff" * 64])
def test_a_damaged_checkpoint_counts_as_none(kept, content):
    kept.parent.mkdir()
    kept.write_bytes(content)
    assert Watch(checkpoint=kept).restore() is None


def test_a_truncated_checkpoint_counts_as_none(kept):
    Watch(checkpoint=kept, every=0.0).save(weights(1.0))
    kept.write_bytes(kept.read_bytes()[:-4])
    assert Watch(checkpoint=kept).restore() is None


def test_a_finished_job_leaves_nothing(kept):
    watch = Watch(checkpoint=kept, every=0.0)
    watch.save(weights(1.0))
    watch.finished()
    watch.finished()
    assert not kept.exists()


def test_a_stage_with_a_key_keeps_its_checkpoint_in_the_folder_and_one_without_keeps_none(tmp_path):
    watch = Watch(folder=tmp_path, every=0.0)
    watch.on("train", "abc").save(weights(4.0))
    np.testing.assert_array_equal(watch.on("train", "abc").restore()["weights"], np.full(3, 4.0, np.float32))
    assert watch.on("train", "other").restore() is None
    watch.on("judge").save(weights(5.0))
    assert [path.name for path in tmp_path.iterdir()] == ["abc.safetensors"]
