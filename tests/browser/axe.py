"""What axe-core has against a page, as text."""

from axe_playwright_python.sync_playwright import Axe

SERIOUS = {"serious", "critical"}


def findings(page, *parts: str, without: tuple[str, ...] = ()) -> list[str]:
    """The serious findings in these parts of a page, or in all of it: rule, element, what to do.
    `without` are rules that are left out."""
    rules = {name: {"enabled": False} for name in without}
    options = {"rules": rules, "resultTypes": ["violations"]}
    context = {"include": [[part] for part in parts]} if parts else None
    response = Axe().run(page, context, options).response
    return [
        f"{violation['id']} ({violation['impact']}): {node['html'][:160]} {node['failureSummary']}"
        for violation in response["violations"]
        if violation["impact"] in SERIOUS
        for node in violation["nodes"]
    ]
