"""A sentence of the course and the condition that makes it true, in one call.

A claim that fails stops the notebook and shows the numbers that were measured.
"""

import numpy as np


class ClaimError(AssertionError):
    """A sentence that the run has just shown to be false."""


def claim(text: str, condition: bool, **measured: object) -> None:
    """Print `✓ text` if `condition` holds, otherwise raise `ClaimError` with what was measured.

    `condition` is one truth value. An array is refused: say `.all()` or `np.allclose`.
    `measured` are the numbers behind the condition, shown when it fails.
    """
    if not isinstance(condition, (bool, np.bool_)):
        raise TypeError(
            f"the condition of the claim {text!r} is {type(condition).__name__}, "
            "expected one bool: for arrays say (a == b).all() or np.allclose(a, b)"
        )
    if not condition:
        numbers = "".join(f"\n    {name} = {value!r}" for name, value in measured.items())
        raise ClaimError(f"✗ {text}{numbers}")
    print(f"✓ {text}")
