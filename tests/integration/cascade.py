"""The cascade from end to end: rooms over many PhoneGates of several hosts,
real bridges, real etcd, callers by mail; and what dies under them.

CASCADE=long, `./dev bench cascade-kill`: 60 callers instead of 24,
CASCADE_KILLS (30) kills, a host that is cut off, a site that sleeps.
CASCADE_SHAPE=3x2x4: of so many hosts, sites of each and PhoneGates of each
site is what carries one full room.
SHOTS=DIRECTORY: with a picture there of the tree of the full room."""

import os
import re
import signal
import sys
import time
import wave

from cascadebed import Cluster, Host, Lan, Phone, enter_namespaces
from cluster import STEP, heard, longest_gap
from etcdbed import why_not
from harness import (note, run, skip_all, tone_dbfs, tone_wav, wait_for,
                     wav_samples)

LONG = os.environ.get("CASCADE") == "long"
KILLS = int(os.environ.get("CASCADE_KILLS", "30"))
HOSTS, SITES, GATES = 3, 2, 2
SHAPE = tuple(map(int, os.environ.get("CASCADE_SHAPE", "3x2x2").split("x")))
TONES = {  # Hz: no multiples of each other
    "ann": (523, 1370), "bob": (661, 1810), "carol": (887, 2290),
    "dave": (743, 1550),
}
OWN_MAX_DBFS = -50.0
OTHERS_MIN_DBFS = -35.0
# Of who hears another, whatever dies: a machine that stalls must not fail.
GAP_MAX_S = 2.0


def talk(cluster, name, tones=None):
    voice = cluster.directory / f"{name}.wav"
    tone_wav(voice, tones or TONES[name], 1, level_dbfs=-20)
    return cluster.phone(name, "--send", voice, "--loop")


def last_second(phone):
    """Of what was heard, but for the end, when the others had gone."""
    with wave.open(str(phone.heard)) as file:
        seconds = file.getnframes() / file.getframerate()
    return wav_samples(phone.heard, seconds - 2, 1)


def each_hears_the_others_alone(phones):
    for name, phone in phones.items():
        samples, rate = last_second(phone)
        levels = {other: [tone_dbfs(samples, rate, f) for f in TONES[other]]
                  for other in phones}
        note(f"{name} hears " + ", ".join(
            f"{other} {min(dbfs):.1f}" for other, dbfs in levels.items()))
        assert max(levels.pop(name)) <= OWN_MAX_DBFS, f"{name} hears himself"
        for other, dbfs in levels.items():
            assert min(dbfs) >= OTHERS_MIN_DBFS, f"{name} misses {other}"


def nobody_is_left(cluster):
    wait_for("nobody to be left", lambda: not (
        cluster.members() or cluster.here() or cluster.hubs()))


def show(cluster):
    for line in cluster.gates().splitlines():
        note(line)


def four_at_two_sites_a_release_apart_hear_each_other(directory):
    cluster = Cluster(directory, [Host], 2, bridges=1, capacity=4, gates=1,
                      bridge_gates="none", sessions_per_gate=2,
                      next_release=["here-b"])
    phones = {name: talk(cluster, name) for name in TONES}
    wait_for("all four in one tree", lambda: cluster.is_whole(4), 20)
    show(cluster)
    assert sorted(sites[0] for sites in cluster.here().values()) == \
        ["here-a"] * 2 + ["here-b"] * 2
    assert {name: site.document()["proto_max"]
            for name, site in cluster.sites.items()} == \
        {"here-a": 1, "here-b": 2}
    assert {trunk["proto"] for hub in cluster.hubs().values()
            for trunk in hub["trunks"]} == {1}
    text = cluster.gates()
    assert ", version 1, " in text, text
    table, _ = text.split("\n\n")
    assert [line.split()[-1] for line in table.splitlines()
            if line.startswith("here-")] == ["1", "1-2"], text
    time.sleep(3)
    Phone.hang_up(*phones.values())
    each_hears_the_others_alone(phones)
    nobody_is_left(cluster)


def twelve_gates_on_three_hosts_carry_a_room_and_no_more(directory):
    sessions = 5 if LONG else 2
    hosts, sites, site_gates = SHAPE
    count = hosts * sites * site_gates
    places = count * sessions
    with Lan(hosts) as lan:
        # The room has no such limit: all the gates there are are full.
        cluster = Cluster(directory, lan.hosts, sites, bridges=2,
                          capacity=2 * places, address=lan.address,
                          bridge_gates="none", gates=site_gates,
                          sessions_per_gate=sessions)
        callers = cluster.loadgen("caller", places, "--duration", 1)
        wait_for("everybody in one tree",
                 lambda: cluster.is_whole(places), 60 + places)
        show(cluster)
        gates = {}
        for member in cluster.members().values():
            gate = member["place"]["gate"]
            gates[gate] = gates.get(gate, 0) + 1
        assert list(gates.values()) == [sessions] * count, gates
        late = cluster.phone("late", "--for", 1)
        assert late.process.wait(60) == 7, late.said()
        assert late.said()[-1]["why"] == "busy", late.said()
        if os.environ.get("SHOTS"):
            cluster.picture(os.environ["SHOTS"])
        report = callers.end(120 + 4 * places)
        tell_of_loadgen(report)
        assert not faults_of(report), report["faults"][:10]
        nobody_is_left(cluster)


def faults_of(report):
    """Where the callers' own ticks were late, which makes a run void, a chirp
    that left late is not found: then who hears whom is judged by the tones."""
    if report["lateness_ms"]["p99"] <= 2:
        return report["faults"]
    return [fault for fault in report["faults"]
            if not (found := re.search(r"tones (\S+) dB, no chirp", fault))
            or float(found[1]) < -12]


def tell_of_loadgen(report):
    for what in ("mouth_to_ear_ms", "added_ms", "lateness_ms"):
        if report[what]:
            note(f"{what}: " + ", ".join(
                f"{key} {value:.1f}" for key, value in report[what].items()
                if key in ("p50", "p99", "max")))


class Company:
    """A room that fills all sites but the last, where one more sits: three who
    talk, at different sites, and between them the callers of two loadgens."""

    PROBES = {"ann": 700, "bob": 1300, "carol": 2100}  # Hz

    def __init__(self, cluster, sessions):
        self.cluster, each = cluster, GATES * sessions
        self.probes, self.count = {}, 0
        self.loadgens = []
        self.add_probe("ann")
        self.add_callers("left", 3 * each - 1)
        self.add_probe("carol")
        self.add_callers("right", 2 * each - 1 + len(cluster.bridges))
        self.add_probe("bob")
        self.kills = []  # (what died, when, talkers and listeners elsewhere)

    def add_probe(self, name):
        self.probes[name] = talk(self.cluster, name, [self.PROBES[name]])
        self.arrive(1)

    def add_callers(self, name, count):
        self.loadgens.append(self.cluster.loadgen(
            name, count, "--hold", 600, "--ramp", 0.05, "--duration", 1))
        self.arrive(count)

    def arrive(self, count):
        self.count += count
        self.settle()

    def settle(self, seconds=30):
        try:
            wait_for(f"{self.count} members, each at one place of one tree",
                     lambda: self.cluster.is_whole(self.count), seconds)
        except AssertionError:
            self.cluster.explain()
            raise

    def sites_of_probes(self):
        return {member["address"].split("@")[0]: member["place"]["site"]
                for member in self.cluster.members().values()
                if member["address"].split("@")[0] in self.probes}

    def pick(self, role):
        """A site with people on it; in the middle one that has a talker
        below, if there is."""
        parents = self.cluster.parents()
        crowd = {}
        for sites in self.cluster.here().values():
            crowd[sites[0]] = crowd.get(sites[0], 0) + 1
        found = [site for site, parent in sorted(parents.items())
                 if site in self.cluster.sites and crowd.get(site) and (
                     parent is None if role == "root" else parent and
                     (site in parents.values()) == (role == "middle"))]
        assert found, f"no {role} in {parents}"
        above = [parents[site] for site in self.sites_of_probes().values()]
        return max(found, key=lambda site: (
            site in above and role == "middle", crowd[site])), crowd

    def dies(self, what, kill, *sites):
        """kill() is done; what talkers and listeners miss who are not at its
        sites is measured later."""
        at = self.sites_of_probes()
        self.kills.append((what, time.monotonic(), [
            (a, b) for a in self.probes for b in self.probes
            if a != b and at[a] not in sites and at[b] not in sites]))
        kill()
        began = time.monotonic()
        for site in sites:  # nobody else knows before its lease runs out
            wait_for(f"{site} to be given up", lambda: not (
                self.cluster.etcd.get(f"sites/{site}") or
                site in self.cluster.hubs()), 20)
        self.settle()
        took = time.monotonic() - began
        note(f"{what}: {' '.join(sites)} whole again after {took:.1f} s")

    def site_dies(self, role):
        site, crowd = self.pick(role)
        before = self.cluster.here()
        self.dies(f"{role} killed", self.cluster.sites[site].kill, site)
        moved = [did for did, sites in self.cluster.here().items()
                 if before[did] != sites]
        assert len(moved) == crowd[site], "somebody else has moved"
        self.cluster.sites[site].start()

    def owner_dies(self):
        name = self.cluster.owner()
        bridge = self.cluster.bridges[name]
        self.dies("owner killed", bridge.kill, name)
        wait_for("another owner", lambda: self.cluster.owner() != name, 20)
        bridge.start()

    def etcd_dies(self):
        etcd = self.cluster.etcd

        def away():
            etcd.kill()
            time.sleep(3)
            etcd.start()

        self.dies("etcd killed for 3 s", away)

    def host_is_cut_off(self, host):
        """For so long that its leases run out. It holds no bridge."""
        sites = [site for site in self.cluster.sites
                 if site.startswith(host.name)]
        self.dies("host cut off", lambda: host.plug(False), *sites)
        host.plug(True)
        self.is_back(*sites)

    def site_sleeps(self):
        site, _ = self.pick("leaf")
        process = self.cluster.sites[site].process
        self.dies("site asleep",
                  lambda: process.send_signal(signal.SIGSTOP), site)
        time.sleep(5)
        process.send_signal(signal.SIGCONT)
        self.is_back(site)

    def is_back(self, *sites):
        for site in sites:
            wait_for(f"{site} to be back",
                     lambda: self.cluster.etcd.get(f"sites/{site}"), 20)
        time.sleep(3)  # what it did meanwhile must not count any more
        self.settle()

    def everybody_leaves(self):
        """Returns what probes_leave() does, and the loadgens' reports."""
        worst = self.probes_leave()
        for loadgen in self.loadgens:
            loadgen.process.send_signal(signal.SIGTERM)
        reports = [loadgen.end(30) for loadgen in self.loadgens]
        for report in reports:
            assert report["faults"] == ["interrupted"], report["faults"]
        nobody_is_left(self.cluster)
        return worst, reports

    def probes_leave(self):
        """Says what they missed while things died."""
        end = time.monotonic()
        Phone.hang_up(*self.probes.values())
        self.count -= len(self.probes)
        worst = {}
        nexts = [when for _, when, _ in self.kills[1:]] + [end - 1]
        for (what, when, pairs), then in zip(self.kills, nexts):
            gaps = {pair: self.gap(*pair, end - when, then - when)
                    for pair in pairs}
            note(f"{what}: " + ", ".join(
                f"{listener} misses {talker} for {gap * 1000:.0f} ms"
                + (f" {at:.1f} s later" if gap else "")
                for (talker, listener), (gap, at) in gaps.items()))
            if gaps:  # else all of them sat where it was
                worst.setdefault(what, []).append(
                    max(gap for gap, _ in gaps.values()))
        for what, gaps in worst.items():
            note(f"{what}: the others miss " + ", ".join(
                f"{gap * 1000:.0f}" for gap in gaps) + " ms")
        return worst

    def gap(self, talker, listener, before_end, seconds_free):
        """The longest from half a second before a kill until the next, and
        when it began, in seconds after the kill."""
        path = self.probes[listener].heard
        with wave.open(str(path)) as file:
            seconds = file.getnframes() / file.getframerate()
        start = max(0, seconds - before_end - 0.5)
        frames = [True] + heard(path, self.PROBES[talker], start,
                                min(10, seconds_free))
        gap = longest_gap(frames)
        run = "0" * round(gap / STEP)
        at = "".join("01"[frame] for frame in frames).index(run)
        return gap, start + at * STEP - (seconds - before_end)


def tell_of_switches(reports):
    """How many there were."""
    switches = {why: sum(report["switches"][why] for report in reports)
                for why in reports[0]["switches"] if "lost" not in why}
    note("switches: " + ", ".join(f"{n} {w}" for w, n in switches.items()))
    steps = {}
    for report in reports:
        for step in report["switches"]["lost_histogram"]:
            if step["n"]:
                steps[step["from_ms"]] = \
                    steps.get(step["from_ms"], 0) + step["n"]
    note("lost by a switch, from so many ms on: " + ", ".join(
        f"{ms}: {steps[ms]}" for ms in sorted(steps)))
    return sum(switches.values())


def figures(values):
    """For people."""
    values = sorted(values)
    return ", ".join(f"{name} {values[int(share * (len(values) - 1))]:.0f}"
                     for name, share in (("p50", 0.5), ("p90", 0.9),
                                         ("p99", 0.99), ("max", 1)))


def a_room_goes_on_whatever_dies(directory):
    sessions = 2 if LONG else 1
    with Lan(HOSTS) as lan:
        cluster = Cluster(directory, lan.hosts, SITES, bridges=2,
                          capacity=100, address=lan.address, gates=GATES,
                          sessions_per_gate=sessions)
        company = Company(cluster, sessions)
        show(cluster)
        time.sleep(2)  # until all are heard
        company.site_dies("middle")
        company.site_dies("leaf")
        company.site_dies("root")
        company.owner_dies()
        company.etcd_dies()
        show(cluster)
        worst = company.probes_leave()
        # Those of the one leave, those of the other are heard by all of them.
        left, right = company.loadgens
        right.process.send_signal(signal.SIGTERM)
        right = right.end(30)
        left.process.send_signal(signal.SIGUSR1)
        left = left.end(60)
        tell_of_loadgen(left)
        assert tell_of_switches([left, right]) > 0, "nobody has moved"
        assert not faults_of(left), left["faults"][:10]
        assert max(map(max, worst.values())) <= GAP_MAX_S, worst
        nobody_is_left(cluster)


def many_deaths(directory):
    worst, reports = {}, []
    with Lan(HOSTS) as lan:
        cluster = Cluster(directory, lan.hosts, SITES, bridges=2,
                          capacity=100, address=lan.address, gates=GATES,
                          sessions_per_gate=2)
        for _ in range(0, KILLS, 3):
            company = Company(cluster, 2)
            for role in ("middle", "leaf", "root"):
                time.sleep(2)
                company.site_dies(role)
            gaps, heard_of = company.everybody_leaves()
            reports += heard_of
            for what, seconds in gaps.items():
                worst.setdefault(what, []).extend(seconds)
    for what, seconds in worst.items():
        note(f"{len(seconds)} times {what}: the others miss, ms: "
             + figures(gap * 1000 for gap in seconds))
    assert tell_of_switches(reports) >= KILLS


def a_host_is_cut_off_and_a_site_sleeps(directory):
    with Lan(HOSTS) as lan:
        cluster = Cluster(directory, lan.hosts, SITES, bridges=2,
                          capacity=100, address=lan.address, gates=GATES,
                          sessions_per_gate=2)
        company = Company(cluster, 2)
        time.sleep(2)
        company.host_is_cut_off(lan.hosts[2])
        company.site_sleeps()
        _, reports = company.everybody_leaves()
        assert tell_of_switches(reports) > 0


if __name__ == "__main__":
    if why_not():
        skip_all(why_not())
    enter_namespaces()
    cases = [four_at_two_sites_a_release_apart_hear_each_other,
             twelve_gates_on_three_hosts_carry_a_room_and_no_more,
             a_room_goes_on_whatever_dies]
    if LONG:
        cases += [many_deaths, a_host_is_cut_off_and_a_site_sleeps]
    if len(sys.argv) > 1:
        cases = [case for case in cases if sys.argv[1] in case.__name__]
    sys.exit(run(*cases))
