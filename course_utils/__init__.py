"""The small package behind the notebooks: layers, losses, optimizers, training, checks, figures.

Import its modules by name, as in `from course_utils.layers import Dense`.

Importing it gives matrix products one thread: networks of this size gain little from more, and on
a busy machine the threads wait for each other. Whoever has set the number of threads himself, in
one of the variables below, is obeyed.
"""

import os

from threadpoolctl import threadpool_limits

THREAD_VARIABLES = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)

if not any(name in os.environ for name in THREAD_VARIABLES):
    # for the libraries that are loaded already, as NumPy is in every notebook,
    threadpool_limits(limits=1)
    # and for those that come later, and for worker processes
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
