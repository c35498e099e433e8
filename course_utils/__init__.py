"""The small package behind the notebooks: layers, losses, optimizers, training, checks, figures.

Import its modules by name, as in `from course_utils.layers import Dense`.
"""
