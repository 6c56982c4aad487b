"""The directory on a real etcd, and what happens to etcd in the field: it is
killed, stopped, emptied, compacted, locked, far away. After each of it every
process must know again what there is, without a word too many."""

import math
import os
import pathlib
import random
import re
import signal
import statistics
import subprocess
import sys
import time

from calls import certificate
from etcdbed import Etcd, Probe, Wire, why_not
from harness import Bridge, free_port, note, run, skip_all, wait_for

CONTRACT = os.environ.get("CONTRACT")
LEASE = 2  # seconds


def warnings(probe):
    return re.findall(r"WARNING \*\*: [\d:.]+: (.*)", probe.log_text())


def owner(directory, url, *options):
    """A process with a leased key, a claim, and a watch of everything."""
    probe = Probe(directory, url, *options, name="owner").up()
    probe.tell("lease sites/a alive")
    probe.tell("claim owners/x a")
    probe.tell("watch ")
    probe.wait("held")
    wait_for("its own keys", lambda: {"sites/a", "owners/x"} <=
             set(probe.values))
    return probe


def it_does_what_every_directory_does(directory):
    etcd = Etcd(directory).start()
    done = subprocess.run([CONTRACT], capture_output=True, text=True,
                          timeout=120, env={**os.environ,
                                            "ETCD_URL": etcd.url})
    note(f"{len(re.findall('^ok ', done.stdout, re.M))} cases")
    assert done.returncode == 0, done.stdout + done.stderr


def killed_and_started_again_it_has_lost_nothing(directory):
    etcd = Etcd(directory).start()
    # However long it takes to start here, the lease outlives it.
    probe = owner(directory, etcd.url, "--lease", 30)
    probe.ask("put k/one 1", "done", key="k/one")
    began = time.monotonic()
    etcd.kill()
    down = probe.wait("state", up=False)
    assert "cannot be reached" in down["why"] or "broke off" in down["why"], \
        down
    probe.tell("put k/two 2")
    probe.tell("under owners/x k/three 3")
    etcd.start(ready=False)
    probe.wait("state", since=probe.said.index(down), up=True)
    note(f"away for {time.monotonic() - began:.1f} s")
    for key in ("k/two", "k/three"):
        assert probe.wait("done", key=key)["error"] is None
    wait_for("the watch", lambda: probe.values.get("k/three") == "3")
    assert not probe.all("lost") and len(probe.all("held")) == 1
    assert probe.ask("figures", "figures")["resyncs"] == 0
    assert len(probe.all("state", up=False)) == 1
    etcd.ctl("del", "ipsp/1/k/one")
    wait_for("the removal", lambda: "k/one" not in probe.values)
    probe.close()


def stopped_for_ten_seconds(directory):
    etcd = Etcd(directory).start()
    probe = owner(directory, etcd.url)
    since = len(probe.said)
    began = time.monotonic()
    etcd.process.send_signal(signal.SIGSTOP)
    lost = probe.wait("lost", since)
    lapse = probe.wait("lease", since, held=False)
    note(f"down told after {probe.wait('state', since)['at'] - began:.2f} s, "
         f"claim lost after {lost['at'] - began:.2f} s")
    assert lost["at"] - began < LEASE and lapse["at"] - began < LEASE
    time.sleep(max(0, began + 10 - time.monotonic()))
    etcd.process.send_signal(signal.SIGCONT)
    back = len(probe.said)
    probe.wait("held", back, seconds=8)
    probe.wait("lease", since, held=True)
    wait_for("its key", lambda: probe.values.get("sites/a") == "alive")
    text = etcd.ctl("get", "--prefix", "ipsp/1/").stdout
    assert "alive" in text and "owners/x" in text, text
    assert len(probe.all("state", since, up=False)) == 1
    assert len(warnings(probe)) == 2, warnings(probe)
    probe.close()


def compacted_while_we_were_cut_off(directory):
    etcd = Etcd(directory).start()
    wire = Wire(etcd.port)
    probe = Probe(directory, wire.url, "--lease", 20).up()
    etcd.ctl("put", "ipsp/1/k/goes", "1")
    etcd.ctl("put", "ipsp/1/k/stays", "1")
    probe.tell("watch k/")
    wait_for("the keys", lambda: len(probe.values) == 2)
    # Its lease outlives this: only the watch has missed something.
    wire.cut = True
    wire.break_off()
    etcd.ctl("del", "ipsp/1/k/goes")
    for i in range(5):
        etcd.ctl("put", "ipsp/1/k/stays", str(i))
    revision = re.search(r'"revision":(\d+)',
                         etcd.ctl("get", "x", "-w", "json").stdout)[1]
    etcd.ctl("compact", revision)
    etcd.ctl("put", "ipsp/1/k/new", "1")
    wire.cut = False
    wait_for("the new key", lambda: probe.values == {"k/stays": "4",
                                                     "k/new": "1"}, 20)
    probe.wait("synced", since=probe.said.index(probe.all("synced")[0]) + 1)
    assert probe.ask("figures", "figures")["resyncs"] == 1
    probe.close()


def a_broken_stream_resumes_where_it_was(directory):
    etcd = Etcd(directory).start()
    wire = Wire(etcd.port)
    probe = Probe(directory, wire.url, "--lease", 20).up()
    probe.tell("watch k/")
    probe.wait("synced")
    for i in range(10):
        wire.break_off()
        etcd.ctl("put", f"ipsp/1/k/{i}", str(i))
    wait_for("all ten", lambda: len(probe.values) == 10, 20)
    told = [e["key"] for e in probe.all("changed")]
    assert sorted(told) == sorted(set(told)), told
    assert probe.ask("figures", "figures")["resyncs"] == 0
    probe.close()


def with_its_data_gone_it_is_told_everything_anew(directory):
    etcd = Etcd(directory).start()
    probe = owner(directory, etcd.url)
    other = Probe(directory, etcd.url, name="other").up()
    other.tell("watch ")
    for i in range(40):
        probe.ask(f"put k/{i} {i}", "done", key=f"k/{i}")
    wait_for("the keys", lambda: len(other.values) == 42)
    since, their = len(probe.said), len(other.said)
    etcd.kill()
    etcd.forget()
    etcd.start(ready=False)
    probe.wait("held", since, seconds=20)
    for process, mark in ((probe, since), (other, their)):
        wait_for("what is left", lambda p=process: p.values ==
                 {"sites/a": "alive", "owners/x": "a"}, 20)
        process.wait("synced", mark)
    # Its revisions began again; what comes now must not be taken for old.
    assert probe.all("held")[-1]["fence"] < 40
    other.ask("put k/new 1", "done", key="k/new")
    wait_for("the new key", lambda: probe.values.get("k/new") == "1")
    other.close()
    probe.close()


def a_wrong_password_is_said_once_and_a_right_one_lasts(directory):
    etcd = Etcd(directory, "one", None, None, "--auth-token-ttl", "2").start()
    for words in (["user", "add", "root:geheim"], ["role", "add", "ipsp"],
                  ["role", "grant-permission", "ipsp", "readwrite",
                   "ipsp/1/", "--prefix"],
                  ["user", "add", "ipsp:secret"],
                  ["user", "grant-role", "ipsp", "ipsp"],
                  ["user", "grant-role", "root", "root"], ["auth", "enable"]):
        etcd.ctl(*words)
    right = ["--user", "ipsp", "--password", "secret"]
    for name, options, prefix, word in (
            ("wrong", ["--user", "ipsp", "--password", "x"], "ipsp/1/",
             "etcd_password"),
            ("nobody", [], "ipsp/1/", "etcd_user"),
            ("elsewhere", right, "other/", "etcd_prefix")):
        probe = Probe(directory, etcd.url, *options, name=name, prefix=prefix)
        assert word in probe.wait("state", up=False)["why"]
        time.sleep(2)
        assert len(probe.all("state")) == 1 and len(warnings(probe)) == 1
        assert "secret" not in probe.log_text()
        probe.close()
    probe = Probe(directory, etcd.url, *right).up()
    probe.tell("watch k/")
    # Tokens live for 2 s here, and none at all after a restart.
    time.sleep(5)
    assert probe.ask("put k/one 1", "done")["error"] is None
    etcd.kill()
    etcd.start(ready=False)
    probe.tell("put k/two 2")
    assert probe.wait("done", key="k/two", seconds=20)["error"] is None
    wait_for("the watch", lambda: len(probe.values) == 2)
    probe.close()


def tls_trusts_its_own_ca_only(directory):
    ca, cert, key = certificate(directory)
    etcd = Etcd(directory, "one", None,
                {"ca": ca, "certificate": cert, "key": key}).start()
    ours = ["--certificate", cert, "--key", key]
    for name, options, word in (
            ("wrong-ca", ["--ca", directory / "other-ca.pem", *ours],
             "etcd_ca"),
            ("nobody", ["--ca", ca], "etcd_certificate")):
        probe = Probe(directory, etcd.url, *options, name=name)
        why = probe.wait("state", up=False)["why"]
        note(why)
        assert word in why
        time.sleep(1)
        assert len(probe.all("state")) == 1
        probe.close()
    probe = Probe(directory, etcd.url, "--ca", ca, *ours).up()
    probe.tell("watch k/")
    assert probe.ask("put k/one 1", "done")["error"] is None
    wait_for("the watch", lambda: probe.values == {"k/one": "1"})
    probe.close()


def full_it_says_so_and_goes_on_when_there_is_room(directory):
    etcd = Etcd(directory, "one", None, None, "--quota-backend-bytes",
                str(4 << 20)).start()
    probe = Probe(directory, etcd.url, "--lease", 30).up()
    while not (error := probe.ask("fill k/ 40 60000", "done")["error"]):
        pass
    assert "is full" in error, error
    probe.tell("lease sites/a 1")
    refused = [probe.ask("put k/more 1", "done")["error"] for _ in range(3)]
    assert all("is full" in error for error in refused), refused
    assert len(warnings(probe)) == 1, warnings(probe)
    etcd.ctl("del", "--prefix", "ipsp/1/k/")
    revision = re.search(r'"revision":(\d+)',
                         etcd.ctl("get", "x", "-w", "json").stdout)[1]
    etcd.ctl("compact", revision)
    etcd.ctl("defrag")
    etcd.ctl("alarm", "disarm")
    assert probe.ask("put k/more 2", "done")["error"] is None
    wait_for("the leased key", lambda: etcd.ctl(
        "get", "ipsp/1/sites/a").stdout, 10)
    probe.close()


def resident_kb(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1])


def a_reader_that_is_slow_ends_with_the_truth(directory):
    etcd = Etcd(directory).start()
    writer = Probe(directory, etcd.url, name="writer").up()
    reader = Probe(directory, etcd.url, "--lease", 30, name="reader").up()
    reader.tell("watch k/")
    reader.wait("synced")
    before = resident_kb(reader.process)
    reader.process.send_signal(signal.SIGSTOP)
    for i in range(40):  # 40 MB of changes to 500 keys
        writer.ask(f"fill k/ 500 {2000 + i}", "done", seconds=30)
    writer.ask("put k/last 1", "done", key="k/last")
    reader.process.send_signal(signal.SIGCONT)
    wait_for("the last", lambda: "k/last" in reader.values, 60)
    after = resident_kb(reader.process)
    note(f"40 MB of changes; the reader grew by {(after - before) // 1024} MB")
    assert len(reader.values) == 501
    assert all(len(v) == 2039 for k, v in reader.values.items()
               if k != "k/last")
    assert after - before < 100 * 1024
    reader.close()
    writer.close()


def two_never_hold_one_claim(directory):
    etcd = Etcd(directory).start()
    wire = Wire(etcd.port)
    far = Probe(directory, wire.url, name="far").up()
    near = Probe(directory, etcd.url, name="near").up()
    far.tell("claim owners/x far")
    fence = far.wait("held")["fence"]
    near.tell("claim owners/x near")
    # A network that goes silent.
    began = time.monotonic()
    wire.cut = True
    lost, held = far.wait("lost"), near.wait("held")
    note(f"lost after {lost['at'] - began:.2f} s, the next holder after "
         f"{held['at'] - began:.2f} s")
    assert lost["at"] < held["at"] and held["fence"] > fence
    assert held["at"] - began < 3
    wire.cut = False
    far.wait("state", since=far.said.index(lost), up=True, seconds=15)
    # A holder that is stopped: it wakes, and must not write.
    since = far.tell("figures")
    near.process.send_signal(signal.SIGSTOP)
    far.wait("held", since)
    near.tell("under owners/x k/stale from-the-past")
    near.process.send_signal(signal.SIGCONT)
    assert "not ours" in near.wait("done", key="k/stale")["error"]
    near.wait("lost")
    assert etcd.ctl("get", "ipsp/1/k/stale").stdout == ""
    near.close()
    far.close()


def what_is_let_go_while_etcd_is_away_is_gone_for_good(directory):
    etcd = Etcd(directory).start()
    wire = Wire(etcd.port)
    far = Probe(directory, wire.url, name="far").up()
    near = Probe(directory, etcd.url, name="near").up()
    far.tell("claim owners/x far")
    far.wait("held")
    near.tell("claim owners/x near")
    far.ask("under owners/x k/before 1", "done")
    wire.cut = True
    for i in range(20):
        far.tell(f"under owners/x k/{i} 1")
    far.tell("release owners/x")
    near.wait("held")
    far.wait("lease", held=False)
    wire.cut = False
    wait_for("all answers", lambda: len(far.all("done")) == 21, 20)
    assert all("not ours" in e["error"] for e in far.all("done")[1:])
    assert etcd.ctl("get", "--prefix", "ipsp/1/k/").stdout.split() == \
        ["ipsp/1/k/before", "1"]
    far.up()
    # And again, with the key still there and the lease alive.
    near.tell("release owners/x")
    far.ask("claim owners/x far", "held")
    etcd.process.send_signal(signal.SIGSTOP)
    far.tell("under owners/x k/last 1")
    far.tell("release owners/x")
    etcd.process.send_signal(signal.SIGCONT)
    assert far.wait("done", key="k/last")["error"] is None
    near.ask("claim owners/x near", "held")
    near.close()
    far.close()


def reigns_of(probe):
    """[fence, from, to] of each time that it held the claim."""
    reigns = []
    for event in probe.said:
        if event["e"] == "held":
            reigns.append([event["fence"], event["at"], math.inf])
        elif event["e"] in ("lost", "released") and reigns:
            reigns[-1][2] = min(reigns[-1][2], event["at"])
    return reigns


def holders_never_overlap_whatever_the_network_does(directory):
    etcd = Etcd(directory).start()
    seed = int(os.environ.get("ETCD_SEED", str(time.time_ns())))
    chance = random.Random(seed)
    wires = [Wire(etcd.port) for _ in range(3)]
    probes = [Probe(directory, wire.url, name=f"probe{i}").up()
              for i, wire in enumerate(wires)]
    for probe in probes:
        probe.tell("claim owners/x v")
    end = time.monotonic() + 20
    while time.monotonic() < end:
        i = chance.randrange(3)
        act = chance.choice(["cut", "mend", "break", "again"])
        if act == "break":
            wires[i].break_off()
        elif act == "again":
            probes[i].tell("release owners/x")
            probes[i].tell("claim owners/x v")
        else:
            wires[i].cut = act == "cut"
        time.sleep(chance.random())
    for wire in wires:
        wire.cut = False
    wait_for("a holder", lambda: any(r[2] == math.inf for p in probes
                                     for r in reigns_of(p)), 20)
    reigns = sorted((r for p in probes for r in reigns_of(p)),
                    key=lambda r: r[1])
    note(f"seed {seed}: {len(reigns)} reigns, "
         f"{len({r[0] for r in reigns})} fences")
    assert len(reigns) > 1
    for before, after in zip(reigns, reigns[1:]):
        assert before[0] <= after[0] and before[2] <= after[1], \
            (before, after)
    for probe in probes:
        probe.close()


def of_three_members_one_may_die(directory):
    peers = {name: free_port() for name in ("one", "two", "three")}
    etcds = [Etcd(directory, name, peers) for name in peers]
    for etcd in etcds:
        etcd.start(ready=False)
    for etcd in etcds:
        wait_for("the cluster", etcd.is_healthy, 30)
    probe = owner(directory, [etcd.url for etcd in etcds])
    assert probe.ask("figures", "figures")["url"] == etcds[0].url
    began = time.monotonic()
    etcds[0].kill()
    since = probe.tell("put k/one 1")
    assert probe.wait("done", since, seconds=30)["error"] is None
    note(f"written through another after {time.monotonic() - began:.2f} s")
    wait_for("the watch", lambda: probe.values.get("k/one") == "1", 20)
    wait_for("the claim", lambda: len(probe.all("held")) ==
             len(probe.all("lost")) + 1, 20)
    probe.close()


def cpu_s(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text() \
        .rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ms(values):
    values = sorted(values)
    return (f"p50 {1000 * statistics.median(values):.1f} ms, "
            f"p99 {1000 * values[int(len(values) * 0.99)]:.1f} ms")


def what_it_costs(directory):
    etcd = Etcd(directory)
    etcd.command.remove("--unsafe-no-fsync")
    etcd.start()
    writer = Probe(directory, etcd.url, name="writer").up()
    reader = Probe(directory, etcd.url, name="reader").up()
    reader.tell("watch k/")
    reader.wait("synced")
    for i in range(200):
        writer.ask(f"put k/{i} {i}", "done", key=f"k/{i}")
    wait_for("all", lambda: len(reader.values) == 200)
    done = {e["key"]: e for e in writer.all("done")}
    note("put: " + ms([e["us"] / 1e6 for e in done.values()]))
    note("from the put to the watch elsewhere: " + ms(
        [e["at"] - (done[e["key"]]["at"] - done[e["key"]]["us"] / 1e6)
         for e in reader.all("changed")]))
    many = writer.ask("fill m/ 2000 300", "done", key="m/")
    note(f"2000 puts at once: {many['us'] / 1000:.0f} ms")
    claims = []
    for i in range(50):
        began = time.monotonic()
        claims.append(writer.ask(f"claim owners/{i} a", "held",
                                 key=f"owners/{i}")["at"] - began)
    note("claim: " + ms(claims))
    handed = []
    for i in range(20):
        since = reader.tell(f"claim owners/{i} b")
        time.sleep(0.05)
        began = time.monotonic()
        writer.tell(f"release owners/{i}")
        handed.append(reader.wait("held", since)["at"] - began)
    note("claim released, held by the next: " + ms(handed))
    before, began = cpu_s(reader.process), time.monotonic()
    time.sleep(5)
    note(f"idle with keepalives: "
         f"{(cpu_s(reader.process) - before) / 5 * 100:.2f} % of a core; "
         f"round trip {reader.ask('figures', 'figures')['round_trip_us']} us")
    dead = []
    for i in range(5):
        victim = Probe(directory, etcd.url, name=f"victim{i}").up()
        victim.tell(f"claim owners/v{i} v")
        victim.wait("held")
        reader.tell(f"claim owners/v{i} r")
        time.sleep(0.3 * i)
        began = time.monotonic()
        victim.process.kill()
        dead.append(reader.wait("held", key=f"owners/v{i}")["at"] - began)
    note("holder killed, held by the next: " +
         ", ".join(f"{d:.2f}" for d in dead) + " s")
    assert max(dead) < 3
    reader.close()
    writer.close()


if __name__ == "__main__":
    if why_not():
        skip_all(why_not())
    cases = [it_does_what_every_directory_does,
             killed_and_started_again_it_has_lost_nothing,
             stopped_for_ten_seconds,
             compacted_while_we_were_cut_off,
             a_broken_stream_resumes_where_it_was,
             with_its_data_gone_it_is_told_everything_anew,
             a_wrong_password_is_said_once_and_a_right_one_lasts,
             tls_trusts_its_own_ca_only,
             full_it_says_so_and_goes_on_when_there_is_room,
             a_reader_that_is_slow_ends_with_the_truth,
             two_never_hold_one_claim,
             what_is_let_go_while_etcd_is_away_is_gone_for_good,
             holders_never_overlap_whatever_the_network_does,
             of_three_members_one_may_die,
             what_it_costs]
    wanted = sys.argv[1:]
    sys.exit(run(*[c for c in cases if not wanted or
                   any(w in c.__name__ for w in wanted)]))
