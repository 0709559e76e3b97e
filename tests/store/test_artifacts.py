"""Saved models come back bit for bit, or not at all."""

import errno
import json
import os
import time
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tastemaker.errors import ArtifactError, StoreError
from tastemaker.store import Artifacts, Cache

ARRAYS: dict[str, np.ndarray[Any, Any]] = {
    "weights/0": np.arange(12, dtype=np.float32).reshape(3, 4).T,  # not contiguous
    "rows": np.array([3, 1, -1], np.int64),
    "flags": np.array([True, False]),
    "alone": np.array(2.5),
    "none": np.zeros((0, 5), np.float32),
    "swapped": np.array([1.0, 2.0], ">f4"),
}
MANIFEST = {"scorer": "Mlp", "z": 1, "a": [1.5, None], "numpy": np.float32(0.5)}


@pytest.fixture(params=["folder", "file", "memory"])
def artifacts(request: pytest.FixtureRequest, tmp_path: Path) -> Artifacts:
    roots = {"folder": str(tmp_path / "a"), "file": f"file://{tmp_path}/a", "memory": f"memory://{uuid4().hex}/a"}
    return Artifacts(roots[request.param])


def directory(artifacts: Artifacts, digest: str) -> Path:
    return next(path for path in Path(artifacts.root).iterdir() if digest.startswith(path.name))


def test_what_is_put_comes_back(artifacts: Artifacts) -> None:
    digest = artifacts.put(MANIFEST, ARRAYS, files={"columns.json": b'{"a": 1}', "empty": b""})
    manifest, arrays = artifacts.get(digest)
    assert manifest == MANIFEST
    assert list(manifest) == list(MANIFEST)
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype.newbyteorder("=")
        np.testing.assert_array_equal(arrays[name], array)
    assert artifacts.get_file(digest, "columns.json") == b'{"a": 1}'
    with pytest.raises(ArtifactError, match=r"no file 'x'.*columns\.json"):
        artifacts.get_file(digest, "x")
    assert artifacts.orphans([digest]) == []
    assert [digest.startswith(name) for name in artifacts.orphans([])] == [True]


def test_the_same_again_changes_nothing(artifacts: Artifacts) -> None:
    first = artifacts.put(MANIFEST, ARRAYS)
    assert artifacts.put(MANIFEST, dict(reversed(ARRAYS.items()))) == first
    assert (
        len({first, artifacts.put(MANIFEST, {}), artifacts.put({}, ARRAYS), artifacts.put({}, {}, files={"a": b""})})
        == 4
    )
    assert len(first) == 64


def test_the_digest_is_the_sha256_of_the_manifest_which_names_all_others(tmp_path: Path) -> None:
    artifacts = Artifacts(str(tmp_path))
    digest = artifacts.put(MANIFEST, ARRAYS, files={"x": b"y"})
    files = {path.name: path.read_bytes() for path in directory(artifacts, digest).iterdir()}
    assert sha256(files["manifest.json"]).hexdigest() == digest
    named = json.loads(files["manifest.json"])["files"]
    assert named == {name: sha256(data).hexdigest() for name, data in files.items() if name != "manifest.json"}


def test_half_takes_half_and_comes_back_as_float32(artifacts: Artifacts) -> None:
    exact = {"i": np.arange(3), "d": np.array([1 / 3]), "big": np.array([1.0, 7e4], np.float32)}
    third = np.array([1 / 3, np.nan, np.inf], np.float32)
    _, arrays = artifacts.get(artifacts.put({}, {"f": third, **exact}, half=True))
    assert arrays["f"].dtype == np.float32
    np.testing.assert_array_equal(arrays["f"], third.astype(np.float16).astype(np.float32))
    for name, array in exact.items():  # what float16 cannot hold is not halved
        np.testing.assert_array_equal(arrays[name], array)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hnp.arrays(st.sampled_from([np.float32, np.float64, np.int8, np.uint16]), hnp.array_shapes(min_side=0)))
def test_any_array_comes_back_bit_for_bit(tmp_path: Path, array: np.ndarray[Any, Any]) -> None:
    artifacts = Artifacts(str(tmp_path))
    _, arrays = artifacts.get(artifacts.put({}, {"a": array}))
    assert arrays["a"].tobytes() == array.tobytes()
    assert arrays["a"].shape == array.shape


def test_words_are_no_numbers(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="'names' holds <U1"):
        Artifacts(str(tmp_path)).put({}, {"names": np.array(["a"])})


def test_a_flipped_byte_anywhere_is_noticed(tmp_path: Path) -> None:
    artifacts, rng = Artifacts(str(tmp_path)), np.random.default_rng(5)
    digest = artifacts.put(MANIFEST, ARRAYS, files={"columns.json": b"[]"})
    for path in directory(artifacts, digest).iterdir():
        whole = path.read_bytes()
        for position in {0, len(whole) - 1, *rng.integers(0, len(whole), 30).tolist()}:
            flipped = bytearray(whole)
            flipped[position] ^= 1 << int(rng.integers(8))
            path.write_bytes(flipped)
            with pytest.raises(ArtifactError, match=rf"Version 3.*{path.name} was altered.*tastemaker rollback"):
                artifacts.get(digest, version=3)
        path.write_bytes(whole)
    assert artifacts.get(digest)[0] == MANIFEST


def test_a_cut_or_missing_file_is_noticed_and_put_mends_it(tmp_path: Path) -> None:
    artifacts = Artifacts(str(tmp_path))
    digest = artifacts.put(MANIFEST, ARRAYS)
    for name in ("manifest.json", "arrays.safetensors"):
        path = directory(artifacts, digest) / name
        path.write_bytes(path.read_bytes()[:-1])
        with pytest.raises(ArtifactError, match=f"{name} was altered.*rollback.*restore"):
            artifacts.get(digest)
        path.unlink()
        with pytest.raises(ArtifactError, match=f"{name} is missing"):
            artifacts.get(digest)
        assert artifacts.put(MANIFEST, ARRAYS) == digest
        artifacts.get(digest)
    with pytest.raises(ArtifactError, match=r"manifest\.json is missing"):
        artifacts.get("0" * 64)


def kept(artifacts: Artifacts, document: dict[str, Any], **files: bytes) -> str:
    head = json.dumps(document).encode()
    digest = sha256(head).hexdigest()
    path = Path(artifacts.root) / digest[:32]
    path.mkdir(parents=True)
    (path / "manifest.json").write_bytes(head)
    return digest


def test_a_newer_format_says_so(tmp_path: Path) -> None:
    artifacts = Artifacts(str(tmp_path))
    digest = kept(artifacts, {"format": 2, "files": {}})
    with pytest.raises(ArtifactError, match=r"Version 7.*newer tastemaker \(format 2.*pip install -U"):
        artifacts.get(digest, version=7)


@pytest.mark.parametrize("name", ["../x", "a/b", "..", "c:\\x", "manifest.json"])
def test_a_file_cannot_leave_its_directory(tmp_path: Path, name: str) -> None:
    artifacts = Artifacts(str(tmp_path))
    with pytest.raises(ArtifactError, match="may not be called"):
        artifacts.files(kept(artifacts, {"format": 1, "files": {name: "0"}}))
    with pytest.raises(ArtifactError, match="may not be called"):
        artifacts.put({}, {}, files={name: b""})


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match=r"disk is full.*free some space"):
        Artifacts(str(tmp_path / "a")).put(MANIFEST, ARRAYS)
    with pytest.raises(StoreError, match="disk is full"):
        Cache(tmp_path / "c").put("key", ARRAYS)
    assert [path.name for path in tmp_path.rglob("*")] in (["a", "c"], ["c", "a"])


def test_sweep_removes_what_killed_writers_left_an_hour_ago(artifacts: Artifacts) -> None:
    digest = artifacts.put(MANIFEST, ARRAYS)
    assert artifacts.sweep() == 0
    if "memory" in artifacts.root:
        return
    root = Path(artifacts.root.removeprefix("file://"))
    for name, age in {".tmp-old": 3700, ".tmp-new": 60}.items():
        (root / name).mkdir()
        os.utime(root / name, (time.time() - age,) * 2)
    assert artifacts.sweep() == 1
    assert (root / ".tmp-new").exists()
    assert artifacts.orphans([digest]) == []


def test_an_unknown_place_says_what_is_missing() -> None:
    with pytest.raises(StoreError, match=r"nowhere://x cannot be reached"):
        Artifacts("nowhere://x").put({}, {})


def test_the_cache_keeps_and_replaces(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    assert cache.get("key") is None
    cache.put("key", {"a": np.zeros(2, np.float32)})
    cache.put("key", {"a": np.ones(3, np.float32)})
    cache.put("../other: key", {"t": ARRAYS["weights/0"]})
    found = cache.get("key")
    assert found is not None
    assert found["a"].tolist() == [1, 1, 1]
    other = cache.get("../other: key")
    assert other is not None
    np.testing.assert_array_equal(other["t"], ARRAYS["weights/0"])
    assert len(list((tmp_path / "cache").iterdir())) == 2


def test_a_damaged_cache_entry_counts_as_none(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put("key", {"a": np.arange(5)})
    path = next(tmp_path.iterdir())
    whole = path.read_bytes()
    for position in range(0, len(whole), 7):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 4]) + whole[position + 1 :])
        assert cache.get("key") is None
    path.write_bytes(whole[:-1])
    assert cache.get("key") is None
