"""The one exercise of notebook 00, which is answered wrongly on purpose.

It shows how a check talks before anything is at stake.
"""

from course_utils.exercises.engine import Mistake, Numbers

W, B, X = 2, 1, 3


def neuron():
    """The output of the neuron, step by step."""
    w, b, x = W, B, X
    weighted = w * x
    answer = weighted + b
    return answer


EXERCISES = (
    Numbers(
        "00.1",
        "One neuron",
        "answer an exercise wrongly, on purpose, and read the hint",
        answer=W * X + B,
        mistakes=[
            Mistake(W * X, "6 is w times x. What does the neuron add at the end?"),
            Mistake(
                W * (X + B),
                "8 is w times (x + b). The neuron multiplies first and adds b afterwards.",
            ),
            Mistake(
                W + B * X,
                "5 is w + bx, or wx - b. Which number multiplies the input, and which is added?",
            ),
            Mistake(
                (W + B) * X,
                "9 is (w + b) times x. Only the weight multiplies; b is added afterwards.",
            ),
            Mistake(W + B, "3 is w + b: that is the answer at x = 1."),
            Mistake(X + B, "4 is x + b. Where is the weight?"),
        ],
        working=neuron,
        insight="You have read a hint and mended an answer. That is all there is to it.",
    ),
)
