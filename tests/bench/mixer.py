"""./dev bench mixer: how many members one core holds, ours and Janus' side by
side, under the same driver with the same packets. docs/benchmarks.md says how
and what is fair; this is the order of the run."""

import argparse
import dataclasses
import functools
import http.client
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

import bridge
import cell
import janus
import machine
import members
import report
import search

BUILD = pathlib.Path(os.environ.get("BUILD", "build-release")).resolve()
FULL = 0.85  # of its core: a server that fails below is given another try
CEILING = {"janus": 400, "bridge": 10000}
DELAY_CASE = members.CASES["five3"]
DELAY_MEMBERS = 40  # eight rooms, 24 talkers: as many phases to the tick


@dataclasses.dataclass(frozen=True)
class Variant:
    """One line of the table: a server in a case, in one of its forms."""
    server: str
    case: str
    level_header: bool = True
    srtp: bool = False

    def title(self):
        return (f"{self.server}{', SRTP' if self.srtp else ''}"
                f"{'' if self.level_header else ', no level header'}")


# Where to begin to look: what was measured before, about. A wrong guess costs
# time, not truth.
GUESS = {
    ("janus", "listen"): 80, ("janus", "dtx"): 75, ("janus", "talk"): 65,
    ("janus", "five3"): 70, ("janus", "five1"): 70,
    ("bridge", "listen"): 3600, ("bridge", "dtx"): 3000,
    ("bridge", "talk"): 1800, ("bridge", "five3"): 300,
    ("bridge", "five1"): 800,
}
GUESS_WITHOUT_HEADER = {("bridge", "talk"): 700}
FAULTS = (RuntimeError, OSError, LookupError, ValueError, TypeError,
          subprocess.SubprocessError, http.client.HTTPException)
QUICK = ("listen", "talk", "five1")


def default_variants():
    """The level header cannot matter to Janus' cost but where all talk, and
    nothing is ranked where only the talkers send."""
    for case in members.CASES:
        yield Variant("janus", case)
        yield Variant("bridge", case)
    # Last what no goal asks for: who stops the run early has the goals.
    yield Variant("bridge", "talk", level_header=False)
    yield Variant("janus", "talk", level_header=False)
    yield Variant("bridge", "dtx", level_header=False)
    for case in members.CASES:
        yield Variant("bridge", case, srtp=True)


def quick_variants():
    for server in CEILING:
        for case in QUICK:
            yield Variant(server, case)


def full_variants():
    for case in members.CASES:
        for level_header in (True, False):
            yield Variant("janus", case, level_header)
            yield Variant("bridge", case, level_header)
            yield Variant("bridge", case, level_header, srtp=True)


def options(arguments):
    parser = argparse.ArgumentParser(
        prog="./dev bench mixer", description=__doc__.split(";")[0] + ".")
    parser.add_argument("--quick", action="store_true",
                        help="three cases, 3 s a cell: about 4 minutes")
    parser.add_argument("--full", action="store_true",
                        help="every case with and without level header and "
                             "SRTP: about 30 minutes")
    parser.add_argument("--cases", metavar="LIST",
                        help="some of: " + ",".join(members.CASES))
    parser.add_argument("--servers", metavar="LIST", default="janus,bridge",
                        help="some of: janus,bridge")
    parser.add_argument("--settle", type=int, default=2, metavar="S",
                        help="seconds of talk before a cell counts")
    parser.add_argument("--seconds", type=int, metavar="S",
                        help="seconds that count, of each cell: 4")
    parser.add_argument("--sizes", metavar="LIST",
                        help="no search: only these numbers of members")
    parser.add_argument("--json", metavar="DIR",
                        help="write mixer.json and the plots there")
    parser.add_argument("--write", metavar="DIR",
                        help="the same, and mixer.md with tables")
    chosen = parser.parse_args(arguments)
    chosen.seconds = chosen.seconds or (3 if chosen.quick else 4)
    for name in chosen.cases.split(",") if chosen.cases else []:
        if name not in members.CASES:
            parser.error(f"no case {name}")
    return chosen


def chosen_variants(chosen):
    pick = (full_variants if chosen.full else
            quick_variants if chosen.quick and not chosen.cases else
            default_variants)
    cases = chosen.cases.split(",") if chosen.cases else list(members.CASES)
    return [variant for variant in pick()
            if variant.case in cases and
            variant.server in chosen.servers.split(",")]


def make_server(variant, n, prebuffering, folder):
    if variant.server == "janus":
        return janus.Janus(folder, prebuffering)
    size = members.CASES[variant.case].room_size or n
    return bridge.Bridge(folder, BUILD / "bridge" / "ipsp-bridge",
                         [size] * (n // size), variant.srtp)


def note(text):
    print(text, file=sys.stderr, flush=True)


def run_cell(bench, variant, n, prebuffering=6, whole=False):
    case = members.CASES[variant.case]
    result = bench.run(
        functools.partial(make_server, variant, n, prebuffering),
        case, n, variant.level_header, variant.srtp, whole)
    note(report.cell_line(variant, result))
    return result


def search_variant(bench, variant, results):
    """Adds each cell to results."""
    case = members.CASES[variant.case]
    guess = GUESS[variant.server, variant.case]
    if not variant.level_header:
        guess = GUESS_WITHOUT_HEADER.get((variant.server, variant.case),
                                         guess)

    def holds(n):
        results.append(run_cell(bench, variant, n))
        if not results[-1].holds and results[-1].cpu < FULL:
            # It had time left: a stall of the machine fails a size as well.
            results.append(run_cell(bench, variant, n))
        return results[-1].holds

    # For the plots: what it is like far from the limit.
    holds(max(10, round(guess / 4 / case.step) * case.step))
    search.highest(holds, guess, case.step, CEILING[variant.server])


def measure_delays(bench, servers, found):
    """Small rooms, their talkers' phases spread over the tick: the delay that
    a server adds when it has time. Janus twice, as its buffer is of a
    fixed depth that the operator chooses."""
    if "janus" in servers:
        for depth in (6, 2):
            result = run_cell(bench, Variant("janus", DELAY_CASE.name),
                              DELAY_MEMBERS, depth, whole=True)
            found.append((f"Janus, default_prebuffering {depth}", result))
    if "bridge" in servers:
        for srtp in (False, True):
            result = run_cell(
                bench, Variant("bridge", DELAY_CASE.name, srtp=srtp),
                DELAY_MEMBERS, whole=True)
            found.append(("ipsp-bridge" + (", SRTP" if srtp else ""), result))


def run_variant(bench, variant, sizes, results):
    if not sizes:
        search_variant(bench, variant, results)
    else:
        for n in sizes.split(","):
            results.append(run_cell(bench, variant, int(n)))


def missing(chosen):
    """Why the bench cannot run here, or None."""
    if not machine.has_two_cores():
        return "two cores are needed: one for the server, one for the driver"
    if "janus" in chosen.servers:
        return janus.Janus.missing()
    return None


def run(chosen, directory):
    program = BUILD / "tests" / "bench" / "bench-driver"
    bench = cell.Bench(directory, program, chosen.settle, chosen.seconds)
    outcome = report.Outcome(chosen.settle, chosen.seconds,
                             searched=not chosen.sizes)
    try:
        try:
            measure_delays(bench, chosen.servers.split(","), outcome.delays)
        except FAULTS as fault:
            outcome.faults.append(f"delays: {fault}")
            note(outcome.faults[-1])
        for variant in chosen_variants(chosen):
            note(f"{members.CASES[variant.case].title}: {variant.title()}")
            try:
                run_variant(bench, variant, chosen.sizes, outcome.cells)
            except FAULTS as fault:
                # The others are still worth their time.
                outcome.faults.append(f"{variant.case}, {variant.title()}:"
                                      f" {fault}")
                note(outcome.faults[-1])
    finally:
        # What was measured before a failure or ^C is not lost.
        print(report.text(outcome), flush=True)
        for target in (chosen.json, chosen.write):
            if target:
                report.write(outcome, pathlib.Path(target),
                             tables=target == chosen.write)


def main():
    chosen = options(sys.argv[1:])
    reason = missing(chosen)
    if reason:
        sys.exit(f"bench: {reason}")
    # Ended by a signal, we still end our servers.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda got, _: sys.exit(128 + got))
    with tempfile.TemporaryDirectory(
            prefix="ipsp-bench-", ignore_cleanup_errors=True) as directory:
        run(chosen, directory)


if __name__ == "__main__":
    main()
