"""The exercises of notebook 07: the first loss, a confusion matrix, and parameters by the count.

Each mistake is one that students make; its hint points at the thought behind it.
"""

import math
from itertools import pairwise

import numpy as np

from course_utils.exercises.engine import Choice, Function, Goal, Mistake, Numbers, Option

CHECK = "check a network before you spend time on it: first loss, overfit 50 images"
READ = "read a confusion matrix, first-layer weights and a reliability diagram"
SPLIT = "inspect and split real data before you train on it"
STANDARDIZE = "standardize it without falling into a famous trap"

SKEWED = -(0.9 * math.log(0.9) + 0.1 * math.log(0.1))


def read_confusion(confusion, k):
    """Recall and precision of class k, and the (true, said) pair of the most frequent mistake."""
    recall_k = confusion[k, k] / confusion[k].sum()
    precision_k = confusion[k, k] / confusion[:, k].sum()
    mistakes = confusion - np.diag(confusion.diagonal())
    worst = np.unravel_index(mistakes.argmax(), mistakes.shape)
    return recall_k, precision_k, worst


def _matrices(rng):
    """Confusion matrices without ties, with the largest numbers on the diagonal."""
    for classes in (3, 10, 2, 5):
        matrix = rng.permutation(classes**2).reshape(classes, classes) + 1
        matrix[np.diag_indices(classes)] += 3 * classes**2
        yield matrix, int(rng.integers(0, classes))
        yield matrix, classes - 1
    # As many as in MNIST, and two mistakes that are almost equally frequent.
    yield np.array([[5900, 4100, 12], [3, 6700, 4101], [8, 11, 5800]]), 1


def _with(recall=None, precision=None, worst=None):
    """A wrong reading: the right one, with a part replaced."""

    def wrong(confusion, k):
        right = read_confusion(confusion, k)
        return tuple(
            part(confusion, k) if part else one
            for part, one in zip((recall, precision, worst), right, strict=True)
        )

    return wrong


def _off_diagonal(confusion):
    return confusion - np.diag(confusion.diagonal())


def _place(matrix):
    return np.unravel_index(matrix.argmax(), matrix.shape)


def _parameters(sizes, bias=1):
    return sum((one + bias) * other for one, other in pairwise(sizes))


def first_losses_by_hand():
    """The losses of three networks that have learned nothing, or little."""
    letters = math.log(26)
    sure = -math.log(0.9)
    skewed = -(0.9 * math.log(0.9) + 0.1 * math.log(0.1))
    return {"letters": letters, "sure": sure, "skewed": skewed}


def sizes_by_hand():
    """The parameters of two networks, layer by layer; which of three is the smallest."""
    first, between, last = 784 * 128 + 128, 128 * 128 + 128, 128 * 10 + 10
    deeper = first + 3 * between + last
    wider = 784 * 512 + 512 + 512 * 10 + 10
    smallest = "deeper" if deeper < min(wider, 242_762) else "ours"
    return {"deeper": deeper, "wider": wider, "smallest": smallest}


DEEPER, WIDER = (784, 128, 128, 128, 128, 10), (784, 512, 10)


# 07.6, the best temperature, and 07.7, when to ask a human


def temperature_slope(z, label, T):
    """p = softmax(z / T), the mean logit under p, and dL/dT of L = -log p_label; z is (K,)."""
    exp = np.exp((z - z.max()) / T)
    p = exp / exp.sum()
    mean_logit = p @ z
    slope = (z[label] - mean_logit) / T**2
    return p, mean_logit, slope


def _temperature_cases(rng):
    yield np.array([2.0, 0.0]), 0, 2.0
    yield np.array([3.0, -1.0, 0.5]), 2, 1.5
    for size in (4, 10):
        yield 3 * rng.normal(size=size), int(rng.integers(size)), float(rng.uniform(0.4, 3))


def _cooled(p=None, mean_logit=None, slope=None):
    """The derivation with one line changed; the lines below it follow."""

    def answer(z, label, T):
        right = temperature_slope(z, label, T)[0]
        q = p(z, T) if p else right
        mean = mean_logit(q, z, T) if mean_logit else q @ z
        return q, mean, slope(z[label], mean, T, q[label]) if slope else (z[label] - mean) / T**2

    return answer


def _softmax_of(z):
    exp = np.exp(z - z.max())
    return exp / exp.sum()


OVERCONFIDENT = (1.0, 1.5, 2.0, 2.5, 1.2, 1.8, 2.2, 1.4)


def _answers(rng, count, factor):
    """Confidences of a network whose logits are `factor` times too large, and who is right."""
    evidence = 7 * rng.beta(2.0, 1.2, count)
    right = rng.random(count) < 1 / (1 + np.exp(-evidence))
    return 1 / (1 + np.exp(-factor * evidence)), right


def threshold(confidence, right):
    """The lowest confidence at which the network may answer."""
    # at most 0.6% are wrong from there on: less than 1%, for safety
    order = np.argsort(-confidence)
    wrong = np.cumsum(~right[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(wrong <= 0.006)
    return confidence[order][good[-1]]


def letters_read(choose, seed):
    """What a rule for the threshold leads to on new images, for eight networks."""
    rng = np.random.default_rng(seed)
    accepted, wrong, sound = [], [], True
    for factor in OVERCONFIDENT:
        limit = np.asarray(choose(*_answers(rng, 12_000, factor)), dtype=float)
        sound = sound and limit.shape == () and bool(0 <= limit <= 1)
        confidence, right = _answers(rng, 40_000, factor)
        taken = confidence >= limit if sound else np.zeros(len(right), bool)
        accepted.append(taken.mean())
        wrong.append(np.mean(~right[taken]) if taken.any() else 1.0)
    return {
        "it is one number from 0 to 1": sound,
        "the network reads at least a tenth of the new letters": bool(min(accepted) > 0.1),
        "it reads at least 40% of them": Goal(
            bool(min(accepted) > 0.4), f"with one network {min(accepted):.0%}"
        ),
        "of what it reads at most 2% is wrong, with all eight networks": Goal(
            bool(max(wrong) <= 0.02), f"with one it is {max(wrong):.1%}"
        ),
        "of what it reads at most 1% is wrong, with all eight networks": Goal(
            bool(max(wrong) <= 0.01), f"with one it is {max(wrong):.2%}"
        ),
    }


def _just_one_percent(confidence, right):
    order = np.argsort(-confidence)
    wrong = np.cumsum(~right[order]) / np.arange(1, len(order) + 1)
    return confidence[order][np.flatnonzero(wrong <= 0.01)[-1]]


EXERCISES = (
    Numbers(
        "07.1",
        "The first loss",
        CHECK,
        answer={"letters": math.log(26), "sure": -math.log(0.9), "skewed": SKEWED},
        mistakes=[
            Mistake(
                {"letters": -math.log(26)},
                "A cross-entropy is never negative. Where is the minus of -log p?",
            ),
            Mistake(
                {
                    "letters": -math.log(26),
                    "sure": math.log(0.9),
                    "skewed": -SKEWED,
                },
                "All three are negative, and a loss is not. Where is the minus of -log p?",
            ),
            Mistake(
                {
                    "letters": math.log10(26),
                    "sure": -math.log10(0.9),
                    "skewed": SKEWED / math.log(10),
                },
                "All three have a logarithm of base 10. Ours is the natural one (`np.log`).",
            ),
            Mistake(
                {
                    "letters": math.log2(26),
                    "sure": -math.log2(0.9),
                    "skewed": SKEWED / math.log(2),
                },
                "Those are bits, with a logarithm of base 2. Ours is the natural one.",
            ),
            Mistake(
                {"letters": 26 * math.log(26)},
                "You added up over the 26 letters. An example has one true letter, and its loss "
                "is one "
                "-log p.",
            ),
            Mistake({"letters": 1 / 26}, "That is the probability of each letter. And the loss?"),
            Mistake(
                {"letters": math.log(10)},
                "That is the first loss for ten classes. How many letters are there?",
            ),
            Mistake(
                {"letters": math.log2(26)},
                "That is in bits, with a logarithm of base 2. Ours is the natural one.",
            ),
            Mistake(
                {"letters": math.log10(26)},
                "Your logarithm has base 10. Ours is the natural one (`np.log`).",
            ),
            Mistake({"sure": 0.1}, "That is how much is missing to 1. The loss is -log p."),
            Mistake(
                {"sure": -math.log(0.1)},
                "That is the loss of a network that gives the right class only 0.1.",
            ),
            Mistake(
                {"sure": math.log(0.9)},
                "A logarithm of a probability is negative, and a loss is not.",
            ),
            Mistake(
                {"skewed": -math.log(0.9)},
                "You counted class A alone. One example in ten is of the other class, and costs "
                "more.",
            ),
            Mistake(
                {"skewed": -(math.log(0.9) + math.log(0.1)) / 2},
                "You averaged the two losses as if the classes were equally frequent.",
            ),
            Mistake(
                {"skewed": math.log(2)},
                "ln 2 is the loss of one who always says 50 : 50. This one knows the frequencies.",
            ),
            Mistake(
                {"skewed": -(math.log(0.9) + math.log(0.1))},
                "You added the two losses. The loss is a mean over the examples: nine of ten have "
                "the small one.",
            ),
        ],
        working=first_losses_by_hand,
        digits="three decimals",
        insight="Frequencies alone bring the loss below ln 2. Compare the first loss with this.",
        tolerance=6e-3,
    ),
    Function(
        "07.2",
        "Read the confusion matrix",
        READ,
        reference=read_confusion,
        cases=_matrices,
        names=("recall_k", "precision_k", "worst"),
        mistakes=[
            Mistake(
                _with(
                    recall=lambda c, k: c[k, k] / c[:, k].sum(),
                    precision=lambda c, k: c[k, k] / c[k].sum(),
                ),
                "Recall and precision have changed places: which one asks about all that are a k?",
            ),
            Mistake(
                _with(worst=lambda c, k: _place(c)),
                "The largest number of all is no mistake. Where do the right answers stand?",
            ),
            Mistake(
                _with(worst=lambda c, k: _place(_off_diagonal(c).T)),
                "The worst pair is the wrong way round: (true, said) is (row, column).",
            ),
            Mistake(
                _with(worst=lambda c, k: _off_diagonal(c).argmax()),
                "`argmax` counts through the whole matrix. Which row and which column is that?",
            ),
            Mistake(
                _with(worst=lambda c, k: _off_diagonal(c).max()),
                "That is how often the worst mistake happens. Asked for is which one it is.",
            ),
            Mistake(
                _with(worst=lambda c, k: (k, _off_diagonal(c)[k].argmax())),
                "You looked for the worst mistake in row k only. It may be in any row.",
            ),
            Mistake(
                _with(
                    recall=lambda c, k: c[k, k] / c.sum(),
                    precision=lambda c, k: c[k, k] / c.sum(),
                ),
                "You divide by all images. Recall and precision each ask about some of them: "
                "which?",
            ),
            Mistake(
                _with(
                    recall=lambda c, k: c[k, k] / (c[k].sum() - c[k, k]),
                    precision=lambda c, k: c[k, k] / (c[:, k].sum() - c[k, k]),
                ),
                "You divide right by wrong. A fraction divides by all, the right ones included.",
            ),
            Mistake(
                _with(
                    recall=lambda c, k: 1 - c[k, k] / c[k].sum(),
                    precision=lambda c, k: 1 - c[k, k] / c[:, k].sum(),
                ),
                "These are the fractions that went wrong.",
            ),
            Mistake(
                _with(precision=lambda c, k: c[k, k] / c[k].sum()),
                "Your precision is the recall again. Precision looks at all that were called k: "
                "do they stand in a row or in a column?",
            ),
            Mistake(
                _with(recall=lambda c, k: c[k, k] / c[:, k].sum()),
                "Your recall is the precision again. Recall looks at all that are a k: do they "
                "stand in a row or in a column?",
            ),
            Mistake(
                _with(recall=lambda c, k: c.diagonal().sum() / c.sum()),
                "That is the accuracy over all classes. Recall is about class k.",
            ),
            Mistake(
                _with(recall=lambda confusion, k: confusion[k, k] / confusion.sum()),
                "Recall: you divide by all images. Which of them are a k?",
            ),
            Mistake(
                _with(precision=lambda confusion, k: confusion[k, k] / confusion.sum()),
                "Precision: you divide by all images. Which of them are said to be a k?",
            ),
            Mistake(
                _with(recall=lambda confusion, k: confusion.diagonal() / confusion.sum(axis=1)),
                "That is the recall of every class. Asked is the one of k.",
            ),
            Mistake(
                _with(precision=lambda confusion, k: confusion.diagonal() / confusion.sum(axis=0)),
                "That is the precision of every class. Asked is the one of k.",
            ),
            Mistake(
                _with(recall=lambda confusion, k: confusion[k, k]),
                "Recall: that is a number of images. Which fraction are they, and of what?",
            ),
        ],
        insight="Recall divides by a row, precision by a column, and a mistake is off the "
        "diagonal.",
    ),
    Numbers(
        "07.3",
        "Deeper or wider?",
        CHECK,
        answer={"deeper": _parameters(DEEPER), "wider": _parameters(WIDER), "smallest": "deeper"},
        mistakes=[
            Mistake(
                {"deeper": _parameters(DEEPER, bias=0)},
                "The weights of `deeper` are right. Now add the biases, one for each unit.",
            ),
            Mistake(
                {"wider": _parameters(WIDER, bias=0)},
                "The weights of `wider` are right. Now add the biases, one for each unit.",
            ),
            Mistake(
                {"deeper": _parameters(DEEPER[1:])},
                "The first layer of `deeper` is missing, from the 784 pixels. It is the largest.",
            ),
            Mistake(
                {"deeper": _parameters((784, 128, 128, 128, 10))},
                "Count the layers of `deeper` again: one of 128 to 128 is missing.",
            ),
            Mistake(
                {"deeper": _parameters((784, 128, 128, 128, 128, 128, 10))},
                "Count the layers of `deeper` again: there are four of 128 units, so three between "
                "them.",
            ),
            Mistake(
                {"wider": _parameters((784, 512))},
                "That is the first layer of `wider`. From its units it goes on to ten outputs.",
            ),
            Mistake(
                {"smallest": "wider"},
                "It has fewer layers. But which layer of all has the most weights?",
            ),
            Mistake(
                {"smallest": "ours"},
                "Ours has 242,762. Compare with both others.",
            ),
        ],
        working=sizes_by_hand,
        insight="The deepest is the smallest: what counts is how wide the layer at the pixels is.",
    ),
    Choice(
        "07.4",
        "Which data may decide?",
        SPLIT,
        question="You try ten learning rates, and report the accuracy of the best one. On which "
        "data do you choose the rate?",
        options={
            "a": Option(
                "On the training images: they are the most.",
                "They have been learned by heart. Which rate memorizes best is another question.",
            ),
            "b": Option(
                "On the first half of the test images, and report the second half.",
                "That would be honest, too. But it is what the validation images are for, and the "
                "test would have only half its size.",
            ),
            "c": Option(
                "On the test images: that is the number you report.",
                "The best of ten is partly luck with these images. Then the number you report is "
                "partly luck, too.",
            ),
            "d": Option(
                "On all of them, for the least noise.",
                "Then nothing is left that the choice has not seen.",
            ),
            "e": Option("On the validation images.", ""),
        },
        correct="e",
        insight="Validation may be looked at as often as you like; the test set once.",
    ),
    Choice(
        "07.5",
        "A pixel that never changes",
        STANDARDIZE,
        question="Each pixel is standardized by its own mean and std, without a floor. One pixel "
        "is 0 in all training images. In one test image it is 0.5. What should the standardized "
        "value be?",
        options={
            "a": Option("0.5: divide by 1 where the std is 0.", ""),
            "b": Option(
                "500,000,000: divide by the std, plus 1e-9 against dividing by 0.",
                "That is the trap: one speck of dust, and the network sees nothing else.",
            ),
            "c": Option(
                "Not a number: 0.5 divided by 0.",
                "Infinity, to be exact, and the whole image is lost. Does it have to be?",
            ),
            "d": Option(
                "0: compute the std again, with the test images.",
                "Then the test images have a say in the training. The statistics come from the "
                "training part only.",
            ),
            "e": Option(
                "0.5 less the mean of all pixels, divided by their std.",
                "Each pixel is standardized by itself. What are the mean and the std of this one?",
            ),
        },
        correct="a",
        insight="A constant column has no scale of its own, so it keeps the one it has. The floor "
        "of the lesson, 0.3, does the same in another unit: 1.7.",
    ),
    Function(
        "07.6",
        "The best temperature, derived",
        READ,
        hints=(
            "T divides every logit: write u = z / T, and use the chain rule on u.",
            "The derivative of log sum exp(u) by u_k is p_k. The derivative of z / T by T is -z / "
            "T^2.",
            "Added up over k, the first part gives -mean_logit / T^2, the second one z_c / T^2.",
        ),
        reference=temperature_slope,
        cases=_temperature_cases,
        names=("p", "the mean logit", "the slope"),
        mistakes=[
            Mistake(
                _cooled(p=lambda z, T: _softmax_of(z)),
                "Your probabilities do not know about the temperature: what goes into the softmax?",
            ),
            Mistake(
                _cooled(p=lambda z, T: _softmax_of(z * T)),
                "Your logits are multiplied by the temperature. A high one should make the network "
                "modest.",
            ),
            Mistake(
                _cooled(p=lambda z, T: _softmax_of(z) / T),
                "Your p does not sum to 1. The temperature divides the logits, not the "
                "probabilities.",
            ),
            Mistake(
                _cooled(mean_logit=lambda p, z, T: z.mean()),
                "That is the mean over the classes, each counted alike. Under p a class counts by "
                "its probability.",
            ),
            Mistake(
                _cooled(mean_logit=lambda p, z, T: p * z),
                "These are the terms of the mean. What is still to be done with them?",
            ),
            Mistake(
                _cooled(mean_logit=lambda p, z, T: p @ z / T),
                "That is the mean of z / T. Asked for is the mean of z itself; T comes in below.",
            ),
            Mistake(
                _cooled(slope=lambda at, mean, T, p: (mean - at) / T**2),
                "A sign. What is the derivative of 1 / T?",
            ),
            Mistake(
                _cooled(slope=lambda at, mean, T, p: (at - mean) / T),
                "What is the derivative of z / T by T? By what does it divide?",
            ),
            Mistake(
                _cooled(slope=lambda at, mean, T, p: at - mean),
                "You have the derivative by 1 / T, with its sign turned. The temperature itself is "
                "asked for: one more link of the chain.",
            ),
            Mistake(
                _cooled(slope=lambda at, mean, T, p: at / T**2),
                "The logarithm of the sum depends on T as well. What is its derivative?",
            ),
            Mistake(
                _cooled(slope=lambda at, mean, T, p: (1 - p) * -at / T**2),
                "That is the way through the right logit alone. T divides all K of them.",
            ),
        ],
        insight="It is 0 where, on average over the images, the logit of the right class is what "
        "the network expects it to be: then it is neither too sure nor too modest.",
    ),
    Function(
        "07.7",
        "When to ask a human",
        READ,
        hints=(
            "Sort the images by confidence. How many are wrong among the surest hundred, "
            "thousand, ...?",
            "Running sums of the wrong ones give the share of errors for every threshold at once.",
            "Take the lowest threshold with a share below the limit, and leave a margin: new "
            "images differ.",
        ),
        reference=threshold,
        cases=lambda rng: [(int(rng.integers(100)),)],
        observe=letters_read,
        mistakes=[
            Mistake(
                lambda confidence, right: 0.99,
                "Too much of what is read is wrong. Some of the eight networks exaggerate, so a "
                "confidence alone says little. You have seen which of the answers were right.",
            ),
            Mistake(
                _just_one_percent,
                "Close: with some network a little more than 1% of the new images is read "
                "wrongly. With the images that you chose it on it may have been less. What do you "
                "leave, so that chance may go against you?",
            ),
            Mistake(
                lambda confidence, right: 0.999,
                "With one network hardly a letter is read, with another too much of it is wrong. "
                "Is it one number for all? The two arrays say whether this network is modest or "
                "exaggerates.",
            ),
            Mistake(
                lambda confidence, right: right.sum(),
                "Asked for is a confidence, from 0 to 1: the lowest one at which the network may "
                "still answer.",
            ),
            Mistake(
                lambda confidence, right: confidence[~right].max(),
                "Next to nothing is wrong, but with some network hardly a letter is read. One "
                "wrong answer in a hundred is allowed.",
            ),
        ],
        insight="A threshold that is chosen on data looks better on them than on new ones: so "
        "leave a margin. And choose it for this network: its own confidence may exaggerate.",
    ),
)
