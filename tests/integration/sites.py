"""Sites: real ipsp-phonegate processes, a real etcd, real callers. The owner is
the test: it writes what is wanted and reads how it is."""

import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

from cluster import Etcd, PHONEGATE, Room, Site, heard, longest_gap
from etcdbed import why_not
from harness import free_port, note, run, skip_all, tone_wav, wait_for

ANN, BOB, CAROL = 700, 1100, 1900  # Hz


class Pair:
    """Two sites joined by a trunk, ann at the root's and bob at the other."""

    def __init__(self, directory, seconds, standby=False, vice=False):
        self.directory = directory
        self.etcd = Etcd(directory).start()
        self.a = Site(directory, self.etcd, "a").start()
        self.b = Site(directory, self.etcd, "b").start("--drain", "10")
        self.room = Room(directory, self.etcd)
        self.vice = vice
        self.plan()
        for name, tone in (("ann", ANN), ("bob", BOB), ("carol", CAROL)):
            tone_wav(directory / f"{name}.wav", [tone], 1)
        self.ann_phone = self.call("ann", seconds)
        self.ann = self.room.seat("ann", (self.a, "a-1", 0)).registered()
        self.bob_phone = self.call("bob", seconds)
        places = [(self.b, "b-1", 0)]
        if standby:
            places.append((self.a, "a-2", 0))
        self.bob = self.room.seat("bob", *places).registered()

    def plan(self):
        child, parent = self.room.join(self.a, self.b)
        self.room.hub(self.a, 1, [child], root=True)
        self.room.hub(self.b, 2, [parent], vice=self.vice)
        wait_for("the trunk", self.joined)

    def joined(self):
        return all(
            [t.get("up") for t in self.room.hub_status(site).get("trunks", [])]
            == [True] for site in (self.a, self.b))

    def call(self, name, seconds):
        return self.room.phone(
            name, "--send", self.directory / f"{name}.wav", "--loop",
            "--receive", self.directory / f"{name}-heard.wav",
            "--for", seconds)

    def gap(self, name, tone, start=0.0, seconds=None):
        frames = heard(self.directory / f"{name}-heard.wav", tone, start,
                       seconds)
        gap = longest_gap(frames)
        note(f"{name} misses {tone} Hz for {gap * 1000:.0f} ms at most")
        return gap


def callers_of_two_sites_hear_each_other(directory):
    pair = Pair(directory, 4)
    document = pair.a.document()
    assert document["workers"][0]["sessions"] == 1, document
    assert document["proto_min"] <= 1 <= document["proto_max"], document
    assert pair.room.hub_status(pair.b)["plan"] == pair.room.plan
    assert pair.room.hub_status(pair.b)["parent"] == "up"
    assert pair.room.hub_status(pair.a).get("root")
    assert pair.ann_phone.wait(20) == 0 and pair.bob_phone.wait(20) == 0
    assert pair.gap("ann", BOB, 2, 1.5) <= 0.04
    assert pair.gap("bob", ANN, 1, 1.5) <= 0.04
    wait_for("both to be gone", lambda: all(
        call.status().get("gone") == "bye" for call in (pair.ann, pair.bob)))


def what_is_wanted_is_done(directory):
    pair = Pair(directory, 20)
    pair.bob.change(muted=True)
    wait_for("bob to be told", lambda: [
        line for line in pair.bob.said() if "mute" in str(line)])
    time.sleep(1)
    pair.bob.change(muted=False)
    time.sleep(1)
    wait_for("bob to be among the talkers", lambda: pair.room.hub_status(
        pair.b).get("talkers"))
    pair.bob.change(end={"why": "kicked", "text": "Enough now"})
    assert pair.bob_phone.wait(10) != 0
    assert "Enough now" in str(pair.bob.said()[-1])
    assert pair.bob.status()["gone"] == "bye"
    pair.etcd.remove(pair.bob.keys[0])
    wait_for("his status to go", lambda: not pair.bob.status())
    pair.etcd.remove(pair.ann.keys[0])
    assert pair.ann_phone.wait(10) != 0  # nobody wants her: BYE
    said = heard(directory / "ann-heard.wav", BOB)
    ends = max(i for i, frame in enumerate(said) if frame)
    assert 0.8 < longest_gap(said[:ends + 1]) < 1.5, "bob was not mute"
    for site in (pair.a, pair.b):
        pair.etcd.remove(pair.room.key("want", site, "hub"))
        wait_for("the room to close", lambda: not pair.room.hub_status(site))
    assert pair.a.document().get("used", 0) == 0


def sound_goes_on_while_etcd_is_dead(directory):
    pair = Pair(directory, 14)
    time.sleep(1)
    pair.etcd.kill()
    time.sleep(6)
    pair.etcd.start()
    wait_for("the sites to be back", lambda: all(
        site.document() for site in (pair.a, pair.b)))
    wait_for("their sessions to be back", lambda: all(
        (call.status() or {}).get("path") for call in (pair.ann, pair.bob)))
    pair.bob.change(muted=True)  # what is wanted is heard again
    wait_for("bob to be told", lambda: [
        line for line in pair.bob.said() if "mute" in str(line)])
    pair.bob.change(muted=False)
    assert pair.ann_phone.wait(30) == 0 and pair.bob_phone.wait(30) == 0
    assert pair.gap("bob", ANN, 1, 11) <= 0.04


def a_site_that_died_opens_nothing_anew(directory):
    pair = Pair(directory, 25)
    pair.b.kill()
    pair.b.start("--drain", "0")
    wait_for("bob's session to be lost", lambda: (
        pair.bob.status() or {}).get("gone") == "lost")
    wait_for("what the dead run wrote to go", lambda: not (
        pair.room.hub_status(pair.b)))
    time.sleep(1)
    assert not pair.room.hub_status(pair.b), "a hub wanted of another run"
    pair.plan()
    carol = pair.call("bob", 3)  # as another dialog
    pair.bob_phone.kill()
    call = pair.room.seat("bob", (pair.b, "b-1", 0)).registered()
    assert carol.wait(20) == 0
    assert pair.gap("bob", ANN, 1, 1.5) <= 0.04
    assert call.did != pair.bob.did


def a_site_that_slept_goes_on(directory):
    pair = Pair(directory, 20)
    instance = pair.b.document()["instance"]
    pair.b.process.send_signal(signal.SIGSTOP)
    time.sleep(10)
    assert pair.b.document() is None, "its lease outlived its sleep"
    pair.b.process.send_signal(signal.SIGCONT)
    wait_for("it to register again", pair.b.document)
    assert pair.b.document()["instance"] == instance
    wait_for("the trunk", pair.joined)
    assert pair.ann_phone.wait(30) == 0 and pair.bob_phone.wait(30) == 0
    assert pair.gap("ann", BOB, 14.5, 2) <= 0.04
    assert pair.gap("ann", ANN) == float("inf")


def a_site_drains_without_a_gap(directory):
    pair = Pair(directory, 10, standby=True)
    time.sleep(1)
    assert not pair.bob.status(1).get("path")
    pair.b.process.send_signal(signal.SIGTERM)
    wait_for("the others to know", lambda: (
        pair.b.document() or {"draining": True}).get("draining"))
    pair.bob.registered(1)
    assert pair.b.process.wait(9) == 0
    assert pair.b.document() is None, "it left its key behind"
    assert "not everybody has gone" not in pair.b.log_text()
    assert pair.ann_phone.wait(30) == 0 and pair.bob_phone.wait(30) == 0
    assert pair.gap("ann", BOB, 2, 7) <= 0.04
    assert pair.gap("bob", ANN, 1, 7) <= 0.04


def callers_of_a_site_that_dies_go_on(directory):
    pair = Pair(directory, 6, vice=True)
    carol = pair.call("carol", 9)
    call = pair.room.seat("carol", (pair.a, "a-1", 0),
                          (pair.b, "b-2", 0)).registered()
    time.sleep(1)
    pair.ann_phone.kill()
    pair.a.kill()
    call.registered(1)
    assert carol.wait(20) == 0 and pair.bob_phone.wait(20) == 0
    assert pair.gap("bob", CAROL, 1) < 1
    wait_for("the vice-root to be root", lambda: pair.room.hub_status(
        pair.b).get("root"))


def a_hub_that_is_cut_off_sends_its_people_away(directory):
    pair = Pair(directory, 1)
    lone = Site(directory, pair.etcd, "c").start()
    pair.room.hub(lone, 3, root=True)
    phone = pair.call("carol", 6)
    call = pair.room.seat("carol", (pair.b, "b-1", 0),
                          (lone, "c-1", 0)).registered()
    assert pair.ann_phone.wait(20) == 0 and pair.bob_phone.wait(20) == 0
    pair.a.process.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    call.registered(1)
    note(f"elsewhere after {time.monotonic() - began:.2f} s")
    assert time.monotonic() - began < 2
    assert "cut off" in pair.b.log_text()
    wait_for("her old place to be left", lambda: (
        call.status(0) or {}).get("gone") == "moved")
    assert phone.wait(20) == 0


def what_a_phonegate_is_told(directory):
    etcd = Etcd(directory).start()
    web = free_port()
    site = Site(directory, etcd, "a", web_address="127.0.0.1", web_port=web,
                web_url=f"http://127.0.0.1:{web}", metrics_token="x" * 32)
    check = [PHONEGATE, "--config", site.config, "--check-config"]
    assert subprocess.run(check, timeout=10).returncode == 0
    site.start()

    def get(path, **headers):
        request = urllib.request.Request(f"http://127.0.0.1:{web}{path}",
                                         headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, ""

    assert get("/healthz") == (200, "ok\n")
    assert get("/")[0] == 404 and get("/whip/hall@conf.test")[0] == 404
    status, text = get("/metrics", Authorization="Bearer " + "x" * 32)
    assert status == 200
    for line in ("directory_up 1", "directory_lease_held 1",
                 "site_rooms 0", "site_draining 0"):
        assert f"\nipsp_bridge_{line}\n" in text, line
    urls = [c.get("u") for c in site.document()["workers"][0]["cand"]]
    assert f"ws://127.0.0.1:{web}/media/0" in urls, urls

    site.websocket = f"ws://127.0.0.1:{web}/media/0"
    room = Room(directory, etcd)
    room.hub(site, 1, root=True)
    tone_wav(directory / "ann.wav", [ANN], 1)
    phone = room.phone("ann", "--send", directory / "ann.wav", "--for", 1)
    call = room.seat("ann", (site, "a-1", 0)).registered()
    assert call.status()["path"] == "websocket", call.status()
    assert phone.wait(20) == 0

    site.config.write_text(site.config.read_text().replace(
        "gates = 2", "gates = 7").replace("workers = 1", "workers = 2"))
    site.process.send_signal(signal.SIGHUP)
    wait_for("the new number of gates",
             lambda: site.document()["gates"] == 7)
    wait_for("a word on what stays as it is",
             lambda: "workers has changed" in site.log_text())
    site.config.write_text("[phonegate]\nworkers = many\n")
    site.process.send_signal(signal.SIGHUP)
    wait_for("a word on the mistakes",
             lambda: "the old one stays" in site.log_text())
    assert subprocess.run(check, timeout=10,
                          stderr=subprocess.DEVNULL).returncode == 78
    site.process.send_signal(signal.SIGTERM)
    assert site.process.wait(10) == 0


def a_room_outgrows_its_worker(directory):
    etcd = Etcd(directory).start()
    site = Site(directory, etcd, "a", workers=2,
                media_port=free_pair()).start()
    room = Room(directory, etcd)
    room.hub(site, 1, root=True)
    for worker, (name, tone) in enumerate((("ann", ANN), ("bob", BOB))):
        tone_wav(directory / f"{name}.wav", [tone], 1)
        room.phone(name, "--send", directory / f"{name}.wav", "--loop",
                   "--receive", directory / f"{name}-heard.wav", "--for", 4)
        room.seat(name, (site, f"a-{worker}", worker)).registered()
    workers = site.document()["workers"]
    wait_for("both workers to have one", lambda: [
        w.get("sessions") for w in site.document()["workers"]] == [1, 1])
    assert [w["open"] for w in workers] == [True, True]
    wait_for("ann to end", lambda: not site.document().get("used"),
             20)
    for name, tone in (("ann", BOB), ("bob", ANN)):
        frames = heard(directory / f"{name}-heard.wav", tone, 1.5, 1.5)
        assert longest_gap(frames) <= 0.04, name


def free_pair():
    """A port whose neighbour is free as well."""
    while True:
        port = free_port(socket.SOCK_DGRAM)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("127.0.0.1", port + 1))
                return port
            except OSError:
                continue


if __name__ == "__main__":
    why = why_not()
    if why:
        skip_all(why)
    sys.exit(run(callers_of_two_sites_hear_each_other,
                 what_is_wanted_is_done,
                 sound_goes_on_while_etcd_is_dead,
                 a_site_that_died_opens_nothing_anew,
                 a_site_that_slept_goes_on,
                 a_site_drains_without_a_gap,
                 callers_of_a_site_that_dies_go_on,
                 a_hub_that_is_cut_off_sends_its_people_away,
                 what_a_phonegate_is_told,
                 a_room_outgrows_its_worker))
