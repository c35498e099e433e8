"""The tables of `make replicate`: one row a claim and replica, and one row a claim.

What is closest to failing comes first: by how many standard deviations, over the replicas, the two
sides of its comparison lie apart.
"""

import math
import statistics
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from jinja2 import Environment, FileSystemLoader

TEMPLATES = Path(__file__).resolve().parent / "templates"
FEWEST_FOR_SPREAD = 3
ONE_IN = 6  # of the claims that depend on a draw, at most one in so many may be about one run

Results = Mapping[tuple[str, str, int], Mapping]


def of_replicas(results: Results) -> pd.DataFrame:
    """One row for each claim in each replica, and one for each cell that raised.

    `results` are those of `run_replica` by notebook, machine and draw. A claim that a replica with
    an error did not come to is in the table, too, as one that does not hold.
    """
    rows = []
    for (notebook, machine, draw), result in results.items():
        place = {"notebook": notebook, "machine": machine, "draw": draw}
        for claim in result["claims"]:
            closest = claim["closest"]
            found = [math.nan, math.nan, ""] if closest is None else claim["distances"][closest]
            rows.append(
                place
                | {name: claim[name] for name in ("claim", "text", "here", "held", "seen")}
                | {"margin": found[0], "compared": found[2]}
                | {"measured": ", ".join(f"{n} = {v}" for n, v in claim["measured"].items())}
                | {"distances": tuple((margin, gap) for margin, gap, _ in claim["distances"])}
            )
        for cell, error in result["errors"].items():
            rows.append(place | _not_held(cell, "the cell raises nothing", error))
    made = pd.DataFrame(rows)
    rows += list(_not_reached(results, made))
    return pd.DataFrame(rows).sort_values(
        ["notebook", "claim", "machine", "draw"], ignore_index=True, kind="stable"
    )


def _not_held(claim, text, why, here=False):
    nothing = {"margin": math.nan, "compared": why, "measured": "", "distances": ()}
    return {"claim": claim, "text": text, "here": here, "held": False, "seen": "", **nothing}


def _not_reached(results, made):
    known = made[made.seen != ""].drop_duplicates(["notebook", "claim"])
    there = set(zip(made.notebook, made.machine, made.draw, made.claim, strict=True))
    for (notebook, machine, draw), result in results.items():
        if not result["errors"]:
            continue
        for row in known[known.notebook == notebook].itertuples():
            if (notebook, machine, draw, row.claim) not in there:
                place = {"notebook": notebook, "machine": machine, "draw": draw}
                yield place | _not_held(row.claim, row.text, "not reached", row.here)


def of_claims(table: pd.DataFrame) -> pd.DataFrame:
    """One row a claim, the closest to failing first.

    `fails`: it does not hold where it must, which is in every replica, or for a claim about one run
    in draw 0 on every machine. `depends`: two draws on one machine compared different numbers; none
    if no machine has two draws.
    `deviations`: how many standard deviations its sides lie apart, the mean over replicas.
    """
    rows = []
    for (notebook, claim), group in table.groupby(["notebook", "claim"], sort=False):
        first = group.sort_values("draw", kind="stable").iloc[0]
        must = group[group.draw == 0] if first.here else group
        false, reached = group[~group.held], group[group.seen != ""]
        worst = (false if len(false) else group).sort_values("margin", kind="stable").iloc[0]
        rows.append(
            {
                "notebook": notebook,
                "claim": claim,
                "text": first.text,
                "kind": "this run" if first.here else "phenomenon",
                "depends": depends_on_draw(reached),
                "replicas": len(group),
                "held": int(group.held.sum()),
                "fails": bool(not must.held.all()),
                "margin": worst.margin,
                "deviations": deviations(group),
                "worst": f"{worst.machine}, draw {worst.draw}",
                "compared": worst.compared,
                "measured": worst.measured,
                "not_held_in": "; ".join(f"{r.machine} {r.draw}" for r in false.itertuples()),
            }
        )
    found = pd.DataFrame(rows).astype({"depends": "boolean"})
    found["missed"] = found.replicas - found.held
    order = ["fails", "missed", "deviations", "margin"]
    found = found.sort_values(order, ascending=[False, False, True, True], ignore_index=True)
    return found.drop(columns="missed")


def depends_on_draw(group: pd.DataFrame) -> bool | None:
    """Whether draws on one machine compared different numbers; None if there are not two."""
    by_machine = group.assign(outcome=group.seen + group.held.map(str)).groupby("machine")
    if not len(group) or by_machine.draw.nunique().max() < 2:
        return None
    return bool((by_machine.outcome.nunique() > 1).any())


def deviations(group: pd.DataFrame) -> float:
    """How many standard deviations the sides of a claim's comparisons lie apart, at the least.

    Shares of the larger side are compared, or plain differences where a side is zero. nan with
    fewer than three replicas, and where nothing varies.
    """
    found = []
    for part in zip(*group.distances[group.distances.map(bool)], strict=False):
        for values in zip(*part, strict=True):  # the margins of all replicas, else their gaps
            if len(values) >= FEWEST_FOR_SPREAD and all(map(math.isfinite, values)):
                spread = statistics.stdev(values)
                found += [statistics.fmean(values) / spread] if spread > 0 else []
                break
    return min(found, default=math.nan)


def shortcomings(summary: pd.DataFrame) -> list[str]:
    """What the rules forbid in the course as a whole: claims that fail, too many about one run."""
    failing = [f"{row.claim} fails: {row.text}" for row in summary[summary.fails].itertuples()]
    depends = summary[summary.depends.fillna(False)]
    here, most = int((depends.kind == "this run").sum()), len(depends) // ONE_IN
    if here > most:
        failing.append(f"{here} of {len(depends)} are about one run, expected at most {most}")
    return failing


def in_words(summary: pd.DataFrame, table: pd.DataFrame) -> str:
    """The result in a few sentences, with every claim that fails."""
    replicas = table[["machine", "draw"]].drop_duplicates()
    machines, draws = replicas.machine.nunique(), replicas.draw.nunique()
    depends = summary[summary.depends.fillna(False)]
    here = int((depends.kind == "this run").sum())
    lines = [
        f"{len(summary)} claims in {len(replicas)} replicas: draws {draws}, machines {machines}.",
        f"{len(depends)} depend on a draw, {here} of them are about one run "
        f"(at most one in {ONE_IN} may be: {len(depends) // ONE_IN}).",
    ]
    if summary.depends.isna().all():
        lines[1] = (
            "Which of them depend on a draw is not known: that takes two draws on one machine."
        )
    failing = summary[summary.fails]
    for row in failing.itertuples():
        lines.append(f"  ✗ {row.claim} ({row.held} of {row.replicas}): {row.text}")
        lines.append(f"      {row.worst}: {row.compared or row.measured}")
    lines.append(f"{len(failing)} claims fail." if len(failing) else "Every claim holds.")
    return "\n".join(lines)


def write(table: pd.DataFrame, summary: pd.DataFrame, machines: Mapping[str, str], out: Path):
    """Write replicas.csv, claims.csv and the page claims.html into a folder.

    `machines` says in words what each of them is.
    """
    out.mkdir(parents=True, exist_ok=True)
    digits = {"index": False, "float_format": "%.4g", "lineterminator": "\n"}
    table.drop(columns=["seen", "distances"]).to_csv(out / "replicas.csv", **digits)
    summary.to_csv(out / "claims.csv", **digits)
    (out / "claims.html").write_text(page(table, summary, machines), encoding="utf-8")


def keep(summary: pd.DataFrame, machines: Mapping[str, str], command: str, path: Path) -> None:
    """Write the table of claims to be committed: how it was made, and one line a claim."""
    head = [f"# {command}", *(f"# {name}: {what}" for name, what in machines.items())]
    columns = ["claim", "kind", "depends", "replicas", "held", "fails", "deviations", "margin"]
    kept = summary[[*columns, "worst", "text"]].sort_values("claim", kind="stable")
    rows = kept.to_csv(index=False, float_format="%.3g", lineterminator="\n")
    path.write_text("\n".join(head) + "\n" + rows, encoding="utf-8", newline="\n")


def kept(path: Path) -> pd.DataFrame:
    """The table that `keep` has written."""
    lines = path.read_text(encoding="utf-8").splitlines()
    head = next(number for number, line in enumerate(lines) if not line.startswith("#"))
    return pd.read_csv(path, skiprows=head).astype({"depends": "boolean"})


def page(table: pd.DataFrame, summary: pd.DataFrame, machines: Mapping[str, str]) -> str:
    """The table of claims as a page that needs no network; a click on a heading sorts it."""
    templates = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
    replicas = table[["machine", "draw"]].drop_duplicates().sort_values(["machine", "draw"])
    held = {
        key: dict(zip(zip(group.machine, group.draw, strict=True), group.held, strict=True))
        for key, group in table.groupby(["notebook", "claim"], sort=False)
    }
    names = list(replicas.itertuples(index=False, name=None))
    rows = [
        row._asdict()
        | {"depends": None if pd.isna(row.depends) else row.depends}
        | {"cells": [(name, held[row.notebook, row.claim].get(name)) for name in names]}
        for row in summary.itertuples()
    ]
    used = [(name, machines[name]) for name in replicas.machine.unique()]
    words = in_words(summary, table).splitlines()[:2]
    return templates.get_template("replicas.html.j2").render(
        rows=rows, machines=used, words=words, isnan=math.isnan
    )
