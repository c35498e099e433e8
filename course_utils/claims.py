"""A sentence of the course and the condition that makes it true, in one call.

A claim that fails stops the notebook and shows the numbers that were measured. There are two kinds:
one about the phenomenon holds for every draw, processor and number of threads; one about this very
run is marked with `here=True`.
"""

import numpy as np

HERE = "in this run: "


class ClaimError(AssertionError):
    """A sentence that the run has just shown to be false."""


def claim(text: str, condition: bool, *, here: bool = False, **measured: object) -> None:
    """Print `✓ text` if `condition` holds, otherwise raise `ClaimError` with what was measured.

    `condition` is one truth value. An array is refused: say `.all()` or `np.allclose`.
    `here` marks what holds for the draw of this run and may be otherwise with another seed. The
    line then begins with "in this run".
    `measured` are the numbers behind the condition, shown when it fails.
    """
    for name, value in (("condition", condition), ("mark `here`", here)):
        if not isinstance(value, (bool, np.bool_)):
            raise TypeError(
                f"the {name} of the claim {text!r} is {type(value).__name__}, "
                "expected one bool: for arrays say (a == b).all() or np.allclose(a, b)"
            )
    sentence = f"{HERE if here else ''}{text}"
    if not condition:
        numbers = "".join(f"\n    {name} = {value!r}" for name, value in measured.items())
        raise ClaimError(f"✗ {sentence}{numbers}")
    print(f"✓ {sentence}")
