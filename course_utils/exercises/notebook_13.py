"""The exercises of notebook 13: sizes, sums and gradients of convolutions, and two experiments.

Each mistake is one that students make; its hint points at the thought behind it.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from course_utils.exercises.engine import Choice, Function, Mistake, Numbers, Option

WRITE = "write a convolution as loops, as einsum and as one matrix product"
COUNT = "count the weights, sizes and products of a convolutional network"
DERIVE = "derive its backward pass on paper, and check it"
PROVE = "prove that it uses neighborhoods"
MEASURE = "measure what augmentation brings, seed by seed"
SEES = "say what one number in a network sees"


# ---------------------------------------------------------------- 13.3 forward in columns


def conv_forward(X, W, b):
    """Z (N, H - 2, W - 2, D) of photos X (N, H, W, C) with W (3 * 3 * C, D) and b (D,)."""
    N, height, width, C = X.shape
    windows = sliding_window_view(X, (3, 3), axis=(1, 2))
    windows = windows.transpose(0, 1, 2, 4, 5, 3)
    columns = windows.reshape(N * (height - 2) * (width - 2), 9 * C)
    Z = columns @ W + b
    return Z.reshape(N, height - 2, width - 2, len(b))


def _photos(rng):
    """Batches with their filters: a small one first, one photo, one channel, no square."""
    for count, height, width, channels, filters in (
        (1, 3, 4, 1, 2),
        (2, 5, 4, 3, 4),
        (1, 4, 6, 2, 1),
        (3, 4, 4, 2, 5),
    ):
        W = rng.normal(size=(9 * channels, filters))
        yield rng.normal(size=(count, height, width, channels)), W, rng.normal(size=filters)


def _forward_with(order=(0, 1, 2, 4, 5, 3), bias=1.0, last=lambda Z: Z):
    """A forward pass whose columns have another order, or another bias, or a last step too many."""

    def forward(X, W, b):
        N, height, width, C = X.shape
        windows = sliding_window_view(X, (3, 3), axis=(1, 2)).transpose(order)
        columns = windows.reshape(N * (height - 2) * (width - 2), 9 * C)
        return last((columns @ W + bias * b).reshape(N, height - 2, width - 2, len(b)))

    return forward


def _turned(X, W, b):
    C = X.shape[3]
    turned = W.reshape(3, 3, C, -1)[::-1, ::-1].reshape(9 * C, -1)
    return conv_forward(X, turned, b)


def _padded(X, W, b):
    return conv_forward(np.pad(X, ((0, 0), (1, 1), (1, 1), (0, 0))), W, b)


def _not_back_in_rows(X, W, b):
    return conv_forward(X, W, b).reshape(-1, len(b))


# ---------------------------------------------------------------- 13.4 max pooling, backward


def max_pool_backward(X, dP):
    """dX (N, H, W, C) for P = the largest of each 2 x 2 square of X, from dP (N, H/2, W/2, C)."""
    N, height, width, C = X.shape
    squares = X.reshape(N, height // 2, 2, width // 2, 2, C)
    largest = squares.max(axis=(2, 4), keepdims=True)
    won = squares == largest
    dX = won * dP[:, :, None, :, None, :]
    return dX.reshape(N, height, width, C)


def _maps(rng):
    """Maps without ties, and the gradients that arrive."""
    for count, height, width, channels in ((1, 2, 4, 1), (2, 4, 6, 3), (1, 6, 4, 2)):
        numbers = rng.permutation(count * height * width * channels) - 10.0
        X = numbers.reshape(count, height, width, channels)
        yield X, rng.normal(size=(count, height // 2, width // 2, channels))


def _spread(share):
    """Each square gets its gradient in all four places, multiplied by `share`."""
    return lambda X, dP: share * dP.repeat(2, axis=1).repeat(2, axis=2)


def _winner_by(function):
    def backward(X, dP):
        N, height, width, C = X.shape
        squares = X.reshape(N, height // 2, 2, width // 2, 2, C)
        won = squares == function(squares, axis=(2, 4), keepdims=True)
        return (won * dP[:, :, None, :, None, :]).reshape(X.shape)

    return backward


def _over_channels(X, dP):
    N, height, width, C = X.shape
    squares = X.reshape(N, height // 2, 2, width // 2, 2, C)
    won = squares == squares.max(axis=(2, 4, 5), keepdims=True)
    return (won * dP[:, :, None, :, None, :]).reshape(X.shape)


def _top_left(X, dP):
    dX = np.zeros(X.shape)
    dX[:, ::2, ::2] = dP
    return dX


# ---------------------------------------------------------------- 13.5 the turned filter


def input_gradient(dZ, F):
    """dX (h + k - 1, w + k - 1) for Z = X slid over by F (k, k), from dZ (h, w)."""
    k = len(F)
    padded = np.pad(dZ, k - 1)
    turned = F[::-1, ::-1]
    windows = sliding_window_view(padded, (k, k))
    return np.einsum("pquv,uv->pq", windows, turned)


def _arriving(rng):
    for height, width, size in ((2, 2, 2), (1, 1, 3), (4, 3, 3), (3, 5, 2)):
        yield rng.normal(size=(height, width)), rng.normal(size=(size, size))


def _slide(padded, F):
    return np.einsum("pquv,uv->pq", sliding_window_view(padded, F.shape), F)


# ---------------------------------------------------------------- 13.6 mixup


def mixup(X, Y, lam, order):
    """Photos (N, H, W, C) and one-hot labels (N, K), each mixed with partner `order[n]` by lam."""
    share = lam[:, None, None, None]
    mixed_X = share * X + (1 - share) * X[order]
    share = lam[:, None]
    mixed_Y = share * Y + (1 - share) * Y[order]
    return mixed_X, mixed_Y


def _to_mix(rng):
    """As many photos as pixels in a row and colors, so that a wrong axis of lam is no error."""
    for count, side, classes in ((2, 2, 3), (3, 3, 4), (5, 4, 10), (3, 3, 3)):
        X = rng.normal(size=(count, side, side, 3))
        Y = np.eye(classes)[rng.integers(0, classes, count)]
        Y[: min(count, classes)] = np.eye(classes)[: min(count, classes)]
        yield X, Y, rng.uniform(0.55, 0.95, count), np.roll(np.arange(count), 1)


def _mixed(X, Y, for_X, for_Y, order):
    a, b = for_X[:, None, None, None], for_Y[:, None]
    return a * X + (1 - a) * X[order], b * Y + (1 - b) * Y[order]


# ---------------------------------------------------------------- 13.8 forty layers deep

BLOCKS, MAPS = 40, 12


def my_block(x, layer):
    """One block of a deep network: x passes by, and a little of what the layer says is added."""
    return x + 0.1 * layer(x)


def _layers(rng):
    """The weights of forty layers, two photos, and a small change of the first."""
    for _ in range(2):
        weights = rng.normal(0, 0.85 * np.sqrt(2 / (9 * MAPS)), (BLOCKS, 3, 3, MAPS, MAPS))
        photos = rng.normal(size=(2, 5, 5, MAPS))
        yield weights, photos, 1e-3 * rng.normal(size=photos[0].shape)


def _layer(W):
    """A convolution that keeps the size, and ReLU, as a function of a batch."""

    def layer(x):
        padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
        windows = sliding_window_view(padded, (3, 3), axis=(1, 2))
        return np.maximum(np.tensordot(windows, W, axes=((3, 4, 5), (2, 0, 1))), 0)

    return layer


def demands(block, weights, photos, change):
    """Which of the demands on forty blocks in a row hold."""
    start = x = np.stack([photos[0], photos[1], photos[0] + change])
    moved = []
    for W in weights:
        new = np.asarray(block(x, _layer(W)), float)
        if new.shape != x.shape:
            raise ValueError(f"the block returns shape {new.shape}, expected {x.shape}")
        moved.append(np.linalg.norm(new - x) / (np.linalg.norm(x) + 1e-300))
        x = new

    def ratio(i, j):
        return np.linalg.norm(x[i] - x[j]) / np.linalg.norm(start[i] - start[j])

    arrives, apart = ratio(0, 2), ratio(0, 1)
    size = np.linalg.norm(x) / np.linalg.norm(start)
    met = {
        "every block changes its input by more than 1%": min(moved) > 0.01,
        "after 40 blocks the maps are no less than a tenth as large as the photo": size > 0.1,
        "and no more than ten times as large": size < 10,
        "a small change of the photo arrives, no less than a tenth of it": arrives > 0.1,
        "and no more than ten times as large, too": arrives < 10,
        "two photos are as far apart as they were, within a factor of ten": 0.1 < apart < 10,
    }
    return {demand: bool(holds) for demand, holds in met.items()}


EXERCISES = (
    Numbers(
        "13.1",
        "Sizes and weights",
        COUNT,
        answer={
            "side": 28,
            "parameters": 5 * 5 * 3 * 16 + 16,
            "products": 28 * 28 * 75 * 16,
            "second": 3 * 3 * 16 * 32 + 32,
            "last": 7,
        },
        mistakes=[
            Mistake({"side": 32}, "It has no padding here. How often does a 5 fit into a 32?"),
            Mistake({"side": 27}, "Off by one: a filter of 32 would fit once, not zero times."),
            Mistake({"side": 30}, "That is for a 3 × 3 filter. This one is larger."),
            Mistake({"side": 24}, "You took 8 away. The filter overhangs by 4 in all, not a side."),
            Mistake({"parameters": 1200}, "Those are the weights. Each filter also has a bias."),
            Mistake(
                {"parameters": 5 * 5 * 16 + 16},
                "A filter reaches through all colors: how many numbers has one filter?",
            ),
            Mistake({"parameters": 76}, "That is one filter. There are 16."),
            Mistake(
                {"parameters": 1200 * 28 * 28 + 16},
                "The same filter is used at every place. How often do its weights have to be "
                "stored?",
            ),
            Mistake(
                {"parameters": 3072 * 16 + 16},
                "That is a dense layer with 16 units. What does a filter look at?",
            ),
            Mistake(
                {"products": 1200},
                "Those are the products at one place. At how many places is a filter applied?",
            ),
            Mistake(
                {"products": 28 * 28 * 25 * 16},
                "You counted one color. At each place a filter meets all of them.",
            ),
            Mistake({"products": 28 * 28 * 75}, "That is for one filter. There are 16."),
            Mistake(
                {"products": 32 * 32 * 75 * 16},
                "You counted a place for every pixel. Without padding there are fewer places.",
            ),
            Mistake({"second": 9 * 16 * 32}, "Those are the weights. The biases are missing."),
            Mistake(
                {"second": 9 * 32 + 32},
                "The input has 16 maps now, and each filter reaches through all of them.",
            ),
            Mistake(
                {"second": 9 * 3 * 32 + 32},
                "Three colors go into the first layer. What goes into the second?",
            ),
            Mistake({"last": 14}, "That would be stride 1. Here the filter moves two at a time."),
            Mistake({"last": 6}, "That is without padding. Here one row of zeros stands around."),
            Mistake(
                {"last": 28}, "Pooling has halved the side before, and then there is a stride."
            ),
        ],
        insight="The weights do not depend on the size of the photo. The work does.",
    ),
    Numbers(
        "13.2",
        "One convolution by hand",
        DERIVE,
        answer={"z": 13, "dF": 6, "dX": 7},
        mistakes=[
            Mistake(
                {"z": 8},
                "You have turned the filter. In mathematics that is a convolution; the field lays "
                "the filter on as it is.",
            ),
            Mistake({"z": 3}, "That is the place below. Row first, then column."),
            Mistake({"z": 2}, "That is the place at the top left. One step to the right."),
            Mistake({"z": 10}, "You have exchanged the rows and the columns of the filter."),
            Mistake({"z": 1}, "That is the place at the bottom right. Row 1, column 2 is asked."),
            Mistake(
                {"dF": -4},
                "That is the gradient of the number below the diagonal: the one in row 2, column "
                "1. Which pixels does F in row 1, column 2 meet?",
            ),
            Mistake(
                {"dF": 3},
                "That number of F lies at the other place. Which pixels does F in row 1, column 2 "
                "meet as the filter slides?",
            ),
            Mistake(
                {"dF": 1.5},
                "You took a mean. One number of F is in four sums, and the gradients of all four "
                "are added.",
            ),
            Mistake(
                {"dF": 2},
                "You took one place only. The same number of F is used at four places: add what "
                "all of them say.",
            ),
            Mistake(
                {"dX": 3},
                "You laid the filter on as it is. The middle pixel meets F in row 2, column 2 at "
                "the first place: in which order do the numbers of F come by?",
            ),
            Mistake(
                {"dX": 1.75},
                "You took a mean. The middle pixel is in four sums, and their gradients add up.",
            ),
            Mistake(
                {"dX": 2},
                "That is one of the four sums in which the middle pixel is. Add them all.",
            ),
            Mistake(
                {"dX": 1},
                "You have exchanged rows and columns, or turned one of the two only. At the second "
                "place, to the right, the middle pixel meets the left column of F.",
            ),
        ],
        insight="One weight, four places: its gradient is a sum over them. One pixel, four sums: "
        "it sees the filter turned.",
    ),
    Function(
        "13.3",
        "Forward in columns",
        WRITE,
        reference=conv_forward,
        cases=_photos,
        mistakes=[
            Mistake(
                _forward_with(order=(0, 1, 2, 3, 4, 5)),
                "The shapes fit, and the numbers meet the wrong weights. In which order does "
                "`sliding_window_view` give row, column and channel, and in which does W want "
                "them?",
            ),
            Mistake(
                _forward_with(order=(0, 1, 2, 5, 4, 3)),
                "Rows and columns inside of the square are exchanged: the filter lies on its side.",
            ),
            Mistake(
                _forward_with(bias=0.0),
                "The sums are right. One number of each filter is missing.",
            ),
            Mistake(
                _turned,
                "You have turned the filter. The field's convolution lays it on as it is.",
            ),
            Mistake(
                _padded,
                "You have put zeros around. Here the filter stays inside: two rows and two "
                "columns are lost.",
            ),
            Mistake(
                _not_back_in_rows,
                "The numbers are right, in one long list of places. Give them back their photo, "
                "row and column.",
            ),
            Mistake(
                _forward_with(last=lambda Z: np.maximum(Z, 0)),
                "You cut off what is below 0. That is the next layer's task.",
            ),
            Mistake(
                _forward_with(last=lambda Z: Z.transpose(0, 3, 1, 2)),
                "Your maps come before the rows. In this course the channels are last.",
            ),
            Mistake(
                _forward_with(last=lambda Z: Z / 9),
                "A mean over the square? A convolution is a sum; W takes care of the size.",
            ),
            Mistake(
                _forward_with(bias=9.0),
                "The bias comes in nine times. It is added once to each sum.",
            ),
        ],
        insight="A convolution is a dense layer that is laid on every 3 × 3 square of the photo: "
        "one matrix product.",
    ),
    Function(
        "13.4",
        "Max pooling, backward",
        DERIVE,
        reference=max_pool_backward,
        cases=_maps,
        mistakes=[
            Mistake(
                _spread(0.25),
                "You share the gradient among four. That is average pooling. Here three of the "
                "four had no say in the output.",
            ),
            Mistake(
                _spread(1.0),
                "All four get the gradient. If a loser had been a little larger, would the output "
                "have changed?",
            ),
            Mistake(
                _winner_by(np.min),
                "The gradient goes to the smallest. Which one did forward let through?",
            ),
            Mistake(
                lambda X, dP: max_pool_backward(X, dP) * X,
                "The right places. But the largest goes through unchanged: what is the slope?",
            ),
            Mistake(
                lambda X, dP: max_pool_backward(X, np.ones_like(dP)),
                "You return where the largest are. Each of these places passes on the gradient "
                "that arrives there.",
            ),
            Mistake(
                _over_channels,
                "Your winner is the largest of all channels. Each map is pooled on its own.",
            ),
            Mistake(
                _top_left,
                "The gradient always goes to the top left of a square. Where was the largest?",
            ),
            Mistake(
                lambda X, dP: max_pool_backward(X, dP) / 4,
                "The right places, but a quarter of the gradient. The winner's slope is 1.",
            ),
            Mistake(
                lambda X, dP: dP,
                "The gradient of X has the shape of X. You return the one that arrives.",
            ),
            Mistake(
                lambda X, dP: (X > 0) * dP.repeat(2, axis=1).repeat(2, axis=2),
                "That is the gradient of a ReLU. Being positive is not enough to win a square.",
            ),
        ],
        insight="The winner takes all: three of four numbers learn nothing from this batch.",
    ),
    Function(
        "13.5",
        "The turned filter",
        DERIVE,
        reference=input_gradient,
        cases=_arriving,
        mistakes=[
            Mistake(
                lambda dZ, F: _slide(np.pad(dZ, len(F) - 1), F),
                "The size is right. Look at one pixel: the first sum it is in meets the last "
                "number of F. In which order do the numbers of F come by?",
            ),
            Mistake(
                lambda dZ, F: _slide(np.pad(dZ, len(F) - 1), F[::-1]),
                "You turned the rows around, and not the columns.",
            ),
            Mistake(
                lambda dZ, F: _slide(np.pad(dZ, len(F) - 1), F[:, ::-1]),
                "You turned the columns around, and not the rows.",
            ),
            Mistake(
                lambda dZ, F: _slide(np.pad(dZ, len(F) - 1), F.T),
                "You exchanged rows and columns of F. Turned by half is something else: the last "
                "row comes first, and the last column, too.",
            ),
            Mistake(
                lambda dZ, F: _slide(np.pad(dZ, len(F) - 1), np.rot90(F)),
                "A quarter turn. Half a turn is what a pixel sees.",
            ),
            Mistake(
                lambda dZ, F: _slide(np.pad(dZ, len(F)), F[::-1, ::-1]),
                "Too large: there is a frame of zeros around. How far out can a filter lie and "
                "still touch the corner pixel?",
            ),
            Mistake(
                lambda dZ, F: input_gradient(dZ, F)[: len(dZ), : dZ.shape[1]],
                "dX has the size of X, and that is larger than dZ. By how much?",
            ),
            Mistake(
                lambda dZ, F: input_gradient(dZ, F) / F.size,
                "You took a mean. The gradients of all sums that a pixel is in add up.",
            ),
            Mistake(
                lambda dZ, F: input_gradient(dZ, F[::-1, ::-1] * 0 + F.sum() / F.size),
                "You use one number for all of F. Each place has its own.",
            ),
        ],
        insight="The gradient of a convolution is a convolution: with the filter turned, and zeros "
        "around.",
    ),
    Function(
        "13.6",
        "Mixup",
        MEASURE,
        reference=mixup,
        cases=_to_mix,
        names=("mixed_X", "mixed_Y"),
        mistakes=[
            Mistake(
                lambda X, Y, lam, order: (mixup(X, Y, lam, order)[0], Y),
                "The photos are mixed, the labels are not. What is on a photo that is 60% cat?",
            ),
            Mistake(
                lambda X, Y, lam, order: (X, mixup(X, Y, lam, order)[1]),
                "The labels are mixed, the photos are not.",
            ),
            Mistake(
                lambda X, Y, lam, order: _mixed(X, Y, 1 - lam, 1 - lam, order),
                "lam is the share of the photo itself. You give it to its partner.",
            ),
            Mistake(
                lambda X, Y, lam, order: _mixed(X, Y, lam, 1 - lam, order),
                "Photo and label do not get the same share.",
            ),
            Mistake(
                lambda X, Y, lam, order: _mixed(X, Y, lam, lam, np.argsort(order)),
                "The partner of photo n is photo order[n]. You take the way back.",
            ),
            Mistake(
                lambda X, Y, lam, order: _mixed(X, Y, lam, lam, np.arange(len(X))[::-1]),
                "Photo n is mixed with order[n], not with the one from the end.",
            ),
            Mistake(
                lambda X, Y, lam, order: _mixed(X, Y, lam * 0 + lam[0], lam * 0 + lam[0], order),
                "You use the first share for all. Each photo has its own.",
            ),
            Mistake(
                lambda X, Y, lam, order: _mixed(X, Y, lam * 0 + 0.5, lam * 0 + 0.5, order),
                "Half and half? Each photo has its own share, lam[n].",
            ),
            Mistake(
                lambda X, Y, lam, order: (
                    mixup(X, Y, lam, order)[0],
                    mixup(X, Y, lam, order)[1].argmax(axis=1),
                ),
                "You give one class a photo. Then the network is told that a photo that is 40% dog "
                "has no dog in it.",
            ),
            Mistake(
                lambda X, Y, lam, order: (X[order], Y[order]),
                "That exchanges the photos. Mixed is: lam of the one and the rest of the other.",
            ),
        ],
        insight="A straight line between two photos, and between their labels: none of it can be "
        "learned by heart, because no mixture comes twice.",
    ),
    Choice(
        "13.7",
        "What hurts?",
        PROVE,
        question="All photos are changed alike, in training and test, and the network is trained "
        "anew. Which change hurts it most?",
        options={
            "a": Option(
                "Red and blue are exchanged.",
                "Each filter has its weights for each color. Which of them must be exchanged so "
                "that nothing has changed?",
            ),
            "b": Option(
                "All photos stand on their heads.",
                "Turn each filter around, too. Do the maps hold the same numbers, upside down?",
            ),
            "c": Option("The rows are put into a random order, the same for all.", ""),
            "d": Option(
                "All photos are made negatives: 1 - x.",
                "Change the sign of the weights and the bias. Is there still a filter for each "
                "edge?",
            ),
            "e": Option(
                "All photos are moved by three pixels around the edge.",
                "What is learned at one place is known at all others. And where is the edge?",
            ),
        },
        correct="c",
        insight="A change that keeps neighbors together can be undone in the filters. This one "
        "cannot: neighbors are gone, in one direction.",
    ),
    Function(
        "13.8",
        "Forty layers deep",
        SEES,
        reference=my_block,
        cases=_layers,
        observe=demands,
        mistakes=[
            Mistake(
                lambda x, layer: layer(x),
                "What arrives gets smaller from block to block, forty times in a row. Let x itself "
                "pass by the layer, whole.",
            ),
            Mistake(
                lambda x, layer: x,
                "The photo arrives untouched, because hardly anything was computed. Every block "
                "has to change something.",
            ),
            Mistake(
                lambda x, layer: x + layer(x),
                "Now x passes by, and a whole answer is added forty times: it explodes. How much "
                "may each of forty blocks add?",
            ),
            Mistake(
                lambda x, layer: x + 0.2 * layer(x),
                "Close: small changes arrive, but the maps still grow too large. Let each block "
                "add less.",
            ),
            Mistake(
                lambda x, layer: 0 * x,
                "Nothing is left after the first block. What should come out if the layer says 0?",
            ),
        ],
        insight="x + f(x): the derivative has a 1 in it, whatever the layer does. With it networks "
        "became a hundred layers deep.",
    ),
)
