"""Several ipsp-bridge on one etcd share a room: its owner is killed with
SIGKILL again and again while callers mail it; each is answered once, a new
owner is there within 3 s, and who talks notices nothing."""

import os
import random
import re
import signal
import subprocess
import sys
import threading
import time

import whip
from cluster import SECRET, Etcd, Site, heard, longest_gap
from etcdbed import why_not
from harness import (BRIDGE, PHONE, Bridge, Maildir, digest, free_port, invite,
                     ipsp_part, note, run, skip_all, tone_wav, wait_for)

KILLS = int(os.environ.get("OWNERS_KILLS", "6"))
INVITES = int(os.environ.get("OWNERS_INVITES", "60"))
SEED = int(os.environ.get("OWNERS_SEED", str(time.time_ns())))
ROOM = "hall@conf.test"
TAKEOVER_S = 3.0


class Cluster:
    """Bridges that share a Maildir and an etcd; their own sites have no
    gates: callers sit at ipsp-phonegates."""

    def __init__(self, directory, sites=2, gates=20, bridges=2, capacity=200):
        self.directory = directory
        self.mail = directory / "mail"
        self.room = Maildir(self.mail / "hall")
        self.etcd = Etcd(directory).start()
        self.sites = [Site(directory, self.etcd, name, gates=gates).start()
                      for name in "abcdefgh"[:sites]]
        (directory / "secret").write_text(SECRET)
        self.bridges = {}
        for name in ("one", "two", "three")[:bridges]:
            self.bridges[name] = Bridge(
                directory / name,
                mails={"local": {"mailbox": f"maildir:{self.mail}/hall",
                                 "post": f"maildir:{self.mail}/%u"}},
                rooms={ROOM: {"account": "local", "capacity": capacity}},
                directory="etcd", etcd_url=self.etcd.url,
                cluster_secret_file=directory / "secret", site=name,
                gates=1, answers_per_domain=100000, answers_per_room=100000)

    def start(self):
        for bridge in self.bridges.values():
            bridge.start()
        self.owner()
        return self

    def owner(self, other_than=None, seconds=10):
        """The name of the bridge that has the account."""
        def held():
            name = (self.etcd.get("owners/local") or {}).get("bridge")
            return name if name != other_than else None
        return wait_for("an owner", held, seconds)

    def reader(self, other_than=None, seconds=10):
        """The bridge that has taken the account over, by its log."""
        def took():
            for name, bridge in self.bridges.items():
                if name != other_than and self.taken(bridge) > self.before[
                        name]:
                    return name
            return None
        return wait_for("an owner that reads", took, seconds)

    @staticmethod
    def taken(bridge):
        return bridge.log_text().count("account=local is ours")

    def kill_owner(self):
        """Says how long nobody read the mailbox."""
        self.before = {name: self.taken(bridge)
                       for name, bridge in self.bridges.items()}
        name = self.owner()
        self.bridges[name].kill()
        since = time.monotonic()
        self.reader(other_than=name)
        took = time.monotonic() - since
        self.bridges[name].start()
        return took

    def gates(self, *arguments):
        config = next(iter(self.bridges.values())).config
        return subprocess.run([BRIDGE, "gates", "--config", config,
                               *arguments], capture_output=True, text=True,
                              timeout=20)

    def here(self):
        """How many are in the room, by the sites."""
        return sum(map(int, re.findall(r"(\d+) of \d+ here",
                                       self.gates(ROOM).stdout)))

    def phone(self, name, *options):
        Maildir(self.mail / name)
        process = subprocess.Popen(
            [PHONE, "call", ROOM, "--from", f"{name}@conf.test",
             "--config", "/dev/null", "--mailbox", f"maildir:{self.mail}/{name}",
             "--post", f"maildir:{self.mail}/%u", "--json",
             *map(str, options)],
            stdout=open(self.directory / f"{name}.json.log", "wb"),
            stderr=open(self.directory / f"{name}.log", "wb"))
        Bridge.started.append(process)
        return process


def each_caller_is_answered_once_over_kills_of_the_owner(directory):
    note(f"{INVITES} invites, {KILLS} kills, OWNERS_SEED={SEED}")
    chance = random.Random(SEED)
    cluster = Cluster(directory, capacity=INVITES + 10).start()
    boxes = {f"caller{n}@conf.test": Maildir(cluster.mail / f"caller{n}")
             for n in range(INVITES)}
    dids = {}
    ended = threading.Event()

    def mail_all():
        for address in boxes:
            # Not before it is mailed: it is good for a minute.
            invitation, dids[address] = invite(ROOM, address)
            cluster.room.drop(invitation)
            # As long as the kills go on.
            ended.wait(chance.uniform(0, 2 * KILLS * 3.5 / INVITES))

    sender = threading.Thread(target=mail_all)
    sender.start()
    took = []
    for _ in range(KILLS):
        time.sleep(chance.uniform(0.1, 1.5))
        took.append(cluster.kill_owner())
    ended.set()
    sender.join()
    assert wait_for("an answer for everyone", lambda: all(
        box.mails() for box in boxes.values()), 60)
    time.sleep(1)  # a late second answer must not come either
    note("a new owner after " + ", ".join(f"{s:.2f}" for s in sorted(took))
         + " s")
    copies = 0
    for address, box in boxes.items():
        mails = box.mails()
        copies += len(mails) - 1
        assert len({digest(m) for m in mails}) == 1, f"{address}: differ"
        part = ipsp_part(mails[0])
        assert part["m"] == "OK" and part["did"] == dids[address], part
        assert len(part["pg"]) == 2, part
    note(f"identical copies beyond the first: {copies}")
    wait_for("an empty mailbox", lambda: not cluster.room.mails(), 10)
    assert max(took) <= TAKEOVER_S, took


def an_owner_that_is_ended_hands_over_at_once(directory):
    cluster = Cluster(directory, sites=1).start()
    cluster.before = {name: cluster.taken(bridge)
                      for name, bridge in cluster.bridges.items()}
    name = cluster.owner()
    since = time.monotonic()
    cluster.bridges[name].process.terminate()
    heir = cluster.reader(other_than=name)
    took = time.monotonic() - since
    note(f"a new owner after {took:.2f} s")
    assert cluster.bridges[name].process.wait(10) == 0
    box = Maildir(cluster.mail / "ann")
    invitation, did = invite(ROOM, "ann@conf.test")
    cluster.room.drop(invitation)
    wait_for("an answer of the other", box.mails)
    assert did in cluster.bridges[heir].log_text()
    assert took <= 1, took


def every_place_is_given_and_not_one_more(directory):
    cluster = Cluster(directory, sites=6, gates=2, bridges=1).start()
    places = 6 * 2 * 5 + 5  # the bridge is a site of one gate itself
    wait_for("all sites", lambda: cluster.gates().stdout.count(" x 5 ") == 7)
    since = time.monotonic()
    boxes = [drop_invite(cluster, f"caller{n}") for n in range(places + 5)]
    wait_for("an answer for everyone", lambda: all(
        box.mails() for box in boxes), 30)
    note(f"{len(boxes)} answers in {time.monotonic() - since:.2f} s")
    methods = [ipsp_part(box.mails()[0])["m"] for box in boxes]
    assert methods.count("OK") == places, methods
    assert methods.count("BUSY") == 5, methods


def drop_invite(cluster, name):
    """An INVITE of that caller; his mailbox."""
    box = Maildir(cluster.mail / name)
    invitation, _ = invite(ROOM, f"{name}@conf.test")
    cluster.room.drop(invitation)
    return box


def an_owner_that_slept_answers_nothing_twice(directory):
    cluster = Cluster(directory, sites=1).start()
    cluster.before = {name: cluster.taken(bridge)
                      for name, bridge in cluster.bridges.items()}
    name = cluster.owner()
    sleeper = cluster.bridges[name].process
    sleeper.send_signal(signal.SIGSTOP)
    boxes = [drop_invite(cluster, f"caller{n}") for n in range(5)]
    cluster.reader(other_than=name)
    sleeper.send_signal(signal.SIGCONT)
    boxes += [drop_invite(cluster, f"late{n}") for n in range(5)]
    wait_for("an answer for everyone", lambda: all(
        box.mails() for box in boxes))
    time.sleep(2)  # a second answer would come
    assert [len(box.mails()) for box in boxes] == [1] * 10
    assert cluster.owner() != name
    assert not cluster.room.mails()


def without_etcd_calls_go_on_and_mails_wait(directory):
    cluster = Cluster(directory, sites=2).start()
    seconds = 16
    tone_wav(directory / "ann.wav", [700], 1)
    phones = [cluster.phone(
        name, "--send", directory / "ann.wav", "--loop",
        "--receive", directory / f"{name}-heard.wav", "--for", seconds)
        for name in ("ann", "bob")]
    wait_for("both in the room", lambda: cluster.here() == 2)
    cluster.etcd.kill()
    wait_for("nobody to own it", lambda: all(
        "account=local is not ours" in bridge.log_text()
        or not cluster.taken(bridge)
        for bridge in cluster.bridges.values()))
    box = drop_invite(cluster, "late")
    time.sleep(4)
    assert not box.mails()
    cluster.etcd.start()
    wait_for("the late one's answer", box.mails, 20)
    wait_for("both in the room still", lambda: cluster.here() == 2)
    for phone in phones:
        assert phone.wait(30) == 0
    gap = longest_gap(heard(directory / "bob-heard.wav", 700, 2, seconds - 5))
    note(f"bob misses ann for {gap * 1000:.0f} ms at most")
    assert gap <= 0.06, gap


def who_talks_does_not_notice_that_the_owner_dies(directory):
    cluster = Cluster(directory).start()
    seconds = 12
    for name, tone in (("ann", 700), ("bob", 1100)):
        tone_wav(directory / f"{name}.wav", [tone], 1)
    phones = [cluster.phone(
        name, "--send", directory / f"{name}.wav", "--loop",
        "--receive", directory / f"{name}-heard.wav", "--for", seconds)
        for name in ("ann", "bob")]
    wait_for("both in the room", lambda: cluster.here() == 2)
    time.sleep(1)
    listing = cluster.gates(ROOM).stdout
    assert "(root)" in listing and "kept by" in listing, listing
    took = cluster.kill_owner()
    note(f"a new owner after {took:.2f} s")
    wait_for("both in the room still", lambda: cluster.here() == 2)
    again = cluster.gates(ROOM).stdout
    trees = [re.sub(r", [\d.]+ ms|, [\d.]+ % lost", "", text.split("\n\n")[1])
             for text in (listing, again)]
    assert trees[0] == trees[1], again
    for phone in phones:
        assert phone.wait(30) == 0
    for name, tone in (("ann", 1100), ("bob", 700)):
        frames = heard(directory / f"{name}-heard.wav", tone, 2, seconds - 5)
        gap = longest_gap(frames)
        note(f"{name} misses the other for {gap * 1000:.0f} ms at most")
        assert gap <= 0.06, gap


def who_sits_at_a_site_that_dies_is_soon_heard_again(directory):
    cluster = Cluster(directory, sites=3, bridges=1).start()
    seconds = 14
    for name, tone in (("ann", 700), ("bob", 1100)):
        tone_wav(directory / f"{name}.wav", [tone], 1)
    phones = [cluster.phone(
        name, "--send", directory / f"{name}.wav", "--loop",
        "--receive", directory / f"{name}-heard.wav", "--for", seconds)
        for name in ("ann", "bob")]
    wait_for("both in the room", lambda: cluster.here() == 2)
    time.sleep(1)
    listing = cluster.gates(ROOM).stdout
    dead = next(site for site in cluster.sites
                if f"{site.name} (root), 2 of 2 here" in listing)
    dead.kill()
    wait_for("the site to be forgotten", lambda: f"\n{dead.name} " not in
             cluster.gates(ROOM).stdout, 10)
    wait_for("both in the room still", lambda: cluster.here() == 2)
    # Nobody is there twice, and each has a standby again.
    listing = cluster.gates(ROOM).stdout
    assert sum(map(int, re.findall(r"of (\d+) here", listing))) == 2, listing
    assert sum(map(int, re.findall(r"(\d+) standbys", listing))) == 2, listing
    for phone in phones:
        assert phone.wait(30) == 0
    for name, tone in (("ann", 1100), ("bob", 700)):
        gap = longest_gap(heard(directory / f"{name}-heard.wav", tone, 1,
                                seconds - 4))
        note(f"{name} misses the other for {gap * 1000:.0f} ms at most")
        assert gap <= 1.5, gap


def tools_join_at_whichever_bridge_and_outlive_it(directory):
    cluster = Cluster(directory).start()
    owner = cluster.owner()
    other = next(name for name in cluster.bridges if name != owner)
    first, heir = cluster.bridges[owner], cluster.bridges[other]
    bearer = whip.token(first, room=ROOM)

    def ask_the_other():
        return whip.request(heir, "POST", whip.path_of(ROOM), bearer,
                            whip.offer(5004))
    wait_for("the other to know who keeps the room",
             lambda: ask_the_other()[0] != 503)
    status, headers, text = ask_the_other()
    assert status == 307 and owner in text, (status, text)
    assert headers["Location"] == \
        f"http://127.0.0.1:{first.web_port}/whip/{ROOM}", headers
    talker = whip.Tool(first, bearer, suite=whip.GCM, room=ROOM)
    ear = whip.Tool(first, bearer, "a=recvonly", suite=whip.CM, room=ROOM)

    def are_here(*tools):
        for tool in tools:
            tool.report()
        paths = [status.get("path") for key, status in
                 cluster.etcd.all("status/").items() if "/s/" in key]
        return len(list(filter(None, paths))) == len(tools)
    wait_for("both tools at their sites", lambda: are_here(talker, ear))
    talker.talk(1)
    assert -19 < ear.tone() < -13, ear.tone()
    cluster.kill_owner()
    ear.heard.clear()
    talker.talk(1)
    assert -19 < ear.tone() < -13, ear.tone()
    # The next owner knows them, by the same tokens.
    wait_for("the other bridge to know them",
             lambda: cluster.owner() == other)
    ear.bridge = talker.bridge = heir
    assert ear.leave("another") == 401
    assert ear.leave() == 200 and ear.leave() == 404
    wait_for("the goodbye", lambda: ear.byes)
    # And it lets others in.
    again = whip.Tool(heir, whip.token(heir, room=ROOM), suite=whip.GCM,
                      room=ROOM)
    wait_for("another", lambda: are_here(talker, again))


def gates_says_why_it_has_nothing_to_show(directory):
    Maildir(directory / "mail" / "hall")
    (directory / "secret").write_text(SECRET)
    mails = {"local": {"mailbox": f"maildir:{directory}/mail/hall",
                       "post": f"maildir:{directory}/mail/%u"}}
    alone = Bridge(directory / "alone", {ROOM: {"account": "local"}}, mails)
    lost = Bridge(directory / "lost", {ROOM: {"account": "local"}}, mails,
                  directory="etcd", site="lost",
                  etcd_url=f"http://127.0.0.1:{free_port()}",
                  cluster_secret_file=directory / "secret")
    for bridge, sentence in ((alone, "no cluster"), (lost, "etcd")):
        result = subprocess.run([BRIDGE, "gates", "-c", bridge.config],
                                capture_output=True, text=True, timeout=20)
        assert result.returncode == 1, result
        assert sentence in result.stderr, result


if __name__ == "__main__":
    reason = why_not()
    if reason:
        skip_all(reason)
    sys.exit(run(each_caller_is_answered_once_over_kills_of_the_owner,
                 every_place_is_given_and_not_one_more,
                 an_owner_that_is_ended_hands_over_at_once,
                 an_owner_that_slept_answers_nothing_twice,
                 without_etcd_calls_go_on_and_mails_wait,
                 who_talks_does_not_notice_that_the_owner_dies,
                 who_sits_at_a_site_that_dies_is_soon_heard_again,
                 tools_join_at_whichever_bridge_and_outlive_it,
                 gates_says_why_it_has_nothing_to_show))
