"""What open panels cost a bridge with a crowd in one room: 500 callers of
ipsp-loadgen, five of whom hum, on a release build. Nine panels, of which one
never reads its socket; then ten, of which one is a page in Chromium.

Measured for the same time without panels, with nine, with the page, and without
any again: the bridge's threads and memory, how late the media worker's steps
are, what waits for panels; how long it takes from one panel's mute until all
others have its event; and the page's frames (tests/browser/frames.mjs). The
page has a phase of its own because Chromium on the same cores is felt there.

The callers are kept on core 0; the media worker has the last core, as
everywhere; all else is where the kernel puts it."""

import argparse
import json
import os
import pathlib
import re
import selectors
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "integration"))

import machine  # noqa: E402
from harness import BUILD, LOADGEN, Bridge, Maildir, wait_for  # noqa: E402
from web import TEXT, WebSocket, post  # noqa: E402

ROOM = "hall@localhost"
CHAIR = "chair@localhost"
TOKEN = "bench-0123456789abcdef"
PLENTY = 100000  # answers, where a real bridge is more careful
MUTES_HZ = 2
PATIENCE_S = 5  # for an event
TALKING_S = 600  # the callers stay so long, at most
BROWSER = HERE.parent / "browser"


def say(text=""):
    print(text, flush=True)


# The bridge and its callers.


def start_bridge(directory, members):
    mail = directory / "mail"
    for user in ["hall", "chair"] + [f"user{i + 1}" for i in range(members)]:
        Maildir(mail / user)
    bridge = Bridge(
        directory / "bridge",
        mails={"hall": {"mailbox": f"maildir:{mail}/hall",
                        "post": f"maildir:{mail}/%u"}},
        rooms={ROOM: {"account": "hall", "moderators": CHAIR,
                      "capacity": members + 20}},
        operators=CHAIR, metrics_token=TOKEN, web_connections_per_address=64,
        answers_per_address=PLENTY, answers_per_domain=PLENTY,
        answers_per_room=PLENTY)
    bridge.start("--login-link", CHAIR)
    link = bridge.process.stdout.readline().decode().strip()
    wait_for("the mailbox", lambda: "watching" in bridge.log_text(), 30)
    return bridge, link


class Host:
    """What web.py's client wants to know of a server."""

    def __init__(self, port):
        self.port, self.tls = port, False

    def origin(self):
        return f"http://127.0.0.1:{self.port}"

    def log_in(self, link):
        status, headers, _ = post(self, "/api/login",
                                  {"token": link.split("#")[1]})
        assert status == 200, status
        return headers["set-cookie"].split(";")[0]


def start_callers(directory, members):
    mail = directory / "mail"
    return subprocess.Popen(
        [LOADGEN, "--room", ROOM, "--callers", str(members),
         "--from", "user%d@localhost", "--mailbox", f"maildir:{mail}/user%d",
         "--post", f"maildir:{mail}/%u", "--ramp", "0.05",
         "--stay", str(TALKING_S), "--timeout", "120", "--complexity", "0"],
        stdout=open(directory / "loadgen.log", "wb"), stderr=subprocess.STDOUT,
        preexec_fn=machine.on_core(machine.DRIVER_CORE))


def scrape(host):
    request = urllib.request.Request(
        host.origin() + "/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(request, timeout=20) as reply:
        text = reply.read().decode()
    return {name[len("ipsp_bridge_"):]: float(value) for name, value in
            re.findall(r"^([^#\s]\S*) (\S+)$", text, re.M)}


# What a phase is measured by.


def thread_seconds(pid):
    """{name: utime + stime} of the threads that have a name of their own."""
    found = {}
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            name = (task / "comm").read_text().strip()
            fields = (task / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended while we looked
        if int(task.name) == pid:
            name = "control"
        found[name] = found.get(name, 0) + (
            int(fields[11]) + int(fields[12])) / machine.TICK
    return found


def quantile_of(before, after, family, part):
    """Upper edge, in ms, of the bucket that holds the quantile of what was
    added to the histogram between two scrapes; all workers are one."""
    counts = {}
    for name, value in after.items():
        if name.startswith(family + "_bucket"):
            bound = float(re.search(r'le="([^"]+)"', name)[1])
            counts[bound] = counts.get(bound, 0) + value - before[name]
    total = counts.get(float("inf"), 0)
    for bound in sorted(counts):
        if total and counts[bound] >= part * total:
            return 1000 * bound
    return float("nan")


class Phase:
    """Everything that is counted from its start to its end."""

    def __init__(self, name, bridge, host):
        self.name, self.bridge, self.host = name, bridge, host
        self.queues = []

    def __enter__(self):
        self.began = time.monotonic()
        self.cpu = thread_seconds(self.bridge.process.pid)
        self.before = scrape(self.host)
        return self

    def watch(self, seconds):
        """Once a second: how much waits for panels."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.sample()
            time.sleep(1)

    def sample(self):
        now = scrape(self.host)
        self.queues.append(now["panels_queue_bytes"])
        return now

    def __exit__(self, kind, *_):
        if kind:
            return
        self.after = scrape(self.host)
        self.seconds = time.monotonic() - self.began
        spent = thread_seconds(self.bridge.process.pid)
        self.cpu = {name: (spent[name] - self.cpu.get(name, 0)) / self.seconds
                    for name in spent}
        self.memory_mib = machine.resident_kib(self.bridge.process.pid) / 1024

    def grown(self, name):
        return sum(value - self.before.get(key, 0)
                   for key, value in self.after.items()
                   if key == name or key.startswith(name + "{"))

    def rows(self):
        """(what, value)"""
        def ms(family, part):
            value = quantile_of(self.before, self.after, family, part)
            if value == float("inf"):
                return "over 25"  # histogram.h
            return f"{value:g}" if value == value else "–"
        for name in sorted(self.cpu):
            if self.cpu[name] >= 0.0005:
                yield f"CPU of {name}, %", f"{100 * self.cpu[name]:.1f}"
        late, ticks = "worker_tick_lateness_seconds", "worker_tick_seconds"
        for family, what in ((late, "step begins late"), (ticks, "step takes")):
            mean = (self.grown(family + "_sum") /
                    max(1, self.grown(family + "_count")))
            yield f"{what}, mean, ms", f"{1000 * mean:.3f}"
            yield (f"{what}, p50 / p99 / max, ms at most",
                   " / ".join(ms(family, part) for part in (0.5, 0.99, 1)))
        yield ("steps more than 5 ms late",
               f"{self.grown('worker_late_ticks_total'):.0f} of "
               f"{self.grown('worker_ticks_total'):.0f}")
        yield "memory, MiB", f"{self.memory_mib:.0f}"
        if self.queues:
            yield ("waits for all panels, median / most, KiB",
                   f"{statistics.median(self.queues) / 1024:.0f} / "
                   f"{max(self.queues) / 1024:.0f}")


# The panels.


class Readers:
    """Panels that read all they are sent, on a thread of their own, and note
    when they see that somebody is muted."""

    def __init__(self, host, cookie, count):
        self.panels = [self.open(host, cookie, "binary") for _ in range(count)]
        self.seen = {}  # (panel, member, muted) -> time
        self.bytes = 0
        self.news = threading.Condition()
        self.selector = selectors.DefaultSelector()
        for panel in self.panels:
            self.selector.register(panel.sock, selectors.EVENT_READ, panel)
        self.members = [m["id"] for m in
                        self.panels[0].message("snapshot")["members"]]
        self.stopping = False
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    @staticmethod
    def open(host, cookie, levels="none"):
        panel = WebSocket(host, "/panel", "ipsp-panel", cookie)
        assert panel.status == 101, panel.status
        panel.command(id=1, do="watch", room=ROOM, levels=levels)
        return panel

    def read(self):
        while not self.stopping:
            for key, _ in self.selector.select(0.2):
                panel = key.data
                panel.data += panel.sock.recv(1 << 18)
                now = time.monotonic()
                while (frame := self.next_frame(panel)) is not None:
                    self.take(panel, now, *frame)

    def next_frame(self, panel):
        """(opcode, payload) if it is whole."""
        data = panel.data
        if len(data) < 2:
            return None
        size, at = data[1] & 127, 2
        if size > 125:
            at = 4 if size == 126 else 10
            size = int.from_bytes(data[2:at], "big")
        if len(data) < at + size:
            return None
        panel.data = data[at + size:]
        self.bytes += at + size
        return data[0] & 15, data[at:at + size]

    def take(self, panel, now, opcode, payload):
        if opcode == 9:
            panel.frame(10, payload)
        # Of all that comes only this is parsed: the clock is the bridge's
        # until here, not Python's.
        if opcode != TEXT or b'"changed"' not in payload[:40]:
            return
        member = json.loads(payload)["member"]
        with self.news:
            self.seen[panel, member["id"], member["muted"]] = now
            self.news.notify()

    def mute(self, actor, member, on):
        """ms from the command to each other panel's event."""
        keys = [(p, member, on) for p in self.panels]
        with self.news:
            for key in keys:
                self.seen.pop(key, None)
        began = time.monotonic()
        actor.command(id=2, do="mute" if on else "unmute", member=member)
        with self.news:
            if not self.news.wait_for(
                    lambda: all(key in self.seen for key in keys), PATIENCE_S):
                raise RuntimeError("an event did not come")
            return [1000 * (self.seen[key] - began) for key in keys
                    if key[0] is not actor]

    def mutes(self, seconds):
        delays = []
        end = time.monotonic() + seconds
        step = 0
        while time.monotonic() < end:
            member = self.members[7 + (step // 2) % (len(self.members) - 7)]
            actor = self.panels[(step // 2) % len(self.panels)]
            delays += self.mute(actor, member, step % 2 == 0)
            step += 1
            time.sleep(1 / MUTES_HZ)
        return sorted(delays)

    def close(self):
        self.stopping = True
        self.thread.join()
        for panel in self.panels:
            panel.sock.close()


class Deaf:
    """A panel that never reads; when it is dropped another one comes."""

    def __init__(self, host, cookie):
        self.host, self.cookie = host, cookie
        self.lives = []
        self.open()

    def open(self):
        self.panel = Readers.open(self.host, self.cookie, "binary")
        self.since = time.monotonic()

    def look(self, sample, panels):
        """The bridge's own count says whether it still has us: what ends
        behind a full window does not arrive."""
        if sample["panels"] >= panels:
            return
        self.lives.append(time.monotonic() - self.since)
        self.panel.sock.close()
        self.open()


def start_page(host, cookie, people, seconds):
    work = BUILD / "tests" / "browser"
    return subprocess.Popen(
        ["sh", BROWSER / "run.sh", BROWSER, work, "frames.mjs"],
        stdout=subprocess.PIPE, text=True,
        env={**os.environ, "URL": host.origin(), "COOKIE": cookie,
             "SECONDS": str(seconds), "PEOPLE": str(people)})


class Panels:
    """A phase with so many panels, of which one is deaf and, if wanted, one is
    a page in Chromium; the others mute people meanwhile."""

    def __init__(self, bridge, host, cookie, opt, paged):
        self.host, self.opt, self.page = host, opt, None
        open_at_first = opt.panels - 2
        self.readers = Readers(host, cookie, open_at_first)
        if paged:
            self.page = start_page(host, cookie, opt.members,
                                   opt.seconds // 2 - 3)
            open_at_first += 1
        wait_for("the panels",
                 lambda: scrape(host)["panels"] == open_at_first, 150)
        self.deaf = Deaf(host, cookie)
        self.open = open_at_first + 1
        self.phase = Phase(f"with {self.open}" + paged * ", one a page",
                           bridge, host)

    def run(self):
        self.delays = []
        worker = threading.Thread(daemon=True, target=lambda:
                                  self.delays.extend(
                                      self.readers.mutes(self.opt.seconds)))
        before = self.readers.bytes
        with self.phase:
            worker.start()
            while worker.is_alive():
                gone = self.page is not None and self.page.poll() is not None
                self.deaf.look(self.phase.sample(), self.open - gone)
                time.sleep(1)
        self.rate = ((self.readers.bytes - before) /
                     len(self.readers.panels) / self.opt.seconds)
        self.readers.close()
        self.deaf.panel.sock.close()
        self.page_text = self.page and self.page.communicate(timeout=120)[0]
        wait_for("no panel to be open",
                 lambda: scrape(self.host)["panels"] == 0, 60)
        return self

    def tell(self):
        delays, lives = sorted(self.delays), self.deaf.lives
        at = [delays[min(len(delays) - 1, int(part * len(delays)))]
              for part in (0.5, 0.99, 1)]
        say(f"\n{self.phase.name.capitalize()}: from a mute to the others' "
            f"event, {len(delays)} of them: p50 {at[0]:.1f} ms, "
            f"p99 {at[1]:.1f} ms, most {at[2]:.1f} ms. "
            f"A panel that reads gets {self.rate / 1024:.0f} KiB/s. The one "
            "that never reads: cut off after "
            f"{', '.join(f'{s:.0f} s' for s in lives) or 'more than this'}; "
            "at most "
            f"{self.phase.after['panel_queue_bytes_peak'] / 1024:.0f} KiB "
            "waited for one; told to begin anew "
            f"{self.phase.grown('panels_behind_total'):.0f} times.")
        if self.page_text:
            print_page(self.page_text)


# The report.


def print_phases(phases):
    columns = [dict(phase.rows()) for phase in phases]
    names = list(dict.fromkeys(name for column in columns for name in column))
    say("| | " + " | ".join(phase.name for phase in phases) + " |")
    say("| --- |" + " --- |" * len(phases))
    for name in names:
        say(f"| {name} | " +
            " | ".join(column.get(name, "") for column in columns) + " |")


def print_page(text):
    try:
        figures = json.loads(text.strip().splitlines()[-1])
    except (ValueError, IndexError):
        say("The page gave no figures:\n" + text)
        return
    say("| page | p50 | p99 | most | frames over the goal | share |")
    say("| --- | --- | --- | --- | --- | --- |")
    for row in figures:
        say(f"| {row['page']}: {row['what']} | {row['p50']:.1f} ms | "
            f"{row['p99']:.1f} ms | {row['max']:.1f} ms | {row['over']} of "
            f"{row['frames']} over {row['goal']:.1f} ms | "
            f"{100 * row['share']:.1f} % |")


def measure(directory, opt):
    bridge, link = start_bridge(directory, opt.members)
    host = Host(bridge.web_port)
    cookie = host.log_in(link)
    callers = start_callers(directory, opt.members)

    def here():
        assert callers.poll() is None, (directory / "loadgen.log").read_text()
        return scrape(host).get('members{state="here"}') == opt.members
    began = time.monotonic()
    wait_for("all callers", here, 120 + opt.members * 0.2)
    say(f"{opt.members} callers were in after "
        f"{time.monotonic() - began:.0f} s, {machine.processor()}")
    time.sleep(3)

    def alone(name):
        phase = Phase(name, bridge, host)
        with phase:
            phase.watch(opt.seconds)
        return phase
    before = alone("without panels")
    panels = [Panels(bridge, host, cookie, opt, paged).run()
              for paged in (False, True)]
    after = alone("without again")

    assert callers.poll() is None, (directory / "loadgen.log").read_text()
    print_phases([before, *(each.phase for each in panels), after])
    for each in panels:
        each.tell()
    callers.kill()
    callers.wait()
    return bridge.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--members", type=int, default=500)
    parser.add_argument("--panels", type=int, default=10)
    parser.add_argument("--seconds", type=int, default=60,
                        help="each of the four phases")
    opt = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and end all
    with tempfile.TemporaryDirectory(
            prefix="ipsp-panel-", ignore_cleanup_errors=True) as directory:
        try:
            return measure(pathlib.Path(directory), opt)
        finally:
            Bridge.end_all()


if __name__ == "__main__":
    sys.exit(main())
