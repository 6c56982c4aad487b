"""One cell of the bench: one server with n members of one case, once."""

import dataclasses
import json
import pathlib
import statistics
import subprocess
import tempfile
import threading

import machine

MIN_MIXES = 0.99  # of those due
MAX_LATE = 0.1  # mixes more than 40 ms after the last, per member and second
MAX_FOREIGN = 0.12  # of a core, by other programs
MAX_LATENESS_US = 2000  # of the driver itself, p99
ATTEMPTS = 3  # at a cell that was void
FIRST = 10  # members whose memory is not counted: the room's comes with them

SENTENCES = (
    "The north wind and the sun were disputing which was the stronger, when "
    "a traveller came along wrapped in a warm cloak. They agreed that the one "
    "who first succeeded in making the traveller take his cloak off should be "
    "considered stronger than the other. Then the north wind blew as hard as "
    "he could, but the more he blew the more closely did the traveller fold "
    "his cloak around him.")
VOICES = ("en+m1", "en+f2", "en+m3", "en+f4")


class Refused(Exception):
    """A server takes no more members."""


@dataclasses.dataclass
class Result:
    server: str
    case: str
    level_header: bool
    srtp: bool
    n: int
    holds: bool
    mixes: float  # share of those due that arrived
    late: float  # per member and second
    cpu: float  # of the server's core
    cpu_ms: float  # per member and second
    delays_ms: list
    bursts: int  # that should have been heard
    effort: int  # what the server left out to hold it, 0: nothing
    kib_per_member: float | None  # grown since the first ten
    driver: float  # of its core
    driver_late_us: int  # p99
    foreign: float  # of a core
    void: str  # why the figures should not be trusted; "" when they may
    refused: str = ""  # why the server did not let all of them in

    def delay(self, share):
        """A quantile; None when less than half of the bursts were heard."""
        if not self.delays_ms or 2 * len(self.delays_ms) < self.bursts:
            return None
        ordered = sorted(self.delays_ms)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)]

    @property
    def median_ms(self):
        if self.delay(0.5) is None:
            return None
        return statistics.median(self.delays_ms)


def speech(directory):
    """Four voices for the driver, driver/voices.h."""
    for i, voice in enumerate(VOICES):
        subprocess.run(["espeak-ng", "-v", voice, "-s", "190", "-w",
                        directory / f"{i}.wav", SENTENCES],
                       check=True, timeout=60)


class Driver:
    """bench-driver, which plays all members. Ended with the `with` block."""

    def __init__(self, program, speech_directory, settle, seconds, whole):
        self.port = machine.free_udp_port()
        self.patience = settle + seconds + 60
        self.process = subprocess.Popen(
            [program, "--port", str(self.port), "--speech", speech_directory,
             "--settle", str(settle), "--seconds", str(seconds),
             *(["--whole"] if whole else [])],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            preexec_fn=machine.on_core(machine.DRIVER_CORE, realtime=True))

    def __enter__(self):
        # Whatever it waits for: it ends, and so do our reads.
        self.timer = threading.Timer(self.patience, self.process.kill)
        self.timer.daemon = True
        self.timer.start()
        return self

    def __exit__(self, *_):
        self.timer.cancel()
        self.process.kill()
        self.process.wait(timeout=10)
        self.process.stdin.close()
        self.process.stdout.close()

    def expect(self, word):
        line = self.process.stdout.readline()
        if line != word + "\n":
            raise RuntimeError(f"the driver says {line!r}, not {word}")

    def go(self, members):
        self.process.stdin.write(
            "".join(member.plan for member in members) + "go\n")
        self.process.stdin.flush()

    def figures(self):
        return json.loads(self.process.stdout.readline())


class Bench:
    """Where the cells run: the driver's program, and for how long."""

    def __init__(self, directory, program, settle, seconds):
        self.directory = pathlib.Path(directory)
        self.program = program
        self.settle = settle
        self.seconds = seconds
        speech(self.directory)

    def run(self, make_server, case, n, level_header, srtp, whole=False):
        """The cell's Result, repeated while the machine was not ours. It ends
        as soon as it must fail, unless the whole of it is wanted."""
        for _ in range(ATTEMPTS):
            result = self._run(make_server, case, n, level_header, srtp,
                               whole)
            if not result.void:
                break
        return result

    def _run(self, make_server, case, n, level_header, srtp, whole):
        members = case.members(n, level_header)
        with tempfile.TemporaryDirectory(
                prefix="bench-", dir=self.directory,
                ignore_cleanup_errors=True) as folder, \
                Driver(self.program, self.directory, self.settle,
                       self.seconds, whole) as driver:
            server = make_server(folder)
            try:
                server.start()
                driver.expect("ready")
                server.join(members[:FIRST], driver.port)
                first_kib = machine.resident_kib(server.pid)
                server.join(members[FIRST:], driver.port)
                driver.go(members)
                meter = machine.Meter(server.pid, driver.process.pid)
                driver.expect("begin")
                meter.start()
                driver.expect("end")
                shares = meter.read()
                effort = server.effort()
                kib = machine.resident_kib(server.pid) - first_kib
                figures = driver.figures()
            except Refused as refused:
                return refusal(server, case, n, level_header, srtp, refused)
            finally:
                server.stop()
        return judge(server, case, n, level_header, srtp, figures, shares,
                     effort, kib / (n - FIRST) if n > 2 * FIRST else None)


def judge(server, case, n, level_header, srtp, figures, shares, effort, kib):
    cpu, driver_cpu, foreign = shares
    mixes = figures["arrived"] / max(1, figures["due"])
    late = figures["late"] / max(1, figures["expecting"]) / figures["seconds"]
    lateness = figures["lateness_us"]["p99"]
    void = []
    if foreign > MAX_FOREIGN:
        void.append(f"others took {foreign:.0%} of a core")
    if lateness > MAX_LATENESS_US:
        void.append(f"the driver was {lateness / 1000:.1f} ms late")
    if figures["dropped"] or figures["refused"]:
        void.append(f"the driver lost {figures['dropped']} mixes and"
                    f" {figures['refused']} packets")
    return Result(
        server=server.name, case=case.name, level_header=level_header,
        srtp=srtp, n=n,
        holds=(mixes >= MIN_MIXES and late <= MAX_LATE and
               not figures["ended_early"]),
        mixes=mixes, late=late, cpu=cpu, cpu_ms=1000 * cpu / n,
        delays_ms=figures["delays_ms"], bursts=figures["bursts"],
        effort=effort, kib_per_member=kib, driver=driver_cpu, driver_late_us=lateness,
        foreign=foreign, void=", ".join(void))


def refusal(server, case, n, level_header, srtp, refused):
    return Result(
        server=server.name, case=case.name, level_header=level_header,
        srtp=srtp, n=n, holds=False, mixes=0, late=0, cpu=0, cpu_ms=0,
        delays_ms=[], bursts=0, effort=0, kib_per_member=None, driver=0,
        driver_late_us=0, foreign=0, void="", refused=str(refused))
