"""PhoneGates that callers offer: a real bridge, a real site, a real etcd, and
callers by mail, two of whom run a gate each for the others."""

import os
import signal
import socket
import sys

from cascadebed import Cluster, Host, Phone
from cluster import PHONEGATE, heard, longest_gap
from etcdbed import why_not
from harness import (free_port, note, run, skip_all, tone_dbfs, tone_wav,
                     wait_for, wav_samples)

# The first four have the cluster's own places, the five a gate that is lent,
# and who comes last the other. He and the stranger only listen.
LENDERS, THIRD, STRANGER = ("ann", "bob"), "carol", "mallory"
FIVE, LAST = ("dave", "eve", "frank", "grace", "henry"), "iris"
TONES = {  # Hz: no multiples of each other
    "ann": 523, "bob": 661, "carol": 887, "dave": 743, "eve": 1370,
    "frank": 1810, "grace": 2290, "henry": 1550,
}
HEARD_DBFS, WINDOW_S = -40.0, 0.5
FLUSH_S = 0.2         # a phone's recording is so late
KILLED_MAX_S = 1.0    # of sound, for the people of a gate that dies
DRAINED_MAX_S = 0.06  # of a clock that is read by frames of 20 ms


class Lending(Cluster):
    """Four places of its own: a site with three, a bridge with one."""

    def __init__(self, directory):
        super().__init__(
            directory, [Host], 1, bridges=1, capacity=20, gates=1,
            sessions_per_gate=3, room_keys={
                "offered_gates": " ".join(f"{who}@conf.test"
                                          for who in LENDERS),
                "offered_gates_networks": "127.0.0.0/8"})

    def call(self, name, *options):
        """As one who talks, if he has a tone."""
        if name not in TONES:
            return self.phone(name, *options)
        voice = self.directory / f"{name}.wav"
        tone_wav(voice, [TONES[name]], 1, level_dbfs=-26)
        return self.phone(name, "--send", voice, "--loop", *options)

    def lend(self, name, port=0):
        """Calls and offers a gate."""
        return self.call(name, "--offer-gate", "127.0.0.1:%d" % (
            port or free_port(socket.SOCK_DGRAM)),
            "--gate-program", PHONEGATE)

    def wait_for_people(self, count):
        wait_for(f"{count} to be in the room",
                 lambda: self.is_whole(count), 20)

    def lent(self):
        """Lender to the site that his gate is."""
        return {document["lent"]["lender"].split("@")[0]: key.split("/")[1]
                for key, document in self.etcd.all("sites/").items()
                if document.get("lent")}

    def seated_at(self, site):
        return {member["address"].split("@")[0]
                for member in self.members().values()
                if member["place"]["site"] == site}

    def log(self):
        return "".join(bridge.log_text() for bridge in self.bridges.values())


def switches(phone):
    return [said for said in phone.said() if said.get("t") == "switched"]


def seconds_heard(phone):
    return os.path.getsize(phone.heard) / 2 / 48000


def all_seconds_heard(phones):
    return {name: seconds_heard(phone) for name, phone in phones.items()}


def levels_at(phones):
    """Of each, how loud he hears whom, from now on for a while."""
    begun = {name: seconds_heard(phone) + FLUSH_S
             for name, phone in phones.items()}
    wait_for("everybody to have heard enough", lambda: all(
        seconds_heard(phone) > begun[name] + WINDOW_S
        for name, phone in phones.items()))
    for name, phone in phones.items():
        sound = wav_samples(phone.heard, begun[name], WINDOW_S)
        yield name, {other: tone_dbfs(*sound, TONES[other])
                     for other in phones if other in TONES}


def each_hears_the_others(phones):
    """All of them, now; nobody himself."""
    complete = True
    for name, levels in levels_at(phones):
        own = levels.pop(name, -100)
        assert own < HEARD_DBFS, f"{name} hears himself, {own} dBFS"
        complete &= all(level > HEARD_DBFS for level in levels.values())
    return complete


def programs_of(phone):
    """The processes that a phone has started."""
    pid = phone.process.pid
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(child) for child in file.read().split()]


def cmdline(pid):
    with open(f"/proc/{pid}/cmdline", encoding="utf8") as file:
        return file.read().split("\0")


def most_missed(pairs, since, until):
    """Of what the one hears of the other, in seconds."""
    gaps = []
    for one, other in pairs:
        begun = since[one.name]
        gaps.append(longest_gap(heard(one.heard, TONES[other.name], begun,
                                      until[one.name] - begun)))
        note(f"{one.name} misses {other.name} for {gaps[-1] * 1000:.0f} ms: "
             f"{switches(one)}")
    return max(gaps)


def nothing_came(sock):
    try:
        return not sock.recv(2000)
    except BlockingIOError:
        return True


def as_its_host_dies(phone):
    """The gate first, so that it says no goodbye."""
    gate, = programs_of(phone)
    assert "--lend" in cmdline(gate), cmdline(gate)
    os.kill(gate, signal.SIGKILL)
    phone.process.kill()


def arrive(cluster):
    """All in their places. (phones, the lender whose gate has the five, the
    lender of the other)"""
    phones = {name: cluster.lend(name) for name in LENDERS}
    phones[THIRD] = cluster.call(THIRD)
    wait_for("two gates to be used", lambda: len(cluster.lent()) == 2, 20)
    cluster.wait_for_people(4)
    phones.update({name: cluster.call(name) for name in FIVE})
    cluster.wait_for_people(9)
    phones[LAST] = cluster.call(LAST)
    cluster.wait_for_people(10)
    lent = cluster.lent()
    seated = {name: cluster.seated_at(lent[name]) for name in LENDERS}
    full, other = sorted(LENDERS, key=lambda name: -len(seated[name]))
    assert seated == {full: set(FIVE), other: {LAST}}, seated
    assert all(cluster.parents()[site] for site in lent.values()), \
        "a lent gate became the root"
    return phones, full, other


def offered_gates_carry_five_others_each_and_their_end_costs_little(directory):
    cluster = Lending(directory)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as named:
        named.bind(("127.0.0.1", 0))
        named.setblocking(False)
        stranger = cluster.lend(STRANGER, named.getsockname()[1])
        phones, full, other = arrive(cluster)
        wait_for("each to hear the others", lambda: each_hears_the_others(
            {STRANGER: stranger, **phones}))
        assert "the room does not trust this address" in cluster.log()
        assert not programs_of(stranger)
        assert nothing_came(named)
    since = all_seconds_heard(phones)
    phones.pop(other).process.kill()
    wait_for("who sits at its gate to be sent on",
             lambda: switches(phones[LAST]), 5)
    wait_for("the gate to be forgotten", lambda: len(cluster.lent()) == 1)
    as_its_host_dies(phones.pop(full))
    wait_for("its people to be elsewhere", lambda: all(
        switches(phones[name]) for name in FIVE), 5)
    wait_for("each to hear the others again",
             lambda: each_hears_the_others(phones))
    # They do not all leave in the same moment.
    until = all_seconds_heard(phones)
    Phone.hang_up(stranger, *phones.values())
    third, last = phones[THIRD], phones[LAST]
    assert most_missed([(last, third)], since, until) <= DRAINED_MAX_S
    pairs = [pair for name in FIVE
             for pair in ((phones[name], third), (third, phones[name]))]
    assert most_missed(pairs, since, until) < KILLED_MAX_S


if __name__ == "__main__":
    skip_all(why_not()) if why_not() else sys.exit(run(
        offered_gates_carry_five_others_each_and_their_end_costs_little))
