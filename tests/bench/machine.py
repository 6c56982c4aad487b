"""What this machine spends, from /proc: time of processes and of its
processors, memory, who else is running."""

import ctypes
import os
import pathlib
import re
import signal
import socket
import time

TICK = os.sysconf("SC_CLK_TCK")
SERVER_CORE, DRIVER_CORE = 1, 0


def has_two_cores():
    return {SERVER_CORE, DRIVER_CORE} <= os.sched_getaffinity(0)


def processor():
    text = pathlib.Path("/proc/cpuinfo").read_text()
    found = re.search(r"model name\s*: (.*)", text)
    return found[1] if found else "unknown processor"


def on_core(core, realtime=False):
    """For Popen's preexec_fn. The child dies with us, whatever kills us."""
    def prepare():
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        os.sched_setaffinity(0, {core})
        if realtime:
            try:
                os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
            except PermissionError:
                pass  # its lateness is measured in any case
    return prepare


def cpu_seconds(pid):
    """utime + stime of all threads of a process."""
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def busy_seconds():
    """Of all processors since the start, those stolen by the host too."""
    line = pathlib.Path("/proc/stat").read_text().splitlines()[0]
    user, nice, system, _, _, irq, softirq, steal = map(
        int, line.split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICK


def resident_kib(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", text)[1])


def free_udp_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("0.0.0.0", 0))
        return probe.getsockname()[1]


def free_tcp_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def softirq_pid(core):
    """The kernel's helper that delivers packets when a processor is full."""
    for folder in pathlib.Path("/proc").iterdir():
        try:
            if (folder.name.isdigit() and (folder / "comm").read_text() ==
                    f"ksoftirqd/{core}\n"):
                return int(folder.name)
        except OSError:
            pass  # it ended while we looked
    return None


class Meter:
    """What a server spent between two moments, and what others spent."""

    def __init__(self, server_pid, driver_pid):
        self.server = [server_pid, softirq_pid(SERVER_CORE)]
        self.ours = [driver_pid, softirq_pid(DRIVER_CORE), os.getpid()]
        self.start()

    def start(self):
        self.at = self._now()

    def _now(self):
        def spent(pids):
            return sum(cpu_seconds(pid) for pid in pids if pid)
        return (time.monotonic(), spent(self.server), spent(self.ours),
                busy_seconds())

    def read(self):
        """Shares of one core since start(): (server, driver, foreign)."""
        wall, server, driver, busy = (
            now - then for now, then in zip(self._now(), self.at))
        return (server / wall, driver / wall,
                max(0.0, busy - server - driver) / wall)
