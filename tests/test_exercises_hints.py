"""Hints come in stages for every exercise, and none of them tells the answer."""

import re

import pytest

from course_utils import exercises
from course_utils.exercises import hints
from course_utils.exercises.engine import Choice, Numbers, exercises_of
from course_utils.exercises.record import notebooks

ALL = [exercise for number in notebooks() for exercise in exercises_of(number)]


@pytest.mark.parametrize("exercise", ALL, ids=lambda exercise: exercise.id)
def test_each_exercise_has_three_stages_that_differ(exercise):
    stages = hints.stages(exercise)
    assert len(stages) >= 3
    assert len(set(stages)) == len(stages)
    assert all(stage.endswith((".", "?", "!")) and len(stage) <= 600 for stage in stages)


@pytest.mark.parametrize("exercise", ALL, ids=lambda exercise: exercise.id)
def test_no_stage_tells_the_answer(exercise):
    told = " ".join(hints.stages(exercise))
    if isinstance(exercise, Choice):
        assert f"({exercise.correct})" not in told
        assert exercise.options[exercise.correct].text not in told
    elif isinstance(exercise, Numbers):
        numbers = re.findall(r"\d+\.\d{3,}|\d{4,}", told)
        assert not [one for one in numbers if exercise.judge(float(one)).solved]


def test_the_stage_can_be_chosen_and_stays_within_what_there_is():
    assert exercises.hint("02.3", 1).message != exercises.hint("02.3", 2).message
    assert exercises.hint("02.3", 99).stage == exercises.hint("02.3", 99).of
    with pytest.raises(ValueError, match="there is no exercise"):
        exercises.hint("02.99")


def test_text_and_html_say_the_same():
    hint = exercises.hint("02.3", 1)
    assert hint.message.split("?")[0] in hint._repr_html_()
    assert "Hint 1 of 3 on exercise 02.3" in repr(hint)
    assert 'exercises.hint("02.3")' in repr(hint)
