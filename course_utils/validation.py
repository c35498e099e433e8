"""Checks of what comes in, with errors in the words of the course.

Every public function that takes arrays or settings calls these before it computes anything.
"""

import math
import warnings

import numpy as np


def require_number(
    name: str,
    value: float,
    *,
    low: float = -math.inf,
    high: float = math.inf,
    open_high: bool = False,
) -> float:
    """Return `value` as a float in [low, high] (in [low, high) with `open_high`), or raise."""
    refused = isinstance(value, (bool, np.bool_, str))
    if refused or not np.isscalar(value) or not np.isreal(value):
        raise TypeError(f"{name} is {value!r} ({type(value).__name__}), expected a number")
    try:
        number = float(value)
    except OverflowError:
        raise ValueError(f"{name} is larger than any float, expected a finite number") from None
    inside = low <= number < high if open_high else low <= number <= high
    if not inside or not math.isfinite(number):
        if high == math.inf:
            expected = "a finite number" if low == -math.inf else f"a finite number >= {low:g}"
        else:
            expected = f"a number in [{low:g}, {high:g}{')' if open_high else ']'}"
        raise ValueError(f"{name} is {number:g}, expected {expected}")
    return number


def require_count(name: str, value: int, *, low: int = 1) -> int:
    """Return `value` as an int of at least `low`, or raise."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} is {value!r} ({type(value).__name__}), expected a whole number")
    if value < low:
        raise ValueError(f"{name} is {value}, expected at least {low}")
    return int(value)


def require_generator(name: str, rng) -> np.random.Generator:
    """The generator itself, or one made from None or a whole number; raise on anything else."""
    if rng is None or isinstance(rng, np.random.Generator):
        return np.random.default_rng(rng)
    if isinstance(rng, (bool, np.bool_)) or not isinstance(rng, (int, np.integer)) or rng < 0:
        raise TypeError(
            f"{name} is {rng!r}, expected None, a whole number or a numpy.random.Generator"
        )
    return np.random.default_rng(rng)


def as_array(name: str, x) -> np.ndarray:
    """`x` as an array. Raises on a masked array, whose mask would be lost, and on ragged lists."""
    if isinstance(x, np.ma.MaskedArray) and np.ma.is_masked(x):
        raise TypeError(
            f"{name} is a masked array with {np.ma.count_masked(x)} values hidden, expected plain "
            f"numbers: leave those rows out, or fill them with {name}.filled(...)"
        )
    try:
        return np.asarray(x)
    except ValueError as error:
        raise ValueError(
            f"{name} is ragged: its rows have different lengths, expected a full table"
        ) from error


def require_instance(name: str, value: object) -> None:
    """Raise if `value` is a class, where an object of it is due."""
    if isinstance(value, type):
        raise TypeError(
            f"{name} is the class {value.__name__}, expected an object: {value.__name__}(...)"
        )


def require_function(name: str, value: object, example: str) -> None:
    """Raise unless `value` can be called; `example` is one that can."""
    if isinstance(value, type) or not callable(value):
        raise TypeError(f"{name} is {value!r}, expected a function, such as {example}")


def require_list(name: str, values: object, example: str) -> None:
    """Raise if one thing is given where several are due; `example` is a list of them."""
    if not isinstance(values, (list, tuple)):
        what = values.__name__ if hasattr(values, "__name__") else type(values).__name__
        raise TypeError(f"{name} is one {what}, expected a list of them, such as {example}")


def require_targets(name: str, y) -> np.ndarray:
    """`y` as an array with a first axis, or raise."""
    y = as_array(name, y)
    if y.ndim == 0:
        raise TypeError(f"{name} is {y.item()!r}, expected one target for each row")
    return y


def warn_of_another_network(optimizer, network) -> None:
    """Warn if the optimizer brings averages along that belong to another network.

    Where their shapes differ its first step raises.
    """
    here = network.theta.__array_interface__["data"][0]
    if not getattr(optimizer, "state_names", ()):
        return
    state = getattr(optimizer, optimizer.state_names[0])
    fits = np.shape(state) == network.theta.shape
    if fits and getattr(optimizer, "trained", here) != here:
        name = type(optimizer).__name__
        warnings.warn(
            f"this {name} has made {optimizer.t} steps with another network and keeps its state: "
            f"make a new {name} for each training",
            stacklevel=3,
        )
    optimizer.trained = here


def require_result(value) -> float:
    """The one number that a function of the caller has returned, or raise."""
    several = isinstance(value, (tuple, list)) or np.ndim(value) != 0
    if several or np.asarray(value).dtype.kind not in "iufb":
        hint = "; of a loss take the first of the two, loss(...)[0]" if several else ""
        raise TypeError(f"f gives {type(value).__name__}, expected one number{hint}")
    return float(value)


def require_rows(name: str, x: np.ndarray, features: int | None = None) -> np.ndarray:
    """Return `x` as an array of shape (N, features) with N >= 1, or raise."""
    x = as_array(name, x)
    wanted = f"(N, {'D' if features is None else features})"
    if x.dtype.kind not in "iuf":
        raise TypeError(f"{name} has dtype {x.dtype}, expected numbers of shape {wanted}")
    if x.ndim != 2 or (features is not None and x.shape[1] != features):
        hint = ": did you forget to flatten?" if x.ndim != 2 else ""
        if x.ndim == 1:
            hint += f" (one example is x[None, :], of shape (1, {x.size}))"
        raise ValueError(f"{name} has shape {x.shape}, expected {wanted}{hint}")
    if x.shape[0] == 0:
        raise ValueError(f"{name} is an empty batch of shape {x.shape}, expected at least one row")
    return x


def require_batch(name: str, x: np.ndarray, features: int | None = None) -> np.ndarray:
    """Return `x` as rows (N, features) or images (N, H, W, features) with N >= 1, or raise."""
    x = as_array(name, x)
    if x.ndim == 4:
        return require_images(name, x, features)
    if x.ndim == 2:
        return require_rows(name, x, features)
    last = ("D", "C") if features is None else (features, features)
    hint = f"; one example is {name}[None]" if x.ndim in (1, 3) else ""
    raise ValueError(
        f"{name} has shape {x.shape}, expected (N, {last[0]}) or (N, H, W, {last[1]}){hint}"
    )


def require_images(name: str, x: np.ndarray, channels: int | None = None) -> np.ndarray:
    """Return `x` as an array of shape (N, H, W, channels) with nothing empty, or raise."""
    x = as_array(name, x)
    wanted = f"(N, H, W, {'C' if channels is None else channels})"
    if x.dtype.kind not in "iuf":
        raise TypeError(f"{name} has dtype {x.dtype}, expected numbers of shape {wanted}")
    if x.ndim != 4 or (channels is not None and x.shape[3] != channels):
        hint = _image_hint(name, x, channels)
        raise ValueError(f"{name} has shape {x.shape}, expected images {wanted}{hint}")
    if x.size == 0:
        raise ValueError(f"{name} is an empty batch of shape {x.shape}, expected {wanted}")
    return x


def _image_hint(name: str, x: np.ndarray, channels: int | None) -> str:
    """What the caller may have forgotten, told from the shape of `x`."""
    if x.ndim == 4 and x.shape[1] == channels:
        return f": channels first? Here they are last, {name}.transpose(0, 2, 3, 1)"
    if x.ndim == 3 and x.shape[2] == channels:
        return f": one image is {name}[None]"
    if x.ndim == 3 and channels in (1, None):
        return f": gray images need a channel, {name}[..., None]"
    if x.ndim == 2:
        side = math.isqrt(x.shape[1] // (channels or 3))
        if side * side * (channels or 3) == x.shape[1]:
            return f": rows of pixels? {name}.reshape(-1, {side}, {side}, {channels or 3})"
    return ""


def require_same_shape(name: str, x: np.ndarray, other_name: str, other: np.ndarray) -> None:
    """Raise unless both arrays have one shape, so that nothing is broadcast in silence."""
    if x.shape == other.shape:
        return
    hint = ""
    if x.size == other.size:
        hint = f": NumPy would broadcast them in silence; use {name}.reshape({other.shape})"
    raise ValueError(f"{name} has shape {x.shape}, {other_name} has shape {other.shape}{hint}")


def require_finite(name: str, x: np.ndarray) -> None:
    """Raise if `x` holds NaN or infinity, saying how many and where the first one is."""
    if np.isfinite(x).all():
        return
    bad = ~np.isfinite(x)
    first = tuple(int(i) for i in np.argwhere(bad)[0])
    raise ValueError(
        f"{name} holds {int(bad.sum())} values that are NaN or infinite, "
        f"the first at index {first}; expected finite numbers"
    )


def require_equal_length(name: str, x: np.ndarray, other_name: str, other: np.ndarray) -> None:
    """Raise unless both arrays have the same number of rows."""
    if len(x) != len(other):
        raise ValueError(
            f"{name} has {len(x)} rows, {other_name} has {len(other)}: "
            "each example needs its target"
        )
