"""What a run of the mixer bench found: tables, which goals are reached,
JSON, plots."""

import dataclasses
import json
import platform
import time

import machine
import plot
from members import CASES

# case, level header, times Janus, members at least.
GOALS = (
    ("listen", True, 40, 3000),
    ("dtx", True, 30, 0),
    ("talk", True, 20, 0),
    ("talk", False, 6, 0),
    ("five3", True, 3, 0),
    ("five1", True, 8, 0),
)
MAX_MEDIAN_MS, MAX_P99_MS = 20, 30
MAX_KIB = 32  # of a member that only listens


@dataclasses.dataclass
class Outcome:
    settle: int
    seconds: int
    searched: bool  # the largest size that held is the limit
    cells: list = dataclasses.field(default_factory=list)
    delays: list = dataclasses.field(default_factory=list)  # (title, Result)
    faults: list = dataclasses.field(default_factory=list)  # sentences

    def variant(self, server, case, level_header=True, srtp=False):
        """Its cells, by size."""
        return sorted((c for c in self.cells
                       if (c.server, c.case, c.level_header, c.srtp) ==
                       (server, case, level_header, srtp)),
                      key=lambda c: c.n)

    def limit(self, *variant):
        """The largest cell that held, or None."""
        held = [c for c in self.variant(*variant) if c.holds]
        return held[-1] if held else None


def _ms(value):
    return "-" if value is None else f"{value:.1f}"


def cell_line(variant, result):
    """One line for who watches the run."""
    return (f"  {variant.title():24} n {result.n:5}  "
            f"{'holds' if result.holds else 'fails'}  "
            f"mixes {result.mixes:7.2%}  late {result.late:6.3f}/s  "
            f"cpu {result.cpu:4.0%}  delay {_ms(result.median_ms)} /"
            f" {_ms(result.delay(0.99))} ms  driver {result.driver:4.0%}"
            f"{f'  effort {result.effort}' if result.effort else ''}"
            f"{'  void: ' + result.void if result.void else ''}"
            f"{'  ' + result.refused if result.refused else ''}")


def table(head, rows):
    """Markdown that is read as it stands."""
    widths = [max(len(str(row[i])) for row in [head, *rows])
              for i in range(len(head))]

    def line(row):
        return "| " + " | ".join(
            str(text).ljust(width) for text, width in zip(row, widths)) + " |"

    rule = ["-" * width for width in widths]
    return "\n".join(line(row) for row in [head, rule, *rows])


def _variants(outcome):
    seen = {}
    for c in outcome.cells:
        seen.setdefault((c.server, c.case, c.level_header, c.srtp))
    order = list(CASES)
    return sorted(seen, key=lambda v: (order.index(v[1]), not v[2], v[3],
                                       v[0] != "janus"))


def _janus(outcome, case, level_header):
    """Janus' own limit; the header makes no difference to it but where all
    talk, and is measured once elsewhere."""
    return (outcome.limit("janus", case, level_header) or
            outcome.limit("janus", case, not level_header))


def limits_table(outcome):
    rows = []
    for variant in _variants(outcome):
        server, case, level_header, srtp = variant
        held = outcome.limit(*variant)
        failed = [c.n for c in outcome.variant(*variant) if not c.holds and
                  (not held or c.n > held.n)]
        theirs = _janus(outcome, case, level_header)
        rows.append((
            CASES[case].title, server, "yes" if level_header else "no",
            "SRTP" if srtp else "plain",
            held.n if held else f"under {min(failed)}" if failed else "-",
            min(failed) if failed else "-",
            f"{held.n / theirs.n:.1f}" if held and theirs else "-",
            f"{held.cpu:.0%}" if held else "-",
            f"{held.cpu_ms:.2f}" if held else "-",
            f"{_ms(held.median_ms)} / {_ms(held.delay(0.99))}"
            if held else "-",
            held.effort if held else "-",
            "void: " + held.void if held and held.void else ""))
    return table(("case", "server", "level header", "RTP", "members",
                   "next that failed", "times Janus", "CPU",
                   "ms/s a member", "delay ms, median / p99", "left out", ""), rows)


def delay_table(outcome):
    rows = []
    for title, result in outcome.delays:
        heard = (f"{len(result.delays_ms)} of {result.bursts}")
        rows.append((title, _ms(result.median_ms), _ms(result.delay(0.99)),
                     heard, result.void))
    return table(("server", "median ms", "p99 ms", "bursts heard", ""), rows)


def _reached(yes):
    return "reached" if yes else "NOT reached"


def goals(outcome):
    """(what, goal, measured, whether reached or None when not measured)"""
    found = []
    for case, level_header, times, least in GOALS:
        ours = outcome.limit("bridge", case, level_header)
        theirs = _janus(outcome, case, level_header)
        title = CASES[case].title + (
            "" if case != "talk" else ", level header" if level_header
            else ", no level header")
        goal = f"≥ {times} × Janus" + (f", ≥ {least:,}" if least else "")
        if not ours or not theirs:
            found.append((title, goal, "not measured", None))
            continue
        ratio = ours.n / theirs.n
        found.append((title, goal, f"{ratio:.1f} × ({ours.n:,} / {theirs.n})",
                      ratio >= times and ours.n >= least))
    delays = dict(outcome.delays).get("ipsp-bridge")
    if delays and delays.median_ms is not None:
        median, p99 = delays.median_ms, delays.delay(0.99)
        found.append(("delay added, clean network",
                      f"≤ {MAX_MEDIAN_MS} ms median, ≤ {MAX_P99_MS} ms p99",
                      f"{median:.1f} / {p99:.1f} ms",
                      median <= MAX_MEDIAN_MS and p99 <= MAX_P99_MS))
    listen = outcome.limit("bridge", "listen")
    if listen and listen.kib_per_member is not None:
        found.append(("memory of a member that only listens",
                      f"≤ {MAX_KIB} KiB", f"{listen.kib_per_member:.1f} KiB",
                      listen.kib_per_member <= MAX_KIB))
    return found


def goals_table(outcome):
    return table(("plain RTP, one core", "must reach", "measured", ""),
                  [(what, goal, measured,
                    "" if reached is None else _reached(reached))
                   for what, goal, measured, reached in goals(outcome)])


def conditions(outcome):
    cells = outcome.cells + [result for _, result in outcome.delays]
    void = sum(1 for c in cells if c.void)
    foreign = max((c.foreign for c in cells), default=0)
    return (f"{time.strftime('%Y-%m-%d')}, {machine.processor()}, Linux"
            f" {platform.release()}. Server on core {machine.SERVER_CORE},"
            f" driver on core {machine.DRIVER_CORE}; {outcome.settle} s to"
            f" settle, {outcome.seconds} s counted. {len(cells)} cells,"
            f" {void} void; other programs took {foreign:.0%} of a core at"
            f" most.")


def text(outcome):
    parts = [conditions(outcome)]
    if outcome.cells:
        parts += [goals_table(outcome)] if outcome.searched else []
        parts.append(limits_table(outcome))
    if outcome.delays:
        parts.append(delay_table(outcome))
    parts += [f"FAILED: {fault}" for fault in outcome.faults]
    return "\n\n".join(parts) + "\n"


def _plots(outcome):
    def series(value):
        found = []
        for i, (case, what) in enumerate(CASES.items()):
            for server in ("bridge", "janus"):
                found.append(plot.Series(
                    f"{server}: {what.title}",
                    [(c.n, value(c), c.holds)
                     for c in outcome.variant(server, case) if value(c)],
                    colour=i, dashed=server == "janus"))
        return found

    yield "cost.svg", plot.lines(
        "What a size costs (hollow: did not hold)", "members on one core",
        "% of the core", series(lambda c: 100 * c.cpu))
    yield "delay.svg", plot.lines(
        "Delay through the mix, median (hollow: did not hold)",
        "members on one core", "ms", series(lambda c: c.median_ms))


def write(outcome, folder, tables):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mixer.json").write_text(json.dumps({
        "conditions": conditions(outcome),
        "goals": [dict(zip(("what", "goal", "measured", "reached"), goal))
                  for goal in goals(outcome)],
        "faults": outcome.faults,
        "cells": [dataclasses.asdict(c) for c in outcome.cells],
        "delays": [{"title": title, **dataclasses.asdict(result)}
                   for title, result in outcome.delays],
    }, indent=1) + "\n")
    plots = [(name, svg) for name, svg in _plots(outcome) if svg]
    for name, svg in plots:
        (folder / name).write_text(svg)
    if tables:
        (folder / "mixer.md").write_text(
            "# `./dev bench mixer`\n\nWritten by the bench itself;"
            " [how to read it](../benchmarks.md).\n\n" + text(outcome) +
            "".join(f"\n![{name}]({name})\n" for name, _ in plots))
