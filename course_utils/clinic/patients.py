"""The patients of notebook 10: trainings that fail of one cause each, and the change that cures.

`PATIENTS` are known; `ward` has patients whose cause the class does not know, some with two
faults and some with none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from course_utils.clinic.setups import Setup


@dataclass(frozen=True)
class Patient:
    """A failing `sick` training, the `cause` that `diagnose` names, and the one change."""

    name: str
    complaint: str
    cause: str
    sick: Setup
    change: Mapping[str, object]
    remedy: str

    @property
    def cured(self) -> Setup:
        """The same training with the one change."""
        return replace(self.sick, **self.change)


PATIENTS = tuple(
    Patient(*row)
    for row in (
        (
            "deep sigmoid",
            "the loss does not leave ln 10",
            "vanishing gradients",
            Setup(hidden=(50,) * 6, activation="sigmoid", init="uniform"),
            {"norm": "batch"},
            "batch norm between",
        ),
        (
            "loud weights",
            "the first loss is in the thousands",
            "weights too large",
            Setup(init=1.0, hidden=(64, 64, 64)),
            {"init": "he"},
            "He's weights",
        ),
        (
            "biases of -5",
            "the loss does not leave ln 10",
            "dead units",
            Setup(bias=-5.0),
            {"bias": 0.0},
            "biases at 0",
        ),
        (
            "rate too high",
            "the loss blows up after a few steps",
            "rate too high",
            Setup(lr=2.0),
            {"lr": 0.05},
            "a rate of 0.05",
        ),
        (
            "rate too low",
            "the loss falls, but one cannot see it",
            "rate too low",
            Setup(lr=5e-6),
            {"lr": 0.05},
            "a rate of 0.05",
        ),
        (
            "forgotten shuffle",
            "the loss saws up and down",
            "no shuffling",
            Setup(sorted=True, shuffled=False, epochs=3),
            {"shuffled": True},
            "a new order every epoch",
        ),
        (
            "shuffled apart",
            "training memorizes, validation guesses",
            "misaligned labels",
            Setup(aligned=False),
            {"aligned": True},
            "one order for both",
        ),
        (
            "raw housing",
            "NaN after a few steps",
            "unscaled inputs",
            Setup(data="housing", standardized=False, lr=0.01),
            {"standardized": True},
            "standardized features",
        ),
        (
            "averaged twice",
            "it learns, but very slowly",
            "averaged twice",
            Setup(averaged_once=False),
            {"averaged_once": True},
            "divided once",
        ),
        (
            "never at rest",
            "the same network, evaluated twice, gives two losses",
            "no inference switch",
            Setup(dropout=0.5, switch=False, hidden=(128, 128), lr=0.1),
            {"switch": True},
            "dropout off at inference",
        ),
        (
            "all alike",
            "the loss does not leave ln 10",
            "equal weights",
            Setup(init=0.0),
            {"init": "he"},
            "random weights",
        ),
        (
            "uphill",
            "the loss grows, faster and faster",
            "wrong gradient",
            Setup(downhill=False),
            {"downhill": True},
            "the sign of the gradient",
        ),
        (
            "one by one",
            "right in a batch, wrong alone",
            "no inference switch",
            Setup(norm="batch", switch=False),
            {"switch": True},
            "running averages at inference",
        ),
    )
)


@dataclass(frozen=True)
class Case:
    """A patient of the ward: a letter and a complaint. `causes` is empty for a healthy one.

    `change` cures all of them at once, `told` is what the file says to those who open it.
    """

    letter: str
    complaint: str
    setup: Setup
    causes: tuple[str, ...]
    change: Mapping[str, object]
    told: str

    @property
    def cured(self) -> Setup:
        """The same training with the change; the training itself where nothing was wrong."""
        return replace(self.setup, **self.change)

    def __repr__(self) -> str:
        return f"patient {self.letter}: {self.complaint}"


_DEEP = Setup(hidden=(50,) * 6, activation="sigmoid", init="uniform")
_BOTH = Setup(aligned=False, bias=-5.0)
WARD = {
    "does not move": (
        Case(
            "A",
            "320 steps, and nothing",
            Setup(bias=-5.0),
            ("dead units",),
            {"bias": 0.0},
            "all hidden biases start at -5, and no unit ever wakes",
        ),
        Case(
            "B",
            "320 steps, and nothing",
            _DEEP,
            ("vanishing gradients",),
            {"norm": "batch"},
            "six layers of sigmoids with small weights: the gradient fades on its way down",
        ),
        Case(
            "C",
            "320 steps, and nothing",
            _BOTH,
            ("misaligned labels", "dead units"),
            {"aligned": True, "bias": 0.0},
            "biases of -5, and images that were shuffled without their labels: two faults",
        ),
        Case(
            "D",
            "320 steps, and nothing",
            Setup(lr=5e-6),
            ("rate too low",),
            {"lr": 0.05},
            "a healthy network, and a rate of 0.000005",
        ),
    ),
    "blows up": (
        Case(
            "E",
            "NaN after a few steps",
            Setup(lr=2.0),
            ("rate too high",),
            {"lr": 0.05},
            "a healthy network, and a rate of 2",
        ),
        Case(
            "F",
            "its first loss is ten times that of a guess",
            Setup(data="housing", lr=0.01),
            (),
            {},
            "nothing is wrong: He's last layer is a little large, and twenty steps repair it",
        ),
        Case(
            "G",
            "NaN after a few steps",
            Setup(init=1.0, hidden=(64, 64, 64)),
            ("weights too large",),
            {"init": "he"},
            "weights of std 1 in every layer",
        ),
        Case(
            "H",
            "NaN after a few steps",
            Setup(data="housing", standardized=False, lr=0.01),
            ("unscaled inputs",),
            {"standardized": True},
            "the table as it is in the file: 1,172 people beside an income of 3.6",
        ),
    ),
    "learns, but ...": (
        Case(
            "I",
            "the training loss is a saw",
            Setup(sorted=True, shuffled=False, epochs=3),
            ("no shuffling",),
            {"shuffled": True},
            "the images come folder by folder, and the shuffle was forgotten",
        ),
        Case(
            "J",
            "it learns, very slowly",
            Setup(averaged_once=False),
            ("averaged twice",),
            {"averaged_once": True},
            "a hand-written layer divides by the batch size, as the loss has done already",
        ),
        Case(
            "K",
            "training falls, validation guesses",
            Setup(aligned=False),
            ("misaligned labels",),
            {"aligned": True},
            "the images were shuffled, the labels stayed where they were",
        ),
        Case(
            "L",
            "validation is worse than it should be",
            Setup(dropout=0.5, switch=False, hidden=(128, 128), lr=0.1),
            ("no inference switch",),
            {"switch": True},
            "dropout drops at inference, too",
        ),
        Case(
            "M",
            "the curve is rough",
            Setup(hidden=(64, 64), lr=0.1),
            (),
            {},
            "nothing is wrong: a batch of 64 images is a noisy sample",
        ),
        Case(
            "N",
            "it learns slowly, and each evaluation says something else",
            Setup(averaged_once=False, dropout=0.3, switch=False),
            ("no inference switch", "averaged twice"),
            {"averaged_once": True, "switch": True},
            "averaged twice, and dropout that never stops: two faults",
        ),
    ),
}


def ward(symptom: str) -> list[Case]:
    """The patients with one symptom. Raises ValueError for a symptom that nobody has."""
    if symptom not in WARD:
        raise ValueError(f"symptom is {symptom!r}, expected one of {list(WARD)}")
    return list(WARD[symptom])


def open_file(case: Case) -> str:
    """The line of the file that a class opens when it has named its suspect."""
    causes = " and ".join(case.causes) or "healthy"
    return f"{case.letter}: {causes}. {case.told[0].upper()}{case.told[1:]}."


# what each cause that the ward knows is treated with
TREATMENTS = {
    "unscaled inputs": {"standardized": True},
    "misaligned labels": {"aligned": True},
    "no shuffling": {"shuffled": True},
    "averaged twice": {"averaged_once": True},
    "wrong gradient": {"downhill": True},
    "no inference switch": {"switch": True},
    "equal weights": {"init": "he"},
    "weights too large": {"init": "he"},
    "dead units": {"bias": 0.0},
    "vanishing gradients": {"norm": "batch"},
    "rate too high": {"lr": 0.05},
    "rate too low": {"lr": 0.05},
}
_FAULTS = {
    "unscaled inputs": {"data": "housing", "standardized": False, "lr": 0.01},
    "misaligned labels": {"aligned": False},
    "no shuffling": {"sorted": True, "shuffled": False},
    "averaged twice": {"averaged_once": False},
    "wrong gradient": {"downhill": False},
    "no inference switch": {"dropout": 0.5, "switch": False, "hidden": (128, 128), "lr": 0.1},
    "equal weights": {"init": 0.0},
    "weights too large": {"init": 1.0, "hidden": (64, 64, 64)},
    "dead units": {"bias": -5.0},
    "vanishing gradients": {"hidden": (50,) * 6, "activation": "sigmoid", "init": "uniform"},
    "rate too high": {"lr": 2.0},
    "rate too low": {"lr": 5e-6},
}
_PAIRS = (
    ("misaligned labels", "dead units"),
    ("misaligned labels", "rate too low"),
    ("no shuffling", "averaged twice"),
    ("no inference switch", "averaged twice"),
    ("no shuffling", "dead units"),
    ("no inference switch", "misaligned labels"),
)
_SOUND = (
    Setup(),
    Setup(hidden=(100, 50), lr=0.1),
    Setup(data="housing", lr=0.01),
    Setup(norm="batch", hidden=(64, 64, 64)),
    Setup(activation="tanh", init="glorot"),
    Setup(dropout=0.3, hidden=(128, 128), lr=0.1),
)


def draw_case(number: int) -> Case:
    """The patient with this number: of five, about three have one fault, one has two, one none.

    The same number is always the same patient.
    """
    rng = np.random.default_rng([1848, number])
    kind = rng.random()
    if kind < 0.2:
        setup = _SOUND[rng.integers(len(_SOUND))]
        return Case(str(number), "nobody knows", setup, (), {}, "nothing is wrong")
    if kind < 0.4:
        causes = _PAIRS[rng.integers(len(_PAIRS))]
    else:
        causes = (list(_FAULTS)[rng.integers(len(_FAULTS))],)
    setup, change = Setup(), {}
    for cause in causes:
        setup = replace(setup, **_FAULTS[cause])
        change |= TREATMENTS[cause]
    return Case(str(number), "nobody knows", setup, causes, change, " and ".join(causes))
