"""The bytes of the data sets: files that ship with the course, and all of CIFAR-10 on request.

Each file is compared with its known SHA-256 before anything in it is used.
"""

import hashlib
import os
import pickle
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import ClassVar

import numpy as np

SHIPPED_SHA256 = {
    "mnist.npz": "06af5dfe73b70e3bc1c36439982b18a8d76803db9b544f6fdf838a37fbb01b64",
    "cifar10-train.webp": "c5b6f731a3c6d4a663465bf0ee8e8ebce32c7a769547ea8b6662ffad09b760e9",
    "cifar10-train-labels.u8": "c48dd114744b9f3299cb76e5e88e51d4eb6053678aefc6dfb3ba17410781c233",
    "cifar10-test.webp": "212d5ea8009fbca7f3ee4dfd606ac3c4bc5d4d6f25a29f103edf64616265a6c2",
    "cifar10-test-labels.u8": "0eeebe13288931f8d9ed333b8d958eaf07ea15867049ff228eae05409d183da2",
    "california_housing.csv.gz": "33f0f7650d528740f3f38d1ce55c5c069fa3531c823910d9936daec381e05c62",
}
FULL_CIFAR10_URL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
FULL_CIFAR10_ARCHIVE_SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
FULL_CIFAR10_SHA256 = {  # of the bytes of each uint8 array, images as (N, 32, 32, 3)
    "x_train": "47af8b02cfcfb6cdf3dbbd1969ad7f1b70f4413f6f80f437b020ee4e5bc8304a",
    "y_train": "2b7cd2f24487317614016b72ffd53071c3062f592f0eb300c18a770d41ae1253",
    "x_test": "f9b1e2130bab680db56eb06d886f7f1ad0f1183907ceff4659d1735c890f5b04",
    "y_test": "cec8a24a1e92aa2ecaa0bbd3dbfa86bf6cd8759fbd209a832824c8cf0afca9d5",
}


class DataError(RuntimeError):
    """A data file is missing, damaged, or cannot be downloaded."""


def data_directory() -> Path:
    """Return the folder of the data files: COURSE_DATA if set, else data/ of the repository."""
    return Path(os.environ.get("COURSE_DATA") or Path(__file__).resolve().parents[1] / "data")


def read_shipped(name: str) -> bytes:
    """Return the bytes of a shipped file after comparing them with the known SHA-256."""
    path = data_directory() / name
    cure = f"Restore it with `git checkout -- data/{name}`, or download the repository again."
    if os.environ.get("COURSE_DATA"):
        cure += " The environment variable COURSE_DATA chose this folder."
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}. {cure}") from error
    came = hashlib.sha256(content).hexdigest()
    if came != SHIPPED_SHA256[name]:
        raise DataError(
            f"{path} is damaged: its {len(content):,} bytes have SHA-256 {came}, "
            f"expected {SHIPPED_SHA256[name]}. {cure}"
        )
    return content


def full_cifar10() -> dict[str, np.ndarray]:
    """Return all of CIFAR-10 from data/cache/cifar10.npz, which is made on first use."""
    path = data_directory() / "cache" / "cifar10.npz"
    if not path.exists():
        _convert_cifar10(_download_cifar10(path.parent), path)
    cure = "Delete it and load again: it is then made anew from the downloaded archive."
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            stored = {key: arrays[key] for key in FULL_CIFAR10_SHA256}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} is damaged: {error}. {cure}") from error
    for key, expected in FULL_CIFAR10_SHA256.items():
        array = stored[key]
        count = 50_000 if key.endswith("train") else 10_000
        shape = (count, 32, 32, 3) if key.startswith("x") else (count,)
        if array.dtype != np.uint8 or array.shape != shape:
            raise DataError(
                f"{path} is damaged: {key} has shape {array.shape} and dtype {array.dtype}, "
                f"expected {shape} and uint8. {cure}"
            )
        came = hashlib.sha256(np.ascontiguousarray(array).reshape(-1)).hexdigest()
        if came != expected:
            raise DataError(
                f"{path} is damaged: {key} has SHA-256 {came}, expected {expected}. {cure}"
            )
    return stored


def _download_cifar10(cache: Path) -> Path:
    """Return the path of the checked archive, downloaded into `cache` unless it is there."""
    import pooch  # only here: it is slow to import, and the course runs offline without it

    archive = cache / FULL_CIFAR10_URL.rpartition("/")[2]
    cache.mkdir(parents=True, exist_ok=True)
    offline = "load_cifar10(full=False) works offline with the images that ship."
    if archive.exists():
        if pooch.file_hash(archive) != FULL_CIFAR10_ARCHIVE_SHA256:
            raise DataError(
                f"{archive} is damaged or incomplete ({archive.stat().st_size:,} bytes): its "
                f"SHA-256 is not {FULL_CIFAR10_ARCHIVE_SHA256}. Delete it and load again, or put "
                f"a good copy in its place. {offline}"
            )
        return archive
    try:  # pooch downloads to a temporary file, checks its hash, and only then renames it
        pooch.retrieve(
            FULL_CIFAR10_URL,
            known_hash=f"sha256:{FULL_CIFAR10_ARCHIVE_SHA256}",
            fname=archive.name,
            path=cache,
            downloader=pooch.HTTPDownloader(progressbar=True),
        )
    except (OSError, ValueError) as error:
        raise DataError(
            f"cannot get {FULL_CIFAR10_URL}: {error}. Without a connection, download it on "
            f"another computer and put it at {archive}. {offline}"
        ) from error
    return archive


class _ArrayUnpickler(pickle.Unpickler):
    """Reads the Python 2 pickles of CIFAR-10: containers, numbers, bytes, and uint8 arrays."""

    ALLOWED: ClassVar = {
        ("numpy.core.multiarray", "_reconstruct"): lambda *_: np.empty(0, np.uint8),
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
    }

    def find_class(self, module: str, name: str) -> object:
        if (module, name) not in self.ALLOWED:
            raise DataError(f"the archive asks for {module}.{name}, which no array needs: refused")
        return self.ALLOWED[module, name]


def _convert_cifar10(archive: Path, target: Path) -> None:
    """Write the images and labels of the archive to `target`, complete or not at all."""
    batches = {}
    with tarfile.open(archive, "r:gz") as tar:  # members are read in place, none is extracted
        for member in tar:
            name = Path(member.name).name
            if member.isfile() and (name.startswith("data_batch_") or name == "test_batch"):
                batch = _ArrayUnpickler(tar.extractfile(member), encoding="bytes").load()
                planes = batch[b"data"].reshape(-1, 3, 32, 32)  # all red, all green, all blue
                labels = np.array(batch[b"labels"], np.uint8)
                batches[name] = planes.transpose(0, 2, 3, 1), labels
    train = [batches[name] for name in sorted(batches) if name != "test_batch"]
    x_train, y_train = (np.concatenate(parts) for parts in zip(*train, strict=True))
    x_test, y_test = batches["test_batch"]
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        unfinished = Path(folder, target.name)
        np.savez(unfinished, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
        os.replace(unfinished, target)
