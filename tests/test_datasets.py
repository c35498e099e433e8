"""Tests of the data loaders: the shipped files, the splits, the statistics, and what goes wrong."""

import functools
import hashlib
import http.server
import io
import pickle
import shutil
import tarfile
import threading
import zipfile
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from course_utils import data_files, datasets
from course_utils.datasets import (
    DataError,
    load_california_housing,
    load_cifar10,
    load_mnist,
)

SHIPPED = Path(__file__).resolve().parents[1] / "data"
SPLITS = ("train", "val", "test")


@pytest.fixture(scope="module")
def mnist():
    return load_mnist(train_size=20_000, val_size=5_000)


@pytest.fixture(scope="module")
def cifar10():
    return load_cifar10()


@pytest.fixture(scope="module")
def housing():
    return load_california_housing()


@pytest.fixture
def data_folder(tmp_path, monkeypatch):
    """An empty data folder in the place of the shipped one."""
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    return tmp_path


def all_x(data):
    return [data.x_train, data.x_val, data.x_test]


# --- shapes, types, statistics -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "sizes", "features"),
    [
        ("mnist", (20_000, 5_000, 10_000), 784),
        ("cifar10", (9_000, 1_000, 2_000), 3_072),
        ("housing", (12_384, 4_128, 4_128), 8),
    ],
)
def test_shapes_and_dtypes(name, sizes, features, request):
    data = request.getfixturevalue(name)
    for split, size, x in zip(SPLITS, sizes, all_x(data), strict=True):
        y = getattr(data, f"y_{split}")
        assert x.shape == (size, features)
        assert x.dtype == np.float32
        assert x.flags.c_contiguous
        assert np.isfinite(x).all()
        if name == "housing":
            assert (y.shape, y.dtype) == ((size, 1), np.float32)
        else:
            assert (y.shape, y.dtype) == ((size,), np.int64)
            assert set(np.unique(y)) == set(range(10))
    for statistic in (data.mean, data.std):
        assert (statistic.shape, statistic.dtype) == ((features,), np.float32)


@pytest.mark.parametrize("name", ["mnist", "cifar10", "housing"])
def test_training_part_is_standardized_and_others_only_nearly(name, request):
    data = request.getfixturevalue(name)
    mean = data.x_train.mean(axis=0, dtype=np.float64)
    std = data.x_train.std(axis=0, dtype=np.float64)
    np.testing.assert_allclose(mean, 0, atol=2e-6)
    constant = np.ptp(data.x_train, axis=0) == 0
    np.testing.assert_allclose(std[~constant], 1, atol=1e-5)
    # Statistics that leaked from the other parts would make these exact as well.
    for x in (data.x_val, data.x_test):
        assert np.abs(x.mean(axis=0, dtype=np.float64)).max() > 1e-3


@pytest.mark.parametrize("name", ["mnist", "cifar10"])
def test_pixel_statistics_are_those_of_the_training_images_alone(name, request):
    data = request.getfixturevalue(name)
    pixels = data.images("train").reshape(len(data.x_train), -1)[:, ::7] / 255
    constant = np.ptp(pixels, axis=0) == 0
    np.testing.assert_allclose(data.mean[::7], pixels.mean(axis=0), rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(
        data.std[::7], np.where(constant, 1, pixels.std(axis=0)), rtol=1e-6, atol=1e-12
    )


def test_constant_pixels_have_std_1_and_stay_small(mnist):
    constant = np.ptp(mnist.images("train").reshape(-1, 784), axis=0) == 0
    assert constant.sum() == 91
    assert (mnist.std[constant] == 1).all()
    assert (mnist.x_train[:, constant] == 0).all()
    lit = mnist.x_test[:, constant]
    assert (lit != 0).any()
    assert np.abs(lit).max() <= 1


def test_min_std_bounds_the_inputs_and_changes_no_other_pixel(mnist):
    bounded = load_mnist(train_size=20_000, min_std=0.1)
    assert max(np.abs(x).max() for x in all_x(mnist)) > 1_000
    assert max(np.abs(x).max() for x in all_x(bounded)) <= 10
    usual = mnist.std >= 0.1
    assert 0.5 < usual.mean() < 1
    np.testing.assert_array_equal(bounded.x_test[:, usual], mnist.x_test[:, usual])
    assert (bounded.std[~usual] == np.float32(0.1)).all()
    pixels = bounded.images("test").reshape(-1, 784) / 255
    np.testing.assert_allclose(bounded.denormalize(bounded.x_test), pixels, atol=1e-6)


def test_67_pixels_are_constant_over_all_60_000_images(mnist):
    stored, _ = mnist.pixels["train"]
    assert len(stored) == 60_000
    mean, std = datasets._pixel_statistics(stored, np.arange(60_000))
    assert (std == 1).sum() == 67
    np.testing.assert_allclose([mean.mean(), stored.mean() / 255], 0.1306605, rtol=1e-5)


def test_a_constant_pixel_of_any_brightness_becomes_exactly_0():
    images = np.repeat(np.arange(256, dtype=np.uint8).reshape(1, 16, 16), 3, axis=0)
    mean, std = datasets._pixel_statistics(images, np.arange(3))
    assert (std == 1).all()
    assert (datasets._standardize_pixels(images, np.arange(3), mean, std) == 0).all()


def test_statistics_do_not_depend_on_the_chunk_size(monkeypatch):
    images = np.random.default_rng(0).integers(0, 256, (50, 4, 4), dtype=np.uint8)
    whole = datasets._pixel_statistics(images, np.arange(50))
    monkeypatch.setattr(datasets, "CHUNK", 7)
    for a, b in zip(whole, datasets._pixel_statistics(images, np.arange(50)), strict=True):
        np.testing.assert_array_equal(a, b)


# --- splits ------------------------------------------------------------------------------------


def test_splits_repeat_with_the_seed_and_change_with_it(mnist, housing):
    load_subset = functools.partial(load_mnist, train_size=20_000)
    for data, load in ((mnist, load_subset), (housing, load_california_housing)):
        again, other = load(seed=0), load(seed=1)
        np.testing.assert_array_equal(again.x_train, data.x_train)
        np.testing.assert_array_equal(again.y_val, data.y_val)
        assert not np.array_equal(other.y_train, data.y_train)


def test_validation_images_are_not_training_images(mnist, cifar10):
    for data in (mnist, cifar10):
        stored, train = data.pixels["train"]
        _, val = data.pixels["val"]
        assert len(np.intersect1d(train, val)) == 0
        assert len(np.unique(train)) == len(train)
        assert max(train.max(), val.max()) < len(stored)


def test_a_smaller_training_part_is_a_subset_with_the_same_validation_part(mnist):
    small = load_mnist(train_size=100, val_size=5_000)
    np.testing.assert_array_equal(small.y_train, mnist.y_train[:100])
    np.testing.assert_array_equal(small.images("val"), mnist.images("val"))


def test_housing_parts_are_disjoint_and_complete(housing):
    rows = np.concatenate([housing.denormalize(x) for x in all_x(housing)])
    assert len(np.unique(rows.round(3), axis=0)) == len(rows) == 20_640


def test_test_images_keep_their_order(mnist, cifar10):
    assert mnist.y_test[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert cifar10.y_test[:10].tolist() == [3, 8, 8, 0, 6, 6, 1, 6, 3, 1]
    with np.load(SHIPPED / "mnist.npz") as stored:
        np.testing.assert_array_equal(mnist.images("test"), stored["x_test"])


def test_housing_fractions():
    data = load_california_housing(val_fraction=0.1, test_fraction=0.3)
    assert [len(x) for x in all_x(data)] == [12_384, 2_064, 6_192]


# --- content -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mnist", "cifar10"])
def test_denormalized_rows_are_the_true_colors(name, request):
    data = request.getfixturevalue(name)
    for split, x in zip(SPLITS, all_x(data), strict=True):
        images = data.images(split)[:500]
        assert images.dtype == np.uint8
        back = data.denormalize(x[:500]).reshape(images.shape)
        np.testing.assert_allclose(back, images / 255, atol=1e-5)


def test_denormalize_takes_one_row_and_refuses_other_widths(cifar10):
    np.testing.assert_array_equal(
        cifar10.denormalize(cifar10.x_test[3]), cifar10.denormalize(cifar10.x_test)[3]
    )
    with pytest.raises(ValueError, match=r"shape \(2, 784\), expected \(N, 3072\)"):
        cifar10.denormalize(np.zeros((2, 784)))


def test_images_come_with_their_own_labels(mnist, cifar10):
    with np.load(SHIPPED / "mnist.npz") as stored:
        stored_train = stored["x_train"], stored["y_train"]
        known = {x.tobytes(): int(y) for x, y in zip(*stored_train, strict=True)}
    for split in ("train", "val"):
        labels = getattr(mnist, f"y_{split}")[:200]
        assert [known[image.tobytes()] for image in mnist.images(split)[:200]] == labels.tolist()
    # Planes fly in the blue: with shuffled labels the two mean colors would be the same.
    airplane, frog = (
        cifar10.images("val")[cifar10.y_val == cifar10.class_names.index(name)].mean(axis=(0, 1, 2))
        for name in ("airplane", "frog")
    )
    assert airplane[2] - airplane[0] > 5
    assert frog[2] - frog[0] < -5


def test_cifar10_classes_are_balanced(cifar10):
    labels = np.concatenate([cifar10.y_train, cifar10.y_val])
    assert (np.bincount(labels) == 1_000).all()
    assert (np.bincount(cifar10.y_test) == 200).all()
    assert len(cifar10.class_names) == 10


def test_housing_numbers(housing):
    income = np.concatenate([housing.feature("MedInc", split) for split in SPLITS])
    price = np.concatenate([housing.y_train, housing.y_val, housing.y_test]).ravel()
    assert np.corrcoef(income, price)[0, 1] == pytest.approx(0.688075, abs=1e-6)
    assert (price > 5).sum() == 965
    assert price.max() == np.float32(5.00001)


def test_housing_features_in_raw_units(housing):
    latitude = housing.feature("Latitude", "test")
    assert latitude.shape == (4_128,)
    assert 32.5 < latitude.min() < latitude.max() < 42
    np.testing.assert_array_equal(latitude, housing.denormalize(housing.x_test)[:, 6])
    assert len(housing.feature_names) == 8
    with pytest.raises(ValueError, match="'Price', expected a feature of California housing"):
        housing.feature("Price")


def test_repr_shows_shapes(mnist):
    assert "'MNIST'" in repr(mnist)
    assert "(20000, 784)" in repr(mnist)


def test_dataset_is_frozen(housing):
    with pytest.raises(AttributeError):
        housing.x_train = None


# --- wrong arguments ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"train_size": 58_000}, "58000 .* 5000 is more than the 60000"),
        ({"train_size": 0}, "train_size is 0"),
        ({"val_size": -1}, "val_size is -1"),
        ({"min_std": -0.1}, "min_std is -0.1"),
    ],
)
def test_mnist_sizes_must_fit(settings, words):
    with pytest.raises(ValueError, match=words):
        load_mnist(**settings)


def test_other_wrong_arguments(housing, mnist):
    with pytest.raises(TypeError, match="train_size"):
        load_mnist(train_size=0.5)
    with pytest.raises(ValueError, match="10000"):
        load_cifar10(val_size=10_000)
    with pytest.raises(ValueError, match="nothing is left"):
        load_california_housing(val_fraction=0.5, test_fraction=0.5)
    with pytest.raises(ValueError, match="test_fraction"):
        load_california_housing(test_fraction=-0.1)
    with pytest.raises(ValueError, match="no images"):
        housing.images("train")
    with pytest.raises(ValueError, match="'training', expected 'train'"):
        mnist.images("training")


# --- damaged and missing files -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "load"),
    [
        ("mnist.npz", load_mnist),
        ("cifar10-train.webp", load_cifar10),
        ("california_housing.csv.gz", load_california_housing),
    ],
)
def test_missing_and_damaged_files_name_file_and_cure(name, load, data_folder):
    with pytest.raises(DataError, match=rf"cannot read .*{name}.*git checkout -- data/{name}"):
        load()
    (data_folder / name).write_bytes((SHIPPED / name).read_bytes()[:-1] + b"?")
    with pytest.raises(DataError, match=rf"{name} is damaged.*expected {'[0-9a-f]' * 64}.*git"):
        load()


def test_damaged_labels(data_folder):
    for file in SHIPPED.glob("cifar10-*"):
        shutil.copy(file, data_folder)
    labels = data_folder / "cifar10-test-labels.u8"
    labels.write_bytes(labels.read_bytes()[::-1])
    with pytest.raises(DataError, match=r"cifar10-test-labels\.u8 is damaged"):
        load_cifar10()


# --- the full CIFAR-10 -------------------------------------------------------------------------


class Python2Pickler(pickle._Pickler):
    """Writes text and bytes as Python 2 did, the way the published archive was made."""

    dispatch: ClassVar = dict(pickle._Pickler.dispatch)

    def save_bytes(self, value):
        short = len(value) < 256
        size = bytes([len(value)]) if short else len(value).to_bytes(4, "little")
        self.write((b"U" if short else b"T") + size + value)
        self.memoize(value)

    dispatch[bytes] = save_bytes
    dispatch[str] = lambda self, value: self.save_bytes(value.encode())


def python2_pickle(value):
    file = io.BytesIO()
    Python2Pickler(file, 2).dump(value)
    return file.getvalue().replace(b"numpy._core.multiarray\n", b"numpy.core.multiarray\n")


def write_archive(path, members):
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))


@pytest.fixture(scope="module")
def tiny_cifar10(tmp_path_factory):
    """An archive like the published one with 4 images a batch, and what it should become."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (6, 4, 32, 32, 3), dtype=np.uint8)
    labels = rng.integers(0, 10, (6, 4))
    members = {"batches.meta": python2_pickle({b"label_names": [b"airplane"]})}
    for i, name in enumerate([*(f"data_batch_{k}" for k in range(1, 6)), "test_batch"]):
        batch = {
            b"batch_label": b"batch",
            b"labels": labels[i].tolist(),
            b"data": np.ascontiguousarray(images[i].transpose(0, 3, 1, 2)).reshape(4, 3072),
            b"filenames": [b"a.png"] * 4,
        }
        members[name] = python2_pickle(batch)
    archive = tmp_path_factory.mktemp("tiny") / "cifar-10-python.tar.gz"
    write_archive(archive, dict(reversed(members.items())))
    return archive, images, labels


def test_conversion_of_the_published_format(tiny_cifar10, tmp_path):
    archive, images, labels = tiny_cifar10
    data_files._convert_cifar10(archive, tmp_path / "cifar10.npz")
    with np.load(tmp_path / "cifar10.npz") as stored:
        np.testing.assert_array_equal(stored["x_train"], images[:5].reshape(-1, 32, 32, 3))
        np.testing.assert_array_equal(stored["x_test"], images[5])
        np.testing.assert_array_equal(stored["y_train"], labels[:5].ravel())
        np.testing.assert_array_equal(stored["y_test"], labels[5])
        assert all(stored[key].dtype == np.uint8 for key in stored)
    assert [file.name for file in tmp_path.iterdir()] == ["cifar10.npz"]


def test_a_malicious_pickle_is_refused_and_leaves_nothing(tmp_path):
    class Malicious:
        def __reduce__(self):
            return (Path.touch, (Path(tmp_path / "harmed"),))

    content = pickle.dumps({b"data": Malicious(), b"labels": [0]}, protocol=2)
    write_archive(tmp_path / "bad.tar.gz", {"data_batch_1": content})
    with pytest.raises(DataError, match="refused"):
        data_files._convert_cifar10(tmp_path / "bad.tar.gz", tmp_path / "cifar10.npz")
    assert [file.name for file in tmp_path.iterdir()] == ["bad.tar.gz"]


def test_conversion_that_fails_while_writing_leaves_nothing(tiny_cifar10, tmp_path, monkeypatch):
    def full_disk(path, **arrays):
        Path(path).write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(np, "savez", full_disk)
    with pytest.raises(OSError, match="No space"):
        data_files._convert_cifar10(tiny_cifar10[0], tmp_path / "cifar10.npz")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def server(tmp_path_factory, monkeypatch):
    """A web server of this computer in the place of the home page of CIFAR-10."""
    folder = tmp_path_factory.mktemp("web")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=folder)

        def log_message(self, *args):
            pass

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as web:
        threading.Thread(target=web.serve_forever, args=(0.05,), daemon=True).start()
        address = f"http://127.0.0.1:{web.server_port}/cifar-10-python.tar.gz"
        monkeypatch.setattr(data_files, "FULL_CIFAR10_URL", address)
        yield folder
        web.shutdown()


def test_download_is_kept_only_with_the_right_hash(server, tiny_cifar10, data_folder, monkeypatch):
    shutil.copy(tiny_cifar10[0], server)
    cache = data_folder / "cache"
    with pytest.raises(DataError, match=r"cannot get http.*hash"):
        load_cifar10(full=True)
    assert list(cache.iterdir()) == []

    digest = hashlib.sha256(tiny_cifar10[0].read_bytes()).hexdigest()
    monkeypatch.setattr(data_files, "FULL_CIFAR10_ARCHIVE_SHA256", digest)
    archive = data_files._download_cifar10(cache)
    assert archive.read_bytes() == tiny_cifar10[0].read_bytes()
    (server / archive.name).unlink()
    assert data_files._download_cifar10(cache) == archive  # the second time without the network

    # Converted on first use; the tiny images are then refused, for they are not CIFAR-10.
    with pytest.raises(DataError, match=r"x_train has shape \(20, 32, 32, 3\)"):
        load_cifar10(full=True)
    assert (cache / "cifar10.npz").exists()
    assert archive.exists()


def test_no_network_says_what_to_do(data_folder, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    nobody = "http://127.0.0.1:9/cifar-10-python.tar.gz"
    monkeypatch.setattr(data_files, "FULL_CIFAR10_URL", nobody)
    with pytest.raises(DataError, match=rf"cannot get {nobody}.*put it at .*full=False") as caught:
        load_cifar10(full=True)
    assert str(data_folder / "cache" / "cifar-10-python.tar.gz") in str(caught.value)


def test_a_damaged_archive_is_reported_and_kept(data_folder):
    archive = data_folder / "cache" / "cifar-10-python.tar.gz"
    archive.parent.mkdir()
    archive.write_bytes(b"half a download")
    with pytest.raises(DataError, match=r"tar.gz is damaged or incomplete \(15 bytes\)"):
        load_cifar10(full=True)
    assert archive.read_bytes() == b"half a download"


def few(count, *shape):
    return np.zeros((count, *shape), np.uint8)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        (None, "File is not a zip file"),
        ({"x_train": few(2)}, "y_train"),
        (
            {"x_train": few(3, 2), "y_train": few(3), "x_test": few(3), "y_test": few(3)},
            r"x_train has shape \(3, 2\) and dtype uint8, expected \(50000, 32, 32, 3\)",
        ),
    ],
)
def test_a_damaged_cache_is_reported_and_kept(arrays, words, data_folder):
    cache = data_folder / "cache" / "cifar10.npz"
    cache.parent.mkdir()
    if arrays is None:
        cache.write_bytes(b"PK\x03\x04 not complete")
    else:
        np.savez(cache, **arrays)
    before = cache.read_bytes()
    with pytest.raises(DataError, match=rf"cifar10.npz is damaged.*({words}).*Delete it"):
        load_cifar10(full=True)
    assert cache.read_bytes() == before


def test_full_images_of_the_right_shape_but_other_bytes_are_refused(data_folder):
    cache = data_folder / "cache" / "cifar10.npz"
    cache.parent.mkdir()
    arrays = {
        "x_train": few(50_000, 32, 32, 3),
        "y_train": few(50_000),
        "x_test": few(10_000, 32, 32, 3),
        "y_test": few(10_000),
    }
    np.savez_compressed(cache, **arrays)
    assert zipfile.is_zipfile(cache)
    with pytest.raises(DataError, match=r"x_train has SHA-256 .*, expected 47af8b02"):
        load_cifar10(full=True)


@pytest.mark.skipif(
    not (SHIPPED / "cache" / "cifar10.npz").exists(), reason="full CIFAR-10 is not downloaded"
)
def test_full_cifar10():
    data = load_cifar10(full=True)
    assert [len(x) for x in all_x(data)] == [45_000, 5_000, 10_000]
    np.testing.assert_allclose(
        data.images("test").mean(axis=(0, 1, 2)) / 255, [0.49421, 0.48513, 0.45041], atol=1e-5
    )
