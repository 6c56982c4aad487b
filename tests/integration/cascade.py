"""The cascade from end to end: rooms over many PhoneGates of several hosts,
real bridges, real etcd, callers by mail; and what dies under them."""

import sys
import time
import wave

from cascadebed import Cluster, Host, Phone, enter_namespaces
from etcdbed import why_not
from harness import (note, run, skip_all, tone_dbfs, tone_wav, wait_for,
                     wav_samples)

TONES = {  # Hz: no multiples of each other
    "ann": (523, 1370), "bob": (661, 1810), "carol": (887, 2290),
    "dave": (743, 1550),
}
OWN_MAX_DBFS = -50.0
OTHERS_MIN_DBFS = -35.0


def talk(cluster, name):
    voice = cluster.directory / f"{name}.wav"
    tone_wav(voice, TONES[name], 1, level_dbfs=-20)
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


def four_at_two_sites_of_two_places_hear_each_other(directory):
    cluster = Cluster(directory, [Host], 2, bridges=1, capacity=4, gates=1,
                      sessions_per_gate=2)
    phones = {name: talk(cluster, name) for name in TONES}
    wait_for("all four in one tree", lambda: cluster.is_whole(4), 20)
    note("\n# ".join(cluster.gates().splitlines()))
    assert sorted(sites[0] for sites in cluster.here().values()) == \
        ["here-a"] * 2 + ["here-b"] * 2
    time.sleep(3)
    Phone.hang_up(*phones.values())
    each_hears_the_others_alone(phones)
    wait_for("nobody to be left", lambda: not (
        cluster.members() or cluster.here() or cluster.hubs()))


if __name__ == "__main__":
    if why_not():
        skip_all(why_not())
    enter_namespaces()
    sys.exit(run(four_at_two_sites_of_two_places_hear_each_other))
