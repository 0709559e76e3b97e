"""What RankNet and DPL share, and that PyTorch and NumPy compute the same scores."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from tastemaker.algorithms import BPR, DPL, RankNet
from tastemaker.algorithms.network import user_inputs
from tastemaker.algorithms.taste import fit_prior
from tastemaker.algorithms.views import draw_view, lists_of
from tastemaker.data.query import Batch
from tastemaker.errors import Cancelled, MissingExtra, TrainingError
from tastemaker.scorers import Calibrated
from tastemaker.testing import without_tastes, without_text
from tastemaker.testing.same import assert_same
from tastemaker.watch import Progress, Watch

torch = pytest.importorskip("torch")
Net = pytest.importorskip("tastemaker.algorithms.network_torch").Net

SMALL = [RankNet(hidden=(12, 7), epochs=3), DPL(hidden=(9,), epochs=3)]


@pytest.mark.parametrize("spec", SMALL)
@pytest.mark.parametrize("cut", [lambda world: world, without_tastes, without_text])
def test_the_exported_network_scores_as_the_torch_one(world, spec, cut):
    data, features = cut(world)
    net, lists, rng = Net(spec, fit_prior(data, features), features, seed=3), lists_of(data), np.random.default_rng(0)
    for epoch in range(2):
        net.epoch(lists, draw_view(lists, rng), rng, epoch)
    view = draw_view(lists, rng)
    users, history = user_inputs(net, lists, view)
    rows = np.maximum(lists.items, 0)
    with torch.no_grad():
        expected = net.forward(*(torch.from_numpy(a) for a in (rows.astype(np.int64), users, history)), False).numpy()
    batch = Batch(view.history * 0, view.history, np.full(len(lists), -1, np.int32), view.profile)
    np.testing.assert_allclose(net.export().score(batch, rows), expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("spec", SMALL)
def test_what_was_exported_can_be_loaded_again(world, asked, spec):
    data, features = world
    prior = fit_prior(data, features)
    model, other = Net(spec, prior, features, seed=3).export(), Net(spec, prior, features, seed=4)
    other.load(model)
    np.testing.assert_allclose(other.export().score(asked), model.score(asked), rtol=1e-4, atol=1e-5)


def test_a_job_that_was_stopped_ends_as_if_it_had_not_been(world, tmp_path):
    spec = replace(SMALL[0], epochs=6, dropout=0.2)
    straight = spec.fit(*world, np.random.default_rng(1), Watch())
    done: list[int] = []
    watch = Watch(
        report=lambda progress: done.append(progress.done), cancelled=lambda: len(done) == 4,
        checkpoint=tmp_path / "job.safetensors", every=0.0,
    )  # fmt: skip
    with pytest.raises(Cancelled):
        spec.fit(*world, np.random.default_rng(1), watch)
    resumed = spec.fit(*world, np.random.default_rng(1), watch)
    assert done[4] in {4, 5}  # it did not begin again
    assert done[-1] == 6
    assert_same(resumed.state(), straight.state())
    assert not (tmp_path / "job.safetensors").exists()


def test_learning_stops_when_validation_no_longer_improves(world):
    seen: list[Progress] = []
    late = world.data.events.user % 4 == 3
    spec = RankNet(hidden=(32, 32), epochs=60, learning_rate=0.03, schedule="constant", patience=3)
    train, valid = world.data.where(~late), world.data.where(late)
    spec.fit(train, world.features, np.random.default_rng(0), Watch(report=seen.append), valid=valid)
    losses = [progress.metrics["valid_loss"] for progress in seen]
    assert len(losses) < 60
    assert min(losses) < min(losses[-3:]) + 1e-4


def test_a_loss_that_degenerates_is_refused_with_the_next_step(world, rng):
    with pytest.raises(TrainingError, match=r"degenerated .*Lower learning_rate"):
        RankNet(hidden=(16, 16), epochs=20, learning_rate=300.0).fit(*world, rng, Watch())


@pytest.mark.parametrize("wrong", [{"epochs": 0}, {"batch_size": 0}, {"accumulate": 0}, {"learning_rate": 0.0}])
def test_settings_that_cannot_be_are_refused(wrong):
    with pytest.raises(TrainingError, match="at least 1"):
        RankNet(**wrong)


def test_starting_from_another_shape_or_kind_is_refused_and_calibration_is_looked_through(world, rng):
    model = SMALL[0].fit(*world, rng, Watch())
    SMALL[0].fit(*world, rng, Watch(), start=Calibrated(model, 1.0, 0.0, 1.0, 0.0))
    for spec in (replace(SMALL[0], hidden=(12, 8)), SMALL[1], BPR(dim=4, epochs=1)):
        with pytest.raises(TrainingError, match="cannot start from"):
            spec.fit(*world, rng, Watch(), start=model)


def test_without_torch_the_install_line_is_the_message(world, rng, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "tastemaker.algorithms.network_torch")
    with pytest.raises(MissingExtra, match=r"pip install 'tastemaker\[train\]'"):
        SMALL[0].fit(*world, rng, Watch())


def test_the_caller_keeps_its_threads(world, rng):
    before = torch.get_num_threads()
    SMALL[0].fit(*world, rng, Watch())
    assert torch.get_num_threads() == before
