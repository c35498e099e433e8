"""The exercises of notebook 08: photos as rows of numbers, and what shuffling them does.

Each mistake is one that students make; its hint points at the thought behind it.
"""

import numpy as np

from course_utils.exercises.engine import Choice, Function, Goal, Mistake, Numbers, Option

COUNT = "count parameters and bytes before you start"
SHOW = "show a photo from its numbers in true colors, and standardize without a leak"
READ = "read which classes a network confuses, and look at its mistakes"
SHUFFLE = "prove that a fully connected network does not see neighborhoods"

SHAPE = (32, 32, 3)


def true_colors(x, mean, std):
    """Standardized rows (N, 3072) as photos (N, 32, 32, 3), uint8."""
    pixels = np.asarray(x) * std + mean
    return np.rint(255 * pixels).astype(np.uint8).reshape(-1, *SHAPE)


def _standardized(rng):
    """Rows of photos with their mean and std: some photos, and one alone."""
    for count, offset in ((7, 0.45), (1, -0.45), (3, -0.45)):
        # Near the middle between two bytes: float16 rounds some to the wrong one, float32 none.
        pixels = (rng.integers(1, 255, (count, 3072)) + offset) / 255
        mean, std = rng.uniform(0.3, 0.6, 3072), rng.uniform(0.1, 0.4, 3072)
        yield (pixels - mean) / std, mean, std


def _as_bytes(pixels):
    return np.rint(255 * pixels).astype(np.uint8)


def _own_statistics(x, mean, std):
    pixels = x * x.std(axis=1, keepdims=True) + x.mean(axis=1, keepdims=True)
    return _as_bytes(pixels).reshape(-1, *SHAPE)


def _stretched(x, mean, std):
    low, high = x.min(axis=1, keepdims=True), x.max(axis=1, keepdims=True)
    return _as_bytes((x - low) / (high - low)).reshape(-1, *SHAPE)


def _channels_first(x, mean, std):
    return true_colors(x, mean, std).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)


def nearest_mean(x, means):
    """The class (N,) of the mean (K, D) that lies nearest to each row of x (N, D)."""
    distance = ((x[:, None, :] - means[None, :, :]) ** 2).sum(axis=2)
    return distance.argmin(axis=1)


def _points(rng):
    """Rows and means of different lengths, so that a product alone does not find the nearest."""
    for count, classes, width in ((40, 5, 3), (1, 4, 6), (60, 10, 8)):
        means = rng.normal(size=(classes, width)) * rng.uniform(0.3, 3, (classes, 1))
        chosen = rng.integers(0, classes, count)
        yield means[chosen] + rng.normal(size=(count, width)), means
    far = 30 + rng.normal(size=(6, 3))  # far from 0, where few digits are not enough
    yield far[rng.integers(0, 6, 40)] + rng.normal(size=(40, 3)), far


def shuffle_weights(W, order):
    """The weights that do to `x[:, order]` what W does to x."""
    return W[order]


def _orders(rng):
    for fan_in, fan_out in ((6, 6), (10, 4), (3, 2), (12, 1)):
        order = rng.permutation(fan_in)
        while (order == np.argsort(order)).all():
            order = rng.permutation(fan_in)
        yield rng.normal(size=(fan_in, fan_out)), order


def numbers_by_hand():
    """The numbers of a photo, of a network, and the megabytes of the training photos."""
    values = 32 * 32 * 3
    first_layer = values * 100 + 100
    parameters = first_layer + 100 * 10 + 10
    photo_in_bytes = values * 8
    megabytes = 50_000 * photo_in_bytes / 1_000_000
    return {"values": values, "parameters": parameters, "megabytes": megabytes}


PARAMETERS = 3072 * 100 + 100 + 100 * 10 + 10


# 08.6, the first layer without standardizing, and 08.7, neighbors in shuffled pictures


def fold_in(W, b, mean, std):
    """Weights and biases of a layer that says of raw pixels what W, b say of standardized ones.

    W is (D, H). The pixels are between 0 and 1; the last weights are for bytes from 0 to 255.
    """
    W_pixels = W / std[:, None]
    b_pixels = b - mean @ W_pixels
    W_bytes = W_pixels / 255
    return W_pixels, b_pixels, W_bytes


def _fold_cases(rng):
    yield np.array([[1.0], [-2.0]]), np.array([0.5]), np.array([0.4, 0.6]), np.array([0.2, 0.5])
    for D, H in ((3, 3), (5, 2), (4, 6)):
        yield (
            rng.normal(size=(D, H)),
            rng.normal(size=H),
            rng.uniform(0.2, 0.8, D),
            rng.uniform(0.1, 0.6, D),
        )


def _folded(weights=None, biases=None, for_bytes=None):
    """The derivation with one line changed; the lines below it follow."""

    def answer(W, b, mean, std):
        new = weights(W, std) if weights else W / std[:, None]
        bias = biases(W, new, b, mean, std) if biases else b - mean @ new
        return new, bias, for_bytes(new) if for_bytes else new / 255

    return answer


SIDE = 10


def _shuffled_pictures(rng):
    """600 smooth pictures of 10 by 10 pixels in one random order, (600, 100), and the order.

    Each pixel has a brightness and a contrast of its own, as a camera's may.
    """
    fields = rng.normal(size=(600, SIDE, SIDE))
    for axis in (1, 2, 1, 2):
        fields = fields + 0.7 * (np.roll(fields, 1, axis) + np.roll(fields, -1, axis))
    pictures = fields.reshape(600, -1)
    pictures = rng.uniform(-3, 3, SIDE**2) + pictures * rng.uniform(0.2, 2, SIDE**2)
    order = rng.permutation(SIDE**2)
    return pictures[:, order], order


def nearest_pixels(x):
    """For each column of x the number of another one that was beside it, (D,)."""
    alike = np.corrcoef(x, rowvar=False)
    np.fill_diagonal(alike, -1)
    return alike.argmax(axis=1)


def found_neighbors(guess, seed):
    """How many pixels of shuffled pictures are given a pixel that touched them before."""
    x, order = _shuffled_pictures(np.random.default_rng(seed))
    answer = np.asarray(guess(x.copy()))
    whole = answer.shape == (SIDE**2,) and answer.dtype.kind in "iu"
    whole = whole and bool(((answer >= 0) & (answer < SIDE**2)).all())
    share, own = 0.0, False
    if whole:
        rows, columns = np.divmod(order, SIDE)
        across = np.abs(rows - rows[answer])
        down = np.abs(columns - columns[answer])
        # the pictures go on at the opposite edge
        apart = np.minimum(across, SIDE - across) + np.minimum(down, SIDE - down)
        share, own = np.mean(apart == 1), bool((apart == 0).any())
    return {
        "it gives one column number for each of the columns": whole,
        "no pixel is its own neighbor": whole and not own,
        "more are right than by guessing: over 10%": Goal(bool(share > 0.1), f"{share:.0%} are"),
        "at least 95% are right": Goal(bool(share >= 0.95), f"{share:.0%} are"),
    }


def _most_like(distance):
    """For each column the one at the smallest distance from it."""

    def answer(x):
        apart = distance(x)
        np.fill_diagonal(apart, np.inf)
        return apart.argmin(axis=1)

    return answer


def _squares_between(x):
    return ((x[:, :, None] - x[:, None, :]) ** 2).sum(axis=0)


EXERCISES = (
    Numbers(
        "08.1",
        "Numbers before the first step",
        COUNT,
        answer={"values": 3072, "parameters": PARAMETERS, "megabytes": 1228.8},
        mistakes=[
            Mistake({"values": 1024}, "That is the number of pixels. How many colors has each?"),
            Mistake({"values": 784}, "That was MNIST: 28 × 28, and gray."),
            Mistake(
                {"parameters": 3072 * 100 + 100 * 10},
                "Those are the weights. Each unit has one more number to learn.",
            ),
            Mistake(
                {"parameters": 3072 * 100 + 100},
                "That is the first layer. The 100 units go on to ten outputs.",
            ),
            Mistake(
                {"parameters": 1024 * 100 + 100 + 100 * 10 + 10},
                "You counted one weight a pixel. A pixel has three numbers.",
            ),
            Mistake(
                {"parameters": 3072 * 100 * 10},
                "You multiplied all sizes. The layers follow each other: their weights add up, and "
                "there are biases.",
            ),
            Mistake(
                {"values": 8 * 3072},
                "Those are the bytes of a photo in float64. Asked are its numbers.",
            ),
            Mistake(
                {"megabytes": 614.4},
                "That is float32. A float64 has how many bytes?",
            ),
            Mistake(
                {"megabytes": 153.6},
                "That is one byte a number, as in the file. A float64 has more.",
            ),
            Mistake(
                {"megabytes": 9830.4},
                "That is in megabits: 64 bits are how many bytes?",
            ),
            Mistake(
                {"megabytes": 409.6},
                "You counted one number a pixel. A color pixel has three.",
            ),
        ],
        working=numbers_by_hand,
        insight="A copy of the training photos in float64 takes 1.2 GB, and careless code makes "
        "three of them.",
    ),
    Function(
        "08.2",
        "Back to true colors",
        SHOW,
        reference=true_colors,
        cases=_standardized,
        mistakes=[
            Mistake(
                _own_statistics,
                "Each photo is scaled back with its own mean and std. With which statistics was "
                "it standardized?",
            ),
            Mistake(
                _stretched,
                "You stretch each photo from its darkest to its brightest value. A dark photo "
                "would look bright. What was done to it before, and what undoes that?",
            ),
            Mistake(
                lambda x, mean, std: _as_bytes((x + mean) * std).reshape(-1, *SHAPE),
                "Going back, the last step is undone first. Which one was the last?",
            ),
            Mistake(
                lambda x, mean, std: (x * std + mean).astype(np.uint8).reshape(-1, *SHAPE),
                "All black? The pixels lie between 0 and 1 here. What does a byte hold?",
            ),
            Mistake(
                lambda x, mean, std: (x * std + mean).reshape(-1, *SHAPE),
                "The numbers lie between 0 and 1. The exercise asks for bytes from 0 to 255.",
            ),
            Mistake(
                lambda x, mean, std: (255 * (x * std + mean)).astype(np.uint8).reshape(-1, *SHAPE),
                "Almost: some values are 1 too low. Turning a float into a byte cuts it off.",
            ),
            Mistake(
                _channels_first,
                "The colors are mixed up over the picture. In a row the three colors of a pixel "
                "stand side by side: what is the last axis?",
            ),
            Mistake(
                lambda x, mean, std: true_colors(x, mean, std).reshape(-1, 3072),
                "Those are rows of bytes. A photo has a height, a width and colors.",
            ),
            Mistake(
                lambda x, mean, std: true_colors(x, mean, std).transpose(0, 2, 1, 3),
                "Your photos lie on their side: rows and columns have changed places.",
            ),
            Mistake(
                lambda x, mean, std: _as_bytes(x * std).reshape(-1, *SHAPE),
                "The scale is right, but something was subtracted before.",
            ),
            Mistake(
                lambda x, mean, std: _as_bytes(x + mean).reshape(-1, *SHAPE),
                "The middle is right, but the contrast is not. What was divided by before?",
            ),
            Mistake(
                lambda x, mean, std: _as_bytes((x - mean) / std).reshape(-1, *SHAPE),
                "You standardize a second time. What undoes it?",
            ),
            Mistake(
                lambda x, mean, std: true_colors(x, mean, std).reshape(-1, 3, 32, 32),
                "Your colors come first. A figure wants height, width, colors, and the row is in "
                "this order already.",
            ),
            Mistake(
                lambda x, mean, std: _as_bytes(x * std - mean).reshape(-1, *SHAPE),
                "Standardizing subtracted the mean. What undoes a subtraction?",
            ),
            Mistake(
                lambda x, mean, std: _as_bytes(x / std + mean).reshape(-1, *SHAPE),
                "Standardizing divided by the std. What undoes a division?",
            ),
            Mistake(
                lambda x, mean, std: _as_bytes(x * mean + std).reshape(-1, *SHAPE),
                "mean and std have changed places: which one stretches, which one shifts?",
            ),
            Mistake(
                lambda x, mean, std: (
                    np.rint(256 * (x * std + mean)).astype(np.uint8).reshape(-1, *SHAPE)
                ),
                "A byte goes from 0 to 255. What is the largest one you can get?",
            ),
            Mistake(
                lambda x, mean, std: (255 * (x * std + mean)).reshape(-1, *SHAPE),
                "Your numbers are right and not whole. Bytes are whole: round them.",
            ),
            Mistake(
                lambda x, mean, std: _as_bytes(np.clip(x, 0, 1)).reshape(-1, *SHAPE),
                "Clipping throws away what lies below the mean. mean and std bring it back.",
            ),
            Mistake(
                lambda x, mean, std: 255 * (x * std + mean).astype(np.uint8),
                "You make bytes of numbers between 0 and 1: nearly all become 0. First the scale, "
                "then "
                "the rounding, and the bytes at the end.",
            ),
            Mistake(
                lambda x, mean, std: 255 * np.rint(x * std + mean).reshape(-1, *SHAPE),
                "You round while the numbers lie between 0 and 1, so only black and white are "
                "left. "
                "First the scale.",
            ),
            Mistake(
                lambda x, mean, std: np.rint(x * std + mean).astype(np.uint8).reshape(-1, *SHAPE),
                "Only 0 and 1 are left. The pixels lie between 0 and 1 here; how far goes a byte?",
            ),
            Mistake(
                lambda x, mean, std: np.rint(255 * (x * std + mean)).reshape(-1, *SHAPE),
                "The values are right, and of the wrong kind: a byte is a whole number, `uint8`.",
            ),
            Mistake(
                lambda x, mean, std: (
                    np.rint(255 * (x * std + mean)).astype(np.uint8).reshape(32, 32, 3, -1)
                ),
                "The number of photos stands last. In this course the examples come first.",
            ),
            Mistake(
                lambda x, mean, std: _as_bytes(x).reshape(-1, *SHAPE),
                "x is still standardized. Which two numbers of each pixel undo that?",
            ),
        ],
        insight="What was done with the statistics of the training part is undone with the same "
        "ones, and with no others.",
    ),
    Function(
        "08.3",
        "The nearest mean",
        READ,
        reference=nearest_mean,
        cases=_points,
        mistakes=[
            Mistake(
                lambda x, means: (-((x[:, None] - means) ** 2).sum(axis=2)).argmin(axis=1),
                "You pick the mean that is farthest away.",
            ),
            Mistake(
                lambda x, means: (x @ means.T).argmax(axis=1),
                "A product alone favors long means. The squared distance has one more term that "
                "depends on the mean.",
            ),
            Mistake(
                lambda x, means: (x @ means.T).argmin(axis=1),
                "The product is large for means that point the same way, and there is one more "
                "term in the distance.",
            ),
            Mistake(
                lambda x, means: np.abs((x[:, None] - means).sum(axis=2)).argmin(axis=1),
                "You add the differences first: positive and negative ones cancel.",
            ),
            Mistake(
                lambda x, means: ((x[:, None] - means) ** 2).sum(axis=2).argmin(axis=0),
                "You looked for the row nearest to each mean. Asked is the mean nearest to each "
                "row.",
            ),
            Mistake(
                lambda x, means: ((x[:, None] - means) ** 2).sum(axis=2).min(axis=1),
                "That is how far away the nearest one is. Asked is which one it is.",
            ),
            Mistake(
                lambda x, means: ((x[:, None] - means) ** 2).sum(axis=2).argmin(axis=1) + 1,
                "Classes count from 0, as NumPy does.",
            ),
            Mistake(
                lambda x, means: ((x[:, None] - means) ** 2).sum(axis=2).argmin(),
                "One number for all rows? `argmin` without an axis searches the whole table.",
            ),
            Mistake(
                lambda x, means: means[nearest_mean(x, means)],
                "Those are the means themselves. Asked is for their numbers.",
            ),
            Mistake(
                lambda x, means: np.abs(x[:, None] - means).sum(axis=2).argmin(axis=1),
                "Nearest along the axes is not nearest as the crow flies. What is done with the "
                "differences before they are added?",
            ),
            Mistake(
                lambda x, means: (x[:, None] - means).sum(axis=2).argmin(axis=1),
                "Your distance can be negative. What keeps positive and negative differences from "
                "cancelling?",
            ),
            Mistake(
                lambda x, means: ((x[0] - means) ** 2).sum(axis=1).argmin(),
                "You look at the first row only. How do all rows meet all means at once?",
            ),
            Mistake(
                lambda x, means: ((x[:, None] - means) ** 2).sum(axis=2),
                "Those are all the distances. Asked is, for each row, the place of the smallest.",
            ),
            Mistake(
                lambda x, means: ((means**2).sum(axis=1) - x @ means.T).argmin(axis=1),
                "You have both terms of the squared distance. With which factor does the product "
                "stand in (a - b) squared?",
            ),
            Mistake(
                lambda x, means: ((means**2).sum(axis=1) + 2 * x @ means.T).argmin(axis=1),
                "You add the product. Which sign has it in (a - b) squared?",
            ),
            Mistake(
                lambda x, means: (
                    x @ (means / np.linalg.norm(means, axis=1, keepdims=True)).T
                ).argmax(axis=1),
                "You compare directions only. Two means may lie in one direction, near and far.",
            ),
        ],
        insight="It is a linear classifier: the square of x is the same for every class and drops "
        "out.",
    ),
    Function(
        "08.4",
        "Shuffle the weights along",
        SHUFFLE,
        reference=shuffle_weights,
        cases=_orders,
        mistakes=[
            Mistake(
                lambda W, order: W[np.argsort(order)],
                "That is the way back. New input k is old input order[k]: whose weights does it "
                "need?",
            ),
            Mistake(
                lambda W, order: W[:, order],
                "You shuffle the units. The inputs have moved: which axis of W belongs to them?",
            ),
            Mistake(
                lambda W, order: W.copy(),
                "The weights have not moved, but the inputs have.",
            ),
            Mistake(
                lambda W, order: W[order].T,
                "The order is right, but W must keep its shape (inputs, units).",
            ),
            Mistake(
                lambda W, order: W[::-1].copy(),
                "That turns the rows around. The inputs stand in the order `order`.",
            ),
            Mistake(
                lambda W, order: W[order][:, order],
                "The rows are right. But why do the columns move, too: were the units shuffled?",
            ),
            Mistake(
                lambda W, order: W.T[order],
                "You shuffle the rows of the transposed W. Which axis of W belongs to the inputs?",
            ),
            Mistake(
                lambda W, order: W[order][order],
                "You shuffle twice. The inputs were shuffled once.",
            ),
            Mistake(
                lambda W, order: W * order[:, None],
                "`order` says where something comes from. It is no number to compute with.",
            ),
            Mistake(
                lambda W, order: W[order - 1],
                "The rows are off by one. From which number does `order` count?",
            ),
        ],
        insight="A sum does not care for the order of its terms, so a dense layer does not know "
        "which pixels are neighbors.",
    ),
    Choice(
        "08.5",
        "Another order for each photo",
        SHUFFLE,
        question="Now each photo gets an order of its own, in training and in test. What happens "
        "to the test accuracy?",
        options={
            "a": Option(
                "It stays as it was: a dense layer does not know about neighbors.",
                "It does not, but it does know about places: weight k always meets input k. Does "
                "input k still mean the same in every photo?",
            ),
            "b": Option(
                "It rises: the orders act like more data.",
                "Moving a photo by a pixel makes data that look like photos. Does this?",
            ),
            "c": Option(
                "It falls to chance, 10%: nothing can be learned.",
                "Shuffling moves the numbers but keeps them. Is the sea not still blue?",
            ),
            "d": Option("It falls, but stays above chance: the colors as such are left.", ""),
            "e": Option(
                "It stays, if the rows of the first weight matrix are shuffled along.",
                "There is one weight matrix and there are thousands of orders. Along with which?",
            ),
        },
        correct="d",
        insight="One order for all changes nothing; an order for each destroys all but the colors.",
    ),
    Function(
        "08.6",
        "The first layer takes raw pixels, derived",
        SHOW,
        hints=(
            "Write out one term of the sum: (x_k - mean_k) / std_k times W_kj.",
            "What stands with x_k is the new weight. What does not, added up, belongs to the bias.",
            "Row k of W is divided by std_k, the bias loses mean @ (new weights). For bytes all "
            "weights are 255 times smaller.",
        ),
        reference=fold_in,
        cases=_fold_cases,
        names=("W_pixels", "b_pixels", "W_bytes"),
        mistakes=[
            Mistake(
                _folded(weights=lambda W, std: W * std[:, None]),
                "A pixel is divided by its std before the weight. So what happens to the weight?",
            ),
            Mistake(
                _folded(weights=lambda W, std: W),
                "Your weights are as they were. Written out, z has a term x_k W_kj / std_k.",
            ),
            Mistake(
                _folded(weights=lambda W, std: W / std.mean()),
                "Each pixel has a std of its own. Which axis of W belongs to the pixels?",
            ),
            Mistake(
                _folded(biases=lambda W, new, b, mean, std: b),
                "W is right. What does the layer say of a photo that is the mean photo? Its "
                "standardized pixels are all 0.",
            ),
            Mistake(
                _folded(biases=lambda W, new, b, mean, std: b + mean @ new),
                "A sign: the mean is taken away from the pixels.",
            ),
            Mistake(
                _folded(biases=lambda W, new, b, mean, std: b - mean @ W),
                "The mean is divided by the std, too: x and mean stand in the same fraction.",
            ),
            Mistake(
                _folded(biases=lambda W, new, b, mean, std: b - mean @ new / std.mean()),
                "The std comes in once, and it is in your new weights already.",
            ),
            Mistake(
                _folded(biases=lambda W, new, b, mean, std: -mean @ new),
                "Where is the old bias?",
            ),
            Mistake(
                _folded(for_bytes=lambda new: 255 * new),
                "Bytes are 255 times as large as pixels. So the weights must be larger or smaller?",
            ),
            Mistake(
                _folded(for_bytes=lambda new: new / 256),
                "The largest byte is 255, and it stands for a pixel of 1.",
            ),
        ],
        insight="Standardizing is a layer without a bend, so it melts into the next one: whoever "
        "uses the network needs neither mean nor std.",
    ),
    Function(
        "08.7",
        "Who was next to whom?",
        SHUFFLE,
        hints=(
            "In smooth pictures neighbors rise and fall together, from picture to picture.",
            "Correlation does not care about brightness and contrast. Compare all pairs of "
            "columns.",
            "For each column take the one with the highest correlation, but not the column itself.",
        ),
        reference=nearest_pixels,
        cases=lambda rng: [(int(rng.integers(1000)),)],
        observe=found_neighbors,
        mistakes=[
            Mistake(
                lambda x: np.abs(np.corrcoef(x, rowvar=False)).argmax(axis=1),
                "Some pixel is named as its own neighbor: each is most like itself. Whom does it "
                "resemble most among the others?",
            ),
            Mistake(
                _most_like(_squares_between),
                "Better than guessing, and not good yet. Brightness and contrast differ from "
                "pixel to pixel: what measures how two of them rise and fall together, and does "
                "not care about these?",
            ),
            Mistake(
                lambda x: (np.arange(x.shape[1]) + 1) % x.shape[1],
                "No better than guessing. Where a column stands says nothing after the shuffling: "
                "the numbers in x must tell.",
            ),
            Mistake(
                lambda x: np.corrcoef(x, rowvar=False),
                "Asked for is one whole number for each of the 100 columns. How alike all pairs "
                "are is a step on the way.",
            ),
        ],
        insight="The neighborhood is in the data, even shuffled, and a dense layer never uses it. "
        "A convolution is told it beforehand.",
    ),
)
