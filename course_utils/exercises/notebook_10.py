"""The exercises of notebook 10: dead units, a fading gradient, and three patients without a name.

Each mistake is one that students make, with a hint at the thought behind it.
"""

import numpy as np

from course_utils.exercises.engine import Choice, Function, Mistake, Numbers, Option

SLOPE, WEIGHT = 0.25, 0.5  # the steepest slope of a sigmoid, and the weight of exercise 10.2


def dead_fraction(activations):
    """The fraction of columns that are 0 in every row."""
    return np.mean((activations == 0).all(axis=0))


def _activation_cases(rng):
    for rows, units, dead in ((3, 4, 1), (8, 5, 2), (20, 6, 0), (5, 3, 3), (30, 10, 4)):
        activations = np.maximum(rng.normal(size=(rows, units)), 0)
        # each unit wakes once, and be it ever so little
        little = 10.0 ** -rng.uniform(1.5, 9, units)
        activations[rng.integers(rows, size=units), np.arange(units)] = little
        activations[:, :dead] = 0.0
        yield (activations,)
    yield (np.array([[1.0, 0.0, 2.0], [-1.0, 0.0, 0.5], [0.0, 0.0, 1.0]]),)  # a tanh, 1 and -1


def six_sigmoids_by_hand():
    """What one step and six steps leave of a gradient, and the weight that would keep it."""
    slope, weight = SLOPE, WEIGHT
    factor = slope * weight
    arrives = factor**6
    keeping = 1 / slope
    return {"factor": factor, "arrives": arrives, "keeping": keeping}


EXERCISES = (
    Function(
        "10.1",
        "Dead or just resting?",
        "judge a network layer by layer",
        reference=dead_fraction,
        cases=_activation_cases,
        mistakes=[
            Mistake(
                lambda a: np.mean(a == 0),
                "You count zeros. A unit that is 0 for some examples still learns from the others.",
            ),
            Mistake(
                lambda a: np.mean((a == 0).any(axis=0)),
                "One zero does not kill a unit. For how many examples must it be 0?",
            ),
            Mistake(
                lambda a: np.mean((a == 0).all(axis=1)),
                "You ask each example about its units. Which axis holds the units?",
            ),
            Mistake(
                lambda a: np.mean(a[0] == 0),
                "You look at the first example only. A unit may rest there and wake at the next.",
            ),
            Mistake(
                lambda a: np.mean((a < 0.1).all(axis=0)),
                "A small output is not 0: such a unit still gets a gradient.",
            ),
            Mistake(
                lambda a: 1 - dead_fraction(a),
                "That is the fraction of units that live.",
            ),
            Mistake(
                lambda a: int((a == 0).all(axis=0).sum()),
                "That is a number of units. A fraction needs to know how many there are.",
            ),
            Mistake(
                lambda a: np.mean(a.mean(axis=0) < 0.1),
                "You ask for a small mean. A unit that wakes seldom, or a little, is not dead: it "
                "must "
                "be exactly 0 for every example.",
            ),
            Mistake(
                lambda a: np.mean(a.mean(axis=0) < 0.5),
                "A small mean is not zero: such a unit still gets a gradient.",
            ),
            Mistake(
                lambda a: np.mean(a.mean(axis=0) == 0),
                "A mean of 0 is not 0 for every example: plus and minus may cancel.",
            ),
            Mistake(
                lambda a: (a == 0).all(axis=0),
                "You know of each unit whether it is dead. Which fraction of them is?",
            ),
            Mistake(
                lambda a: np.sum((a == 0).all(axis=0)) / len(a),
                "You count dead units and divide by examples. Of what is it a fraction?",
            ),
            Mistake(
                lambda a: bool((a == 0).all(axis=0).any()),
                "You say whether there is a dead unit. Asked is for the fraction of them.",
            ),
            Mistake(
                lambda a: bool((a == 0).all()),
                "You ask whether all units are dead at once. Each one is to be asked by itself.",
            ),
        ],
        insight="Half of the outputs of a healthy ReLU are 0. A dead unit is 0 for all examples.",
    ),
    Numbers(
        "10.2",
        "Through six sigmoids, by hand",
        "recognize ten broken trainings by one number each",
        answer={"factor": SLOPE * WEIGHT, "arrives": (SLOPE * WEIGHT) ** 6, "keeping": 1 / SLOPE},
        mistakes=[
            Mistake(
                {"factor": WEIGHT}, "The weight is one part. What is the slope of a sigmoid at 0?"
            ),
            Mistake(
                {"factor": SLOPE},
                "0.25 is the slope without the weight, or the weight times the value of the "
                "sigmoid, "
                "0.5. The factor is the slope, times the weight.",
            ),
            Mistake({"factor": SLOPE + WEIGHT}, "Two steps of a chain: do slopes add or multiply?"),
            Mistake({"arrives": 6 * SLOPE * WEIGHT}, "Six in a row: do slopes add or multiply?"),
            Mistake(
                {"arrives": (SLOPE * WEIGHT) ** 5}, "From a_6 to a_0: how many steps are that?"
            ),
            Mistake({"arrives": SLOPE**6}, "Each step passes a weight, too."),
            Mistake(
                {"factor": 0.5 * WEIGHT, "keeping": 2.0},
                "0.5 is the value of the sigmoid at 0. How steep is it there?",
            ),
            Mistake(
                {"factor": WEIGHT, "keeping": 1.0},
                "Your factor is the weight alone. A gradient also passes the sigmoid: what is its "
                "slope "
                "at 0?",
            ),
            Mistake(
                {"keeping": 1 / (SLOPE * WEIGHT)},
                "You divide by the factor, and the old w = 0.5 is in it already. Only the slope is "
                "given.",
            ),
            Mistake(
                {"arrives": 0.0},
                "It is small, but not 0: a few millionths. How many digits are left?",
            ),
            Mistake({"keeping": 1.0}, "With w = 1 only the slope is left. What would undo it?"),
            Mistake({"keeping": SLOPE}, "Slope times weight has to be 1."),
        ],
        working=six_sigmoids_by_hand,
        insight="Four millionths arrive. And a slope of 1/4 is the best case: z stays at 0.",
        tolerance=0.01,
    ),
    Choice(
        "10.3",
        "A patient without a name",
        "diagnose",
        question="Its loss stands at ln 10. What is its cause?",
        options={
            "a": Option(
                "the rate is too low",
                "The rate scales a gradient. What is the gradient of layer 0 here?",
            ),
            "b": Option(
                "the biases are too low",
                "Dead they are. But with low biases the weights would have a gain above 0.",
            ),
            "c": Option("all weights are equal", ""),
            "d": Option("the labels are misaligned", "Nearest examples agree, far above chance."),
            "e": Option(
                "the gradient vanishes in the sigmoids",
                "A gradient that fades gets smaller from layer to layer. And: no sigmoid.",
            ),
        },
        correct="c",
        insight="Units that start equal stay equal. Random weights tell them apart.",
    ),
    Choice(
        "10.4",
        "Another one",
        "diagnose",
        question="It breaks at step 20. What is its cause?",
        options={
            "a": Option(
                "the rate is too high", "One step changes a layer by about 1%. Is that much?"
            ),
            "b": Option("the weights are too large", "Is a gain of 1.4 a large one? It is He's."),
            "c": Option("the inputs are unscaled", "Read the size of the largest feature."),
            "d": Option("the gradient has the wrong sign", ""),
            "e": Option(
                "it was averaged twice",
                "Then the slope column would show 1/32. What does it show?",
            ),
        },
        correct="d",
        insight="With the wrong sign each step goes uphill, however small it is.",
    ),
    Choice(
        "10.5",
        "The last one",
        "diagnose",
        question="Right in large batches, wrong in pairs, an error alone. What is its cause?",
        options={
            "a": Option(
                "overfitting",
                "Validation is fine. What changes with the number of images at a time?",
            ),
            "b": Option("a layer that ignores `training`", ""),
            "c": Option("dead units", "Read the column of dead units."),
            "d": Option("no shuffling", "Read the last line."),
            "e": Option("the rate is too low", "Ten steps on one batch lower its loss well."),
        },
        correct="b",
        insight="Batch norm has two modes, as dropout has. At inference the running averages rule.",
    ),
)
