"""Why does this network not train? `inspect` measures it, layer by layer; `diagnose` names causes.

Look at a network before its first step if you can: there a cause is still apart from what it
brings about.
"""

from course_utils.diagnostics.inspection import LayerReport, Report, inspect
from course_utils.diagnostics.verdicts import FIRST_TRIES, Finding, diagnose

__all__ = ["FIRST_TRIES", "Finding", "LayerReport", "Report", "diagnose", "inspect"]
