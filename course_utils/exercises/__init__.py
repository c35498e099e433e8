"""Exercises that name the mistake: `check` looks at an answer, `hint` helps, `progress` remembers.

Every notebook with exercises has a module here, `notebook_02` for 02, with the questions, the
reference answers, and the mistakes that are known together with their hints.
"""

from course_utils.exercises import apart, cells, record
from course_utils.exercises.engine import absent, check, hint
from course_utils.exercises.record import progress

__all__ = ["check", "hint", "progress"]

cells.attach(record.looked, absent)
if cells.current() is not None:
    apart.get_ready()
