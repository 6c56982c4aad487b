"""`./dev bench cascade`: the tree of a room, from 5 to 100,000 members, and
what share of the callers must bring a gate of their own. Runs bench-cascade
(tests/bench/cascade/), and makes tables and plots of what it says."""

import argparse
import json
import os
import pathlib
import platform
import subprocess
import sys
import time

import machine
import plot
from report import table

BUILD = pathlib.Path(os.environ.get("BUILD", "build-release"))
FAILED = 0.01  # of those who come may go without, or else it is not enough
RULES = {
    "guests": "five others, the owner needs no session (the paper)",
    "owner": "the owner and four others",
    "trunks": "five others, less the trunks of the tree",
}
# Everybody packed in perfectly: share of all callers, (gates' places are g)
# 5 g = 1 - g; 4 g = 1 - g; each trunk has two ends, 5 g - 2 g = 1 - g.
PERFECT = {"guests": 1 / 6, "owner": 1 / 5, "trunks": 1 / 4}


def sizes_table(found):
    return table(
        ("members", "gates", "depth", "hops, mean / max",
         "delay ms, mean / p99 / max", "meeting: packets/s a gate, mean / max",
         "all speak: packets/s a gate, mean / max"),
        [(f"{row['members']:,}", f"{row['hubs']:,}", row["depth"],
          f"{row['meeting']['hops_mean']:.1f} / {row['meeting']['hops_max']}",
          " / ".join(f"{row['meeting'][name]:.1f}" for name in
                     ("delay_mean", "delay_p99", "delay_max")),
          *(f"{row[case]['packets_mean']:,.0f} /"
            f" {row[case]['packets_max']:,.0f}" if case in row
            else "not measured" for case in ("meeting", "uproar")))
         for row in found["sizes"]])


def outage_table(found):
    return table(
        ("members", "what dies", "hubs killed", "ways that went by it",
         "lost ms, mean / p99 / most", "not back after a second"),
        [(f"{row['members']:,}", row["hub"], row["kills"],
          f"{row['paths']:,}",
          f"{row['mean']:.0f} / {row['p99']:.0f} / {row['most']:.0f}"
          if row["paths"] > row["never"] else "-", row["never"])
         for row in found["outages"]])


def _moves(cost):
    return (f"{cost['moves_mean']:.2f} / {cost['moves_max']}" if cost["n"]
            else "-")


def _time(cost):
    return (f"{cost['us_mean']:,.0f} / {cost['us_max']:,.0f}" if cost["n"]
            else "-")


def churn_table(found):
    return table(
        ("members", "a member joins", "a member leaves", "a gate comes",
         "a gate dies", "the root dies", "documents told, a gate dies",
         "planner, µs: a gate comes", "a gate dies"),
        [(f"{row['members']:,}",
          *(_moves(row[kind]) for kind in
            ("join", "leave", "come", "crash", "root_crash")),
          f"{row['crash']['told_mean']:.1f}" if row["crash"]["n"] else "-",
          _time(row["come"]), _time(row["crash"]))
         for row in found["sizes"]])


def _lost(row):
    return row["refused"] + row["dropped"]


def enough(rows):
    """The least share from which on at most FAILED go without, by straight
    lines between the points; None: none was tried."""
    rows = sorted(rows, key=lambda row: row["global"])
    for less, more in zip(rows[-2::-1], rows[:0:-1]):
        if _lost(more) > FAILED:
            return None
        if _lost(less) > FAILED:
            part = (_lost(less) - FAILED) / (_lost(less) - _lost(more))
            return less["global"] + part * (more["global"] - less["global"])
    return None


def by_people(found, rule):
    people = {}
    for row in found["shares"]:
        if row["rule"] == rule:
            people.setdefault(row["people"], []).append(row)
    return people


def _enough(rows):
    share = enough(rows)
    return (f"{share:.1%}" if share else
            f"over {max(row['global'] for row in rows):.0%}")


def share_table(found):
    sizes = sorted({row["people"] for row in found["shares"]})
    rows = []
    for rule, title in RULES.items():
        people = by_people(found, rule)
        rows.append((title, f"{PERFECT[rule]:.1%}",
                     *(_enough(people[n]) if n in people else "-"
                       for n in sizes)))
    return table(("what a gate's 5 sessions are for", "packed perfectly",
                  *(f"{n:,} people" for n in sizes)), rows)


def at_20_table(found):
    def at(share):
        return [row for row in found["shares"]
                if row["rule"] == "guests" and row["global"] == share]

    return table(
        ("people", "share", "refused", "dropped", "gates changed in a call"),
        [(f"{row['people']:,}", f"{row['global']:.0%}",
          f"{row['refused']:.2%}", f"{row['dropped']:.2%}",
          f"{row['moved']:.2f}")
         for share in (0.17, 0.2, 0.3) for row in at(share)])


def conditions(found):
    return (f"{time.strftime('%Y-%m-%d')}, {machine.processor()}, Linux"
            f" {platform.release()}. {found['sessions']} sessions a gate,"
            f" {found['talkers']} talkers, fan-out {found['fan_out']}; each"
            f" gate is a hub. Planner, hubs, trunks and selection are the"
            f" bridge's; network, clock and people are invented. A trunk takes"
            f" 1 ms one way and an exponential 0.5 ms more.")


def text(found):
    return "\n\n".join((
        conditions(found),
        "Of a meeting 8 speak, 1 s at a time and 4 s not; where all speak, 1 s"
        " and 1.35 s not. Packets of all trunks of a gate, in and out, with"
        " verdicts and RTCP; delay from the talker's gate to the others.",
        sizes_table(found),
        "A gate dies while two people speak without a pause: what the people"
        " of the other gates lose of it.",
        outage_table(found),
        "Gates given another parent by one change, mean / most; each gate's"
        " documents that are written anew; the planner's CPU time, mean /"
        " most.",
        churn_table(found),
        "The share of callers with a global address from which on at most"
        f" {FAILED:.0%} of the others are refused or dropped.",
        share_table(found),
        "By the paper's rule:",
        at_20_table(found))) + "\n"


def plots(found):
    sizes = found["sizes"]
    yield "packets.svg", plot.lines(
        "Trunk packets of a gate, in and out", "members", "packets a second",
        [plot.Series(f"{title}, {name}",
                     [(row["members"], row[case][f"packets_{which}"], True)
                      for row in sizes
                      if case in row and row[case][f"packets_{which}"]],
                     colour=colour, dashed=which == "mean")
         for colour, (case, title) in enumerate(
             (("meeting", "a meeting"), ("uproar", "all speak")))
         for which, name in (("max", "the busiest"), ("mean", "mean"))])
    yield "delay.svg", plot.lines(
        "Delay of the trunks from hub to hub", "members", "ms",
        [plot.Series(name, [(row["members"], row["meeting"][key], True)
                            for row in sizes if row["meeting"][key]],
                     colour=colour)
         for colour, (key, name) in enumerate(
             (("delay_max", "longest"), ("delay_p99", "99 %"),
              ("delay_mean", "mean")))])
    yield "share.svg", plot.lines(
        "Callers whom other callers' gates cannot carry (the paper's rule)",
        "% of the callers have a global address and bring a gate",
        "% of the others refused or dropped",
        [plot.Series(f"{n:,} people",
                     [(100 * row["global"], 100 * _lost(row),
                       _lost(row) <= FAILED)
                      for row in rows if _lost(row) >= 0.0001],
                     colour=colour)
         for colour, (n, rows) in enumerate(
             sorted(by_people(found, "guests").items()))])


def write(found, folder, tables):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cascade.json").write_text(json.dumps(
        {"conditions": conditions(found), **found}, indent=1) + "\n")
    drawn = [(name, svg) for name, svg in plots(found) if svg]
    for name, svg in drawn:
        (folder / name).write_text(svg)
    if tables:
        (folder / "cascade.md").write_text(
            "# `./dev bench cascade`\n\nWritten by the bench itself;"
            " [what it says](../../cascade.md).\n\n" + text(found) +
            "".join(f"\n![{name}]({name})\n" for name, _ in drawn))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true",
                        help="up to 625 members, and small rooms of callers"
                             " with gates; 5 seconds")
    parser.add_argument("--json", metavar="DIR",
                        help="cascade.json and the plots")
    parser.add_argument("--write", metavar="DIR", help="the table as well")
    chosen = parser.parse_args()
    if not chosen.quick:
        print("some 5 minutes; the most of it is 100,000 people who all speak",
              file=sys.stderr, flush=True)
    program = BUILD / "tests" / "bench" / "bench-cascade"
    run = subprocess.run([program, *(["--quick"] if chosen.quick else [])],
                         stdout=subprocess.PIPE, check=False)
    if run.returncode:
        sys.exit(f"bench: {program} ended with {run.returncode}")
    found = json.loads(run.stdout)
    print(text(found), flush=True)
    for target in (chosen.json, chosen.write):
        if target:
            write(found, pathlib.Path(target), tables=target == chosen.write)


if __name__ == "__main__":
    main()
