"""The tables of replicas: what fails, what is closest to failing, and the count of both kinds."""

import math

import pytest
import replica_table

MACHINES = {"here": "this machine", "zen": "an AMD laptop"}


def claim(name, held=True, here=False, gaps=(1.0,), seen="same", margin=math.nan):
    """One claim as a kernel writes it down, by default with a side that is zero."""
    return {
        "claim": name,
        "text": f"what {name} says",
        "here": here,
        "held": held,
        "distances": [[margin, gap, f"0 < {gap}"] for gap in gaps],
        "closest": 0 if gaps else None,
        "measured": {"x": "1"},
        "seen": seen,
    }


def results(**claims):
    """Three draws here and one on another processor; a value is called with machine and draw."""
    places = [("here", 0), ("here", 1), ("here", 2), ("zen", 0)]
    return {
        ("01_small", machine, draw): {
            "errors": {},
            "claims": [make(name, machine, draw) for name, make in claims.items()],
        }
        for machine, draw in places
    }


def summary_of(**claims):
    table = replica_table.of_replicas(results(**claims))
    return replica_table.of_claims(table).set_index("claim"), table


def test_a_claim_about_a_phenomenon_fails_if_it_does_in_any_replica():
    summary, _ = summary_of(
        good=lambda name, *_: claim(name),
        draw=lambda name, machine, draw: claim(name, held=draw != 2, margin=-0.1),
        processor=lambda name, machine, draw: claim(name, held=machine == "here"),
    )
    assert summary.fails.to_dict() == {"good": False, "draw": True, "processor": True}
    assert summary.not_held_in["draw"] == "here 2"
    assert summary.worst["processor"] == "zen, draw 0"
    assert summary.held["draw"] == 3
    assert summary.replicas["draw"] == 4


def test_a_claim_about_one_run_must_hold_as_written_on_every_machine():
    summary, _ = summary_of(
        fine=lambda name, machine, draw: claim(name, here=True, held=draw == 0),
        false=lambda name, machine, draw: claim(name, here=True, held=machine != "zen"),
    )
    assert summary.fails.to_dict() == {"fine": False, "false": True}
    assert set(summary.kind) == {"this run"}


def test_what_depends_on_a_draw_differs_between_draws_of_one_machine():
    summary, _ = summary_of(
        draw=lambda name, machine, draw: claim(name, seen=str(draw)),
        processor=lambda name, machine, draw: claim(name, seen=machine),
    )
    assert summary.depends.to_dict() == {"draw": True, "processor": False}


def test_one_draw_does_not_tell_what_depends_on_it():
    made = results(a=lambda name, *_: claim(name))
    alone = {place: result for place, result in made.items() if place[2] == 0}
    table = replica_table.of_replicas(alone)
    summary = replica_table.of_claims(table)
    assert summary.depends.isna().all()
    assert "is not known" in replica_table.in_words(summary, table)
    assert "<td></td>" in replica_table.page(table, summary, MACHINES)


def test_the_closest_to_failing_comes_first():
    def of(*gaps):
        pairs = dict(zip([("here", 0), ("here", 1), ("here", 2), ("zen", 0)], gaps, strict=True))
        return lambda name, *place: claim(name, gaps=(pairs[place],))

    summary, _ = summary_of(
        far=of(1.0, 1.01, 0.99, 1.0),
        steady=of(1.0, 1.0, 1.0, 1.0),
        near=of(0.1, 2.0, 0.3, 1.6),
        false=lambda name, machine, draw: claim(name, held=draw != 1),
    )
    assert list(summary.index) == ["false", "near", "far", "steady"]
    assert summary.deviations["near"] == pytest.approx(1.0 / 0.9416, rel=1e-3)
    assert math.isnan(summary.deviations["steady"])


def test_shares_count_and_not_the_size_of_what_is_compared():
    def scaled(name, machine, draw):
        return claim(name, gaps=(10.0**draw,), margin=0.9 + 0.01 * draw)

    summary, _ = summary_of(scaled=scaled)
    assert summary.deviations["scaled"] == pytest.approx((0.9 + 0.0075) / 0.009574, rel=1e-3)


def test_of_several_comparisons_the_least_certain_counts():
    summary, _ = summary_of(
        two=lambda name, machine, draw: claim(name, gaps=(5.0 + draw, 1.0 + 0.9 * draw))
    )
    assert summary.deviations["two"] == pytest.approx((1 + 0.9 * 0.75) / (0.9 * 0.9574), rel=1e-3)


def test_a_side_that_is_infinite_in_some_replica_has_no_deviation():
    summary, _ = summary_of(
        one=lambda name, machine, draw: claim(name, gaps=(math.inf if draw else 1.0,)),
        two=lambda name, machine, draw: claim(name, gaps=(math.inf, 3.0 + draw)),
    )
    assert math.isnan(summary.deviations["one"])
    assert summary.deviations["two"] == pytest.approx(3.75 / 0.9574, rel=1e-3)


def test_an_error_is_a_row_and_so_is_what_was_not_reached():
    made = results(one=lambda name, *_: claim(name), two=lambda name, *_: claim(name, here=True))
    broken = made["01_small", "here", 1]
    broken["errors"] = {"01-cell": "ValueError: a bad draw"}
    del broken["claims"][1]
    table = replica_table.of_replicas(made)
    summary = replica_table.of_claims(table).set_index("claim")
    assert summary.fails.to_dict() == {"01-cell": True, "one": False, "two": False}
    assert summary.held["two"] == 3
    assert not summary.depends.any()


def test_the_words_count_both_kinds_and_name_what_fails():
    summary, table = summary_of(
        a=lambda name, machine, draw: claim(name, seen=str(draw)),
        b=lambda name, machine, draw: claim(name, seen=str(draw), here=True),
        c=lambda name, machine, draw: claim(name, held=draw != 1),
    )
    words = replica_table.in_words(summary.reset_index(), table)
    assert "3 claims in 4 replicas: draws 3, machines 2." in words
    assert "3 depend on a draw, 1 of them are about one run" in words
    assert "✗ c (3 of 4): what c says" in words
    assert words.endswith("1 claims fail.")


def test_the_rules_forbid_claims_that_fail_and_many_about_one_run():
    def drawn(name, machine, draw):
        return claim(name, seen=str(draw))

    def about_this_run(name, machine, draw):
        return drawn(name, machine, draw) | {"here": True}

    six = {f"c{n}": drawn for n in range(5)} | {"here": about_this_run}
    assert replica_table.shortcomings(summary_of(**six)[0].reset_index()) == []
    summary, _ = summary_of(**six | {"c0": about_this_run})
    (found,) = replica_table.shortcomings(summary.reset_index())
    assert found == "2 of 6 are about one run, expected at most 1"
    summary, _ = summary_of(bad=lambda name, machine, draw: claim(name, held=draw != 1))
    (found,) = replica_table.shortcomings(summary.reset_index())
    assert found == "bad fails: what bad says"


def test_a_condition_that_is_no_comparison_depends_on_a_draw_if_its_outcome_does():
    summary, _ = summary_of(
        it=lambda name, machine, draw: claim(name, held=draw != 1, gaps=(), here=True)
    )
    assert summary.depends["it"]


def test_the_table_to_be_committed_can_be_read_again(tmp_path):
    summary, _ = summary_of(
        b=lambda name, machine, draw: claim(name, held=draw != 1, margin=-0.123456, gaps=(draw,)),
        a=lambda name, *_: claim(name) | {"text": "one, two # three"},
    )
    path = tmp_path / "replicas.csv"
    replica_table.keep(summary.reset_index(), MACHINES, "make replicate; draws 0, 1, 2", path)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[:3] == [
        "# make replicate; draws 0, 1, 2",
        "# here: this machine",
        "# zen: an AMD laptop",
    ]
    found = replica_table.kept(path)
    assert found.claim.tolist() == ["a", "b"]
    assert found.text[0] == "one, two # three"
    assert found.margin[1] == -0.123
    assert replica_table.shortcomings(found) == ["b fails: what b says"]


def test_the_page_holds_every_claim_and_escapes_what_it_shows(tmp_path):
    summary, table = summary_of(
        a=lambda name, *_: claim(name) | {"text": "a < b & c"},
        b=lambda name, machine, draw: claim(name, held=draw != 1, gaps=()),
    )
    replica_table.write(table, summary.reset_index(), MACHINES, tmp_path)
    page = (tmp_path / "claims.html").read_text(encoding="utf-8")
    assert "a &lt; b &amp; c" in page
    assert "<b>zen</b> an AMD laptop" in page
    assert page.count('class="no"') == 1
    assert page.count('class="yes"') == 7
    assert (tmp_path / "replicas.csv").read_text().count("\n") == 9
    assert (tmp_path / "claims.csv").read_text().count("\n") == 3
