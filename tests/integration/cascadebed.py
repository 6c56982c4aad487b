"""A cluster as a user would set it up: hosts (network namespaces on a bridge),
an etcd, bridges that share a Maildir, two ipsp-phonegates on each host, and
callers by mail."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys

from cluster import PHONEGATE_NEXT, SECRET, Etcd, Site
from harness import (BRIDGE, BUILD, LOADGEN, PHONE, Bridge, Maildir, Skip,
                     free_port, note, wait_for)

ROOM = "hall@conf.test"
CHAIR = "chair@conf.test"
BROWSER = pathlib.Path(__file__).parent.parent / "browser"
INSIDE = "CASCADE_INSIDE"  # set: we are in a namespace of our own
NETWORK = "10.99.0."       # of the LAN; its last address is the test's
# A host has a name, which tells those apart that die together.
AS_HOST = ["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"']


def enter_namespaces():
    """Runs this program again where it may make hosts, if it may: nothing of
    them is left when it ends, however that comes."""
    if os.environ.get(INSIDE) or not shutil.which("ip"):
        return
    for way in ([], ["--user", "--map-root-user"]):
        command = ["unshare", *way, "--net", "--mount", "--propagation",
                   "private"]
        tried = subprocess.run(
            [*command, "sh", "-c", "mount -t tmpfs none /run && ip netns add x"
             " && ip netns exec x unshare --uts hostname x"],
            capture_output=True)
        if tried.returncode == 0:
            os.environ[INSIDE] = "1"
            os.execvp("unshare", [*command, "sh", "-c",
                                  "mount -t tmpfs none /run && "
                                  'ip link set lo up && exec "$@"',
                                  "sh", sys.executable, *sys.argv])


class Host:
    """Where processes run: this one."""

    name, address, prefix = "here", "127.0.0.1", []


class Lan:
    """Hosts on a switch, on which the test is as well."""

    def __init__(self, hosts):
        if not os.environ.get(INSIDE):
            raise Skip("network namespaces are not allowed, or no iproute2")
        self.address = NETWORK + "254"
        ip("link add lan type bridge")
        ip(f"addr add {self.address}/24 dev lan")
        ip("link set lan up")
        self.hosts = [LanHost(number) for number in range(1, hosts + 1)]

    def close(self):
        for host in self.hosts:
            ip(f"netns del {host.name}")
        ip("link del lan")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        Bridge.end_all()
        self.close()


class LanHost:
    def __init__(self, number):
        self.name, self.address = f"host{number}", f"{NETWORK}{number}"
        self.port = f"port{number}"
        self.prefix = ["ip", "netns", "exec", self.name, *AS_HOST, self.name]
        ip(f"netns add {self.name}")
        ip(f"link add {self.port} type veth peer name eth0 netns {self.name}")
        ip(f"link set {self.port} master lan up")
        ip(f"-n {self.name} link set lo up")
        ip(f"-n {self.name} addr add {self.address}/24 dev eth0")
        ip(f"-n {self.name} link set eth0 up")
        # All callers have one address here, and none is to miss that a port
        # is closed because others were told.
        subprocess.run([*self.prefix, "sh", "-c",
                        "echo 0 >/proc/sys/net/ipv4/icmp_ratelimit"],
                       check=True, timeout=10)

    def plug(self, into):
        """Its network cable, in or out."""
        ip(f"link set {self.port} {'up' if into else 'down'}")


def ip(words):
    subprocess.run(["ip", *words.split()], check=True, timeout=10)


class LanEtcd(Etcd):
    def __init__(self, directory, address):
        self.address = address
        super().__init__(directory)


def is_same(one, other):
    return one.is_file() and one.read_bytes() == other.read_bytes()


class Cluster:
    """Bridges, each of which has one place of its own (or `none`), and sites.
    Those in next_release are of that."""

    def __init__(self, directory, hosts, sites_per_host, bridges, capacity,
                 address="127.0.0.1", bridge_gates=1, next_release=(),
                 room_keys=None, **site_keys):
        self.directory, self.bridge_gates = directory, bridge_gates
        self.next_release, self.room_keys = next_release, room_keys or {}
        self.mail = directory / "mail"
        Maildir(self.mail / "hall")
        self.etcd = LanEtcd(directory, address).start()
        (directory / "secret").write_text(SECRET)
        self.sites = {}
        for host in hosts:
            for number in range(sites_per_host):
                self.add_site(host, number, site_keys)
        self.bridges = {}
        for number in range(bridges):
            self.add_bridge(f"zz{number}", hosts[number % len(hosts)],
                            capacity)
        wait_for("an owner that reads",
                 lambda: any("is ours" in bridge.log_text()
                             for bridge in self.bridges.values()))

    def add_site(self, host, number, keys):
        name = f"{host.name}-{'abc'[number]}"
        site = Site(self.directory, self.etcd, name,
                    media_address=host.address, **keys)
        site.prefix = host.prefix
        if name in self.next_release:
            site.program = PHONEGATE_NEXT
        self.sites[name] = site.start()

    def add_bridge(self, name, host, capacity):
        port = free_port()
        bridge = Bridge(
            self.directory / name,
            mails={"local": {"mailbox": f"maildir:{self.mail}/hall",
                             "post": f"maildir:{self.mail}/%u"}},
            rooms={ROOM: {"account": "local", "capacity": capacity,
                          "talkers": 8, "moderators": CHAIR,
                          **self.room_keys}},
            directory="etcd", etcd_url=self.etcd.url, site=name,
            cluster_secret_file=self.directory / "secret",
            media_address=host.address, gates=self.bridge_gates,
            sessions_per_gate=1, web_address=host.address, web_port=port,
            web_url=f"http://{host.address}:{port}",
            answers_per_address=100000, answers_per_domain=100000,
            answers_per_room=100000)
        bridge.prefix = host.prefix
        self.bridges[name] = bridge.start("--login-link", CHAIR)

    def owner(self):
        """The name of the bridge that has the account."""
        return (self.etcd.get("owners/local") or {}).get("bridge")

    # What stands in the directory of the room.

    def members(self):
        return self.etcd.all(f"members/{ROOM}/")

    def hubs(self):
        """Site to what is wanted of it."""
        return {key.split("/")[1]: document
                for key, document in self.etcd.all("want/").items()
                if key.endswith("/hub")}

    def here(self):
        """Dialog to the sites at which it is registered."""
        dialogs = {}
        for key, status in self.etcd.all("status/").items():
            if "/s/" in key and status.get("path") and not status.get("gone"):
                did = key.rsplit("/", 1)[1].rsplit(".", 1)[0]
                dialogs.setdefault(did, []).append(key.split("/")[1])
        return dialogs

    def is_whole(self, count):
        """Each of so many members is at one place, the one that the owner
        knows, and the hubs there are one tree."""
        members, here, hubs = self.members(), self.here(), self.hubs()
        if len(members) != count or len(here) != count:
            return False
        for key, member in members.items():
            if here.get(key.rsplit("/", 1)[1]) != [member["place"]["site"]]:
                return False
        if not {sites[0] for sites in here.values()} <= set(hubs):
            return False
        statuses = {site: self.etcd.get(f"status/{site}/{ROOM}/hub") or {}
                    for site in hubs}
        return sum(bool(hub.get("root")) for hub in hubs.values()) == 1 and \
            all(hub.get("root") or statuses[site].get("parent") == "up"
                for site, hub in hubs.items())

    def explain(self):
        """What is_whole() has looked at."""
        here = self.here()
        for key, member in self.members().items():
            did = key.rsplit("/", 1)[1]
            note(f"{member['address']} {member['state']} {did} place "
                 f"{member['place']} standby {member.get('standby')} "
                 f"registered at {here.get(did)}")
        for site, hub in self.hubs().items():
            status = self.etcd.get(f"status/{site}/{ROOM}/hub")
            note(f"{site} wanted {hub} is {status}")

    def parents(self):
        """Site to its parent's; the root's is None."""
        return {site: next((t["site"] for t in hub.get("trunks", [])
                            if t["role"] == "parent"), None)
                for site, hub in self.hubs().items()}

    def gates(self):
        """What the operator is shown."""
        config = next(iter(self.bridges.values())).config
        return subprocess.run(
            [BRIDGE, "gates", "--config", config, ROOM], check=True,
            capture_output=True, text=True, timeout=20).stdout

    def picture(self, where):
        """Of the tree in the panel, in Chromium; with the npm packages that
        the browser tests have left in the build directory, for there is no
        network here to get any."""
        work = BUILD / "tests" / "browser"
        if not is_same(work / "installed", BROWSER / "package-lock.json"):
            note(f"no picture: {work} does not have the npm packages; "
                 "run the browser tests first")
            return
        link = self.bridges[self.owner()].process.stdout.readline()
        browser = subprocess.run(
            ["sh", BROWSER / "run.sh", BROWSER, work, "tree.mjs"],
            env={**os.environ, "LINK": link.decode().strip(), "SHOTS": where,
                 "HUBS": str(len(self.hubs()))},
            capture_output=True, text=True, timeout=120)
        assert browser.returncode == 0, browser.stdout + browser.stderr

    # Callers.

    def mailing(self, name):
        return ["--mailbox", f"maildir:{self.mail}/{name}",
                "--post", f"maildir:{self.mail}/%u"]

    def phone(self, name, *options):
        return Phone(self, name, options)

    def loadgen(self, name, callers, *options):
        return Loadgen(self, name, callers, options)


class Phone:
    def __init__(self, cluster, name, options):
        Maildir(cluster.mail / name)
        self.name, self.directory = name, cluster.directory
        self.heard = self.directory / f"{name}-heard.wav"
        self.process = subprocess.Popen(
            [PHONE, "call", ROOM, "--from", f"{name}@conf.test", "--config",
             "/dev/null", *cluster.mailing(name), "--json", "--receive",
             self.heard, *map(str, options)],
            stdout=open(self.directory / f"{name}.json.log", "wb"),
            stderr=open(self.directory / f"{name}.log", "wb"))
        Bridge.started.append(self.process)

    def said(self):
        text = (self.directory / f"{self.name}.json.log").read_text()
        return [json.loads(line) for line in text.splitlines()
                if line.endswith("}")]

    @staticmethod
    def hang_up(*phones):
        """All at the same time."""
        for phone in phones:
            phone.process.send_signal(signal.SIGINT)
        for phone in phones:
            code = phone.process.wait(30)
            assert code == 0, f"{phone.name}: {code}, {phone.said()[-1]}"


class Loadgen:
    """Many callers of one process."""

    def __init__(self, cluster, name, callers, options):
        for number in range(1, callers + 1):
            Maildir(cluster.mail / f"{name}{number}")
        self.report = cluster.directory / f"{name}.json"
        self.log = cluster.directory / f"{name}.log"
        self.process = subprocess.Popen(
            [LOADGEN, "--room", ROOM, "--callers", str(callers),
             "--from", f"{name}%d@conf.test", *cluster.mailing(f"{name}%d"),
             "--complexity", "0", "--allow-late", "--json", self.report,
             *map(str, options)],
            stdout=open(self.log, "wb"), stderr=subprocess.STDOUT)
        Bridge.started.append(self.process)

    def end(self, seconds):
        """Its report; the faults in it are the caller's to judge."""
        self.process.wait(seconds)
        return json.loads(self.report.read_text())
