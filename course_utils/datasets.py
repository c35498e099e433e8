"""MNIST, CIFAR-10 and California housing, read from the files that ship with the course.

Each loader checks its files, splits off validation data, and standardizes with the statistics of
the training part only.
"""

import gzip
import io
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from course_utils.data_files import DataError, data_directory, full_cifar10, read_shipped
from course_utils.validation import require_count, require_number

__all__ = [
    "CIFAR10_CLASSES",
    "DIGITS",
    "DataError",
    "Dataset",
    "data_directory",
    "load_california_housing",
    "load_cifar10",
    "load_mnist",
]

DIGITS = tuple("0123456789")
CIFAR10_CLASSES = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)
CHUNK = 2_000  # rows of pixels worked on at a time, so that no wide copy of all rows exists


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """A data set in three parts, ready for training.

    x_train, x_val, x_test: (N, D) float32, standardized as (x - mean) / std.
    y_train, y_val, y_test: class indices (N,) int64, or for housing the price (N, 1) float32
    in units of 100,000 dollars, not standardized.
    mean, std: (D,) float32 of the training part, for pixels in units of [0, 1]; the std of a
    column that is constant there is 1.
    class_names is empty for regression, feature_names for images.
    """

    name: str
    x_train: np.ndarray
    y_train: np.ndarray
    x_val: np.ndarray
    y_val: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    mean: np.ndarray
    std: np.ndarray
    class_names: tuple[str, ...] = ()
    feature_names: tuple[str, ...] = ()
    # split -> (uint8 images as stored, the rows of them that make up the split)
    pixels: dict[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)

    def __repr__(self) -> str:
        parts = [
            f"  {split:5} x {getattr(self, f'x_{split}').shape}, "
            f"y {getattr(self, f'y_{split}').shape}"
            for split in ("train", "val", "test")
        ]
        return "\n".join([f"Dataset {self.name!r}", *parts])

    def images(self, split: str) -> np.ndarray:
        """Return the images of a split in true colors, uint8 (N, 28, 28) or (N, 32, 32, 3)."""
        if not self.pixels:
            raise ValueError(f"{self.name} has no images, only the features {self.feature_names}")
        self._require_split(split)
        stored, rows = self.pixels[split]
        return stored[rows]

    def denormalize(self, x: np.ndarray) -> np.ndarray:
        """Undo the standardization of x, (N, D) or (D,): pixels in [0, 1] or raw features."""
        x = np.asarray(x)
        if x.ndim not in (1, 2) or x.shape[-1] != len(self.mean):
            raise ValueError(f"x has shape {x.shape}, expected (N, {len(self.mean)})")
        return x * self.std + self.mean

    def feature(self, name: str, split: str = "train") -> np.ndarray:
        """Return one named feature of a split in its raw unit, (N,), as in "Latitude"."""
        if name not in self.feature_names:
            known = ", ".join(self.feature_names) or "none: its columns are pixels"
            raise ValueError(f"name is {name!r}, expected a feature of {self.name} ({known})")
        self._require_split(split)
        column = self.feature_names.index(name)
        return getattr(self, f"x_{split}")[:, column] * self.std[column] + self.mean[column]

    def _require_split(self, split: str) -> None:
        if split not in ("train", "val", "test"):
            raise ValueError(f"split is {split!r}, expected 'train', 'val' or 'test'")


def load_mnist(
    train_size: int = 55_000, val_size: int = 5_000, seed: int = 0, *, min_std: float = 0.0
) -> Dataset:
    """Return MNIST as rows of 784 pixels; the 10,000 test images keep their order.

    Training and validation images are drawn at random from the 60,000 training images. One seed
    and val_size give one validation set, and a smaller train_size a subset of a larger one.
    Pixels lit in a few training images only have a tiny std, so the images that light them hold
    values in the hundreds or thousands. min_std=0.1 raises every std to at least 0.1 of the full
    brightness, which keeps all values within 10.
    Raises DataError if the file is missing or damaged.
    Source: Y. LeCun, C. Cortes, C. Burges, The MNIST database of handwritten digits.
    """
    require_number("min_std", min_std, low=0, high=1)
    with np.load(io.BytesIO(read_shipped("mnist.npz")), allow_pickle=False) as arrays:
        stored = dict(arrays)
    return _image_dataset("MNIST", stored, DIGITS, train_size, val_size, seed, min_std)


def load_cifar10(full: bool = False, val_size: int | None = None, seed: int = 0) -> Dataset:
    """Return CIFAR-10 as rows of 3072 = 32 * 32 * 3 values; the test images keep their order.

    By default the 10,000 training and 2,000 test images that ship with the course, 1,000 of the
    training images held out for validation; with full=True all 50,000 and 10,000, 5,000 held out,
    downloaded once. Raises DataError if a file is missing or damaged or the download fails.
    Source: A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009.
    """
    stored = full_cifar10() if full else _shipped_cifar10()
    if val_size is None:
        val_size = len(stored["x_train"]) // 10
    return _image_dataset("CIFAR-10", stored, CIFAR10_CLASSES, None, val_size, seed)


def load_california_housing(
    seed: int = 0, val_fraction: float = 0.2, test_fraction: float = 0.2
) -> Dataset:
    """Return California housing, 20,640 districts with 8 features, split at random.

    The price is a median in units of 100,000 dollars; 965 of them stand at the cap of 5.00001.
    Raises DataError if the file is missing or damaged.
    Source: R. K. Pace and R. Barry, Sparse Spatial Autoregressions, 1997 (1990 US census).
    """
    text = gzip.decompress(read_shipped("california_housing.csv.gz")).decode("ascii")
    header = tuple(text[: text.index("\n")].split(","))
    table = np.loadtxt(io.StringIO(text), delimiter=",", skiprows=1)
    x, y = table[:, :-1], table[:, -1:].astype(np.float32)
    n_val, n_test = (
        require_count(name, round(len(table) * require_number(name, fraction, low=0, high=1)))
        for name, fraction in (("val_fraction", val_fraction), ("test_fraction", test_fraction))
    )
    if n_val + n_test >= len(table):
        raise ValueError(
            f"val_fraction + test_fraction is {val_fraction + test_fraction:g}, expected less "
            "than 1: nothing is left for training"
        )
    test, val, train = np.split(
        np.random.default_rng(seed).permutation(len(table)), [n_test, n_test + n_val]
    )
    mean = x[train].mean(axis=0).astype(np.float32)
    std = np.where(np.ptp(x[train], axis=0) == 0, 1, x[train].std(axis=0)).astype(np.float32)
    arrays = {}
    for split, rows in (("train", train), ("val", val), ("test", test)):
        arrays[f"x_{split}"] = ((x[rows] - mean) / std).astype(np.float32)
        arrays[f"y_{split}"] = y[rows]
    return Dataset("California housing", **arrays, mean=mean, std=std, feature_names=header[:-1])


def _image_dataset(
    name: str,
    stored: dict[str, np.ndarray],
    class_names: tuple[str, ...],
    train_size: int | None,
    val_size: int,
    seed: int,
    min_std: float = 0.0,
) -> Dataset:
    """Split the stored images, standardize each pixel, and keep the images for display."""
    available = len(stored["x_train"])
    require_count("val_size", val_size)
    if train_size is None:
        train_size = max(1, available - val_size)
    if require_count("train_size", train_size) + val_size > available:
        raise ValueError(
            f"train_size {train_size} + val_size {val_size} is more than the {available} "
            f"training images of {name}"
        )
    order = np.random.default_rng(seed).permutation(available)
    val, train = order[:val_size], order[val_size : val_size + train_size]
    mean, std = _pixel_statistics(stored["x_train"], train)
    std = np.maximum(std, np.float32(min_std))
    pixels = {
        "train": (stored["x_train"], train),
        "val": (stored["x_train"], val),
        "test": (stored["x_test"], np.arange(len(stored["x_test"]))),
    }
    arrays = {}
    for split, (images, rows) in pixels.items():
        labels = stored["y_test" if split == "test" else "y_train"]
        arrays[f"x_{split}"] = _standardize_pixels(images, rows, mean, std)
        arrays[f"y_{split}"] = labels[rows].astype(np.int64)
    return Dataset(name, **arrays, mean=mean, std=std, class_names=class_names, pixels=pixels)


def _pixel_chunks(images: np.ndarray, rows: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield (place in the split, uint8 rows of pixels (n, D)) for a few rows at a time."""
    for start in range(0, len(rows), CHUNK):
        place = slice(start, start + CHUNK)
        chunk = images[rows[place]]
        yield place, chunk.reshape(len(chunk), -1)


def _pixel_statistics(images: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of each pixel in [0, 1], from exact integer sums."""
    n = len(rows)
    total, squares = np.zeros((2, images[0].size), np.int64)
    for _, chunk in _pixel_chunks(images, rows):
        wide = chunk.astype(np.uint32)  # 2,000 * 255**2 fits into 32 bits
        total += wide.sum(axis=0, dtype=np.int64)
        squares += np.einsum("nd,nd->d", wide, wide)
    spread = n * squares - total**2  # n**2 times the variance, exactly 0 for a constant pixel
    std = np.where(spread == 0, 1, np.sqrt(spread) / (255 * n))
    return (total / (255 * n)).astype(np.float32), std.astype(np.float32)


def _standardize_pixels(
    images: np.ndarray, rows: np.ndarray, mean: np.ndarray, std: np.ndarray
) -> np.ndarray:
    """Return (x / 255 - mean) / std of the chosen images as float32 (N, D)."""
    x = np.empty((len(rows), len(mean)), np.float32)
    for place, chunk in _pixel_chunks(images, rows):
        part = np.divide(chunk, np.float32(255), out=x[place])
        part -= mean
        part /= std
    return x


def _shipped_cifar10() -> dict[str, np.ndarray]:
    """Return the shipped images, cut out of lossless atlases of 32 x 32 tiles, and labels."""
    stored = {}
    for split in ("train", "test"):
        atlas = np.asarray(Image.open(io.BytesIO(read_shipped(f"cifar10-{split}.webp"))))
        tall, wide = atlas.shape[0] // 32, atlas.shape[1] // 32
        tiles = atlas.reshape(tall, 32, wide, 32, 3).transpose(0, 2, 1, 3, 4)
        stored[f"x_{split}"] = tiles.reshape(-1, 32, 32, 3)
        labels = read_shipped(f"cifar10-{split}-labels.u8")
        stored[f"y_{split}"] = np.frombuffer(labels, np.uint8)
    return stored
