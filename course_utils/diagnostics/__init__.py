"""Why does this network not train? `inspect` measures it, layer by layer; `diagnose` names causes.

Look at a network before its first step if you can: there a cause is still apart from what it
brings about.
"""

from course_utils.diagnostics.judging import diagnose
from course_utils.diagnostics.measuring import inspect
from course_utils.diagnostics.report import LayerReport, Report
from course_utils.diagnostics.wording import FIRST_TRIES, Diagnosis, Finding

__all__ = ["FIRST_TRIES", "Diagnosis", "Finding", "LayerReport", "Report", "diagnose", "inspect"]
