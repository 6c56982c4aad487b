"""GET /metrics of a running bridge: who may read it, that every line is what
Prometheus' text format 0.0.4 says, and that the figures are true."""

import json
import math
import pathlib
import re
import secrets
import subprocess
import sys
import urllib.error
import urllib.request

from harness import Bridge, Maildir, PHONE, invite, run, tone_wav, wait_for

ROOM = "standup@conf.test"
TOKEN = secrets.token_hex(16)
NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)')
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (\S+)$")


def bridge_in(directory, **keys):
    mail = directory / "mail"
    Maildir(mail / "standup")
    bridge = Bridge(directory / "bridge",
                    mails={'of "all"': {"mailbox": f"maildir:{mail}/standup",
                                        "post": f"maildir:{mail}/%u"}},
                    rooms={ROOM: {"account": 'of "all"'}}, **keys)
    bridge.start()
    wait_for("the bridge", lambda: "main: ready" in bridge.log_text())
    return bridge


def read(bridge, method="GET", **headers):
    """(status, type, body)"""
    request = urllib.request.Request(
        f"http://127.0.0.1:{bridge.web_port}/metrics", method=method,
        headers=headers, data=b"{}" if method == "POST" else None)
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return (reply.status, reply.headers["Content-Type"],
                    reply.read().decode())
    except urllib.error.HTTPError as error:
        return error.code, error.headers["WWW-Authenticate"], ""


def labels_of(text):
    labels, rest = {}, text or ""
    while rest:
        match = LABEL.match(rest)
        assert match, f"no label: {rest!r}"
        name, value, comma = match.groups()
        assert name not in labels, f"{name} twice in {text!r}"
        labels[name] = re.sub(r"\\(.)", lambda m: {"n": "\n"}.get(m[1], m[1]),
                              value)
        rest = rest[match.end():]
        assert bool(comma) == bool(rest), f"a comma too many in {text!r}"
    return labels


def parse(text):
    """{name: {labels: value}} of a whole exposition; strict."""
    assert text.endswith("\n")
    kinds, helped, samples, family = {}, set(), {}, None
    for line in text[:-1].split("\n"):
        head = re.fullmatch(rf"# (HELP|TYPE) ({NAME}) (.+)", line)
        if head and head[1] == "HELP":
            assert head[2] not in helped, f"{head[2]}: HELP twice"
            helped.add(head[2])
            family = head[2]
            continue
        if head:
            assert head[2] == family and head[2] not in kinds, line
            assert head[3] in ("counter", "gauge", "histogram"), line
            kinds[family] = head[3]
            continue
        match = SAMPLE.match(line)
        assert match, f"no sample: {line!r}"
        name, value = match[1], float(match[3])
        suffixes = ("_bucket", "_sum", "_count") \
            if kinds[family] == "histogram" else ("",)
        assert name in [family + s for s in suffixes], \
            f"{name} stands below {family}"
        if kinds[family] != "gauge":
            assert value >= 0 and (kinds[family] == "histogram"
                                   or name.endswith("_total")), line
        key = frozenset(labels_of(match[2]).items())
        assert key not in samples.setdefault(name, {}), f"{line} twice"
        samples[name][key] = value
    assert helped == set(kinds)
    for family, kind in kinds.items():
        if kind == "histogram":
            check_histogram(family, samples)
    return samples


def check_histogram(family, samples):
    rows = {}
    for key, value in samples[family + "_bucket"].items():
        labels = dict(key)
        bound = float(labels.pop("le"))
        rows.setdefault(frozenset(labels.items()), []).append((bound, value))
    for key, buckets in rows.items():
        values = [value for _, value in sorted(buckets)]
        assert values == sorted(values), f"{family}: not cumulative"
        assert max(buckets)[0] == math.inf
        assert values[-1] == samples[family + "_count"][key]
        assert key in samples[family + "_sum"]


def scrape(bridge):
    status, kind, body = read(bridge, Authorization=f"Bearer {TOKEN}")
    assert status == 200
    assert kind == "text/plain; version=0.0.4; charset=utf-8", kind
    return parse(body)


def value(samples, name, **labels):
    return samples["ipsp_bridge_" + name][frozenset(labels.items())]


def without_a_token_there_is_no_page(directory):
    bridge = bridge_in(directory)
    assert read(bridge)[0] == 404
    assert read(bridge, Authorization="Bearer ")[0] == 404


def only_the_token_opens_it(directory):
    (directory / "token").write_text(TOKEN + "\n")
    bridge = bridge_in(directory, metrics_token_file=directory / "token")
    assert read(bridge)[:2] == (401, 'Bearer realm="metrics"')
    for wrong in (f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", "Bearer ",
                  f"Basic {TOKEN}", TOKEN):
        assert read(bridge, Authorization=wrong)[0] == 401, wrong
    assert read(bridge, Authorization=f"bearer {TOKEN}")[0] == 200
    assert read(bridge, "POST", Authorization=f"Bearer {TOKEN}",
                Origin=f"http://127.0.0.1:{bridge.web_port}")[0] == 405


def the_figures_are_true(directory):
    bridge = bridge_in(directory, metrics_token=TOKEN, workers=2)
    mail = directory / "mail"
    empty = scrape(bridge)
    assert value(empty, "rooms") == 1
    assert value(empty, "rooms_in_use") == 0
    assert value(empty, "worker_ticks_total", worker="0") == 0
    assert value(empty, "worker_stress", worker="1") == 0
    assert value(empty, "mailbox_watching", account='of "all"') == 1

    tone_wav(directory / "voice.wav", [500], 1)
    Maildir(mail / "ann")
    phone = subprocess.Popen(
        [PHONE, "call", ROOM, "--from", "ann@conf.test", "--config",
         "/dev/null", "--mailbox", f"maildir:{mail}/ann", "--post",
         f"maildir:{mail}/%u", "--send", directory / "voice.wav", "--loop",
         "--for", "3"],
        stdout=subprocess.DEVNULL, stderr=open(directory / "ann.log", "wb"))
    Maildir(mail / "bob")
    Maildir(mail / "standup").drop(invite(ROOM, "bob@conf.test")[0])

    def both_there():
        samples = scrape(bridge)
        return samples if value(samples, "members", state="here") == 1 and \
            value(samples, "members", state="invited") == 1 else None
    wait_for("ann and bob", both_there)
    assert phone.wait(timeout=20) == 0
    after = scrape(bridge)
    assert value(after, "rooms_in_use") == 1
    assert value(after, "worker_sessions", worker="0") + \
        value(after, "worker_sessions", worker="1") == 1, "bob's seat"
    assert value(after, "mails_total", account='of "all"') == 2
    assert value(after, "gates") == 1
    assert value(after, "posts_waiting", account='of "all"') == 0
    assert value(after, "members_loss_ratio_max", direction="in") < 1
    delays = value(after, "mail_delay_seconds_count", account='of "all"')
    assert delays == 2
    assert value(after, "mail_delay_seconds_bucket", account='of "all"',
                 le="30") == 2
    assert value(after, "posts_total", account='of "all"', result="sent") == 2
    ticks = value(after, "worker_ticks_total", worker="0")
    packets = value(after, "worker_packets_total", worker="0", direction="in")
    assert ticks > 100 and packets > 100, (ticks, packets)
    for name in ("worker_tick_seconds", "worker_tick_lateness_seconds"):
        counted = value(after, name + "_count", worker="0")
        assert abs(counted - ticks) <= 1, (name, counted, ticks)  # one runs
    assert 0 < value(after, "worker_stress", worker="0") <= 1
    assert value(after, "worker_bytes_total", worker="0",
                 direction="in") > 20 * packets


def what_the_documents_name_is_there(directory):
    bridge = bridge_in(directory, metrics_token=TOKEN)
    served = set(scrape(bridge))
    root = pathlib.Path(__file__).resolve().parents[2]
    # Of a cluster: what the source of those metrics says.
    served |= {"ipsp_bridge_" + name for name in re.findall(
        r'"((?:directory|cluster|site)_\w+)"',
        (root / "bridge" / "metrics_cluster.c").read_text())}
    for name in ("grafana-dashboard.json", "prometheus-alerts.yml"):
        text = (root / "docs" / name).read_text()
        named = set(re.findall(r"ipsp_bridge_\w+", text))
        assert len(named) > 5 and named <= served, (name, named - served)
    dashboard = json.loads(
        (root / "docs" / "grafana-dashboard.json").read_text())
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids)), ids
    assert all(target["expr"] for panel in dashboard["panels"]
               for target in panel.get("targets", [])), "a panel without a query"
    manual = (root / "docs" / "operations.md").read_text()
    for name in served:
        family = re.sub("_(bucket|sum|count)$", "", name)
        assert f"`{family.removeprefix('ipsp_bridge_')}`" in manual, family


def the_parser_is_strict(_):
    good = "# HELP a_total x\n# TYPE a_total counter\na_total{b=\"c\"} 1\n"
    parse(good)
    for bad in (good[:-1], good + "a_total{b=\"c\"} 1\n", good + "b 1\n",
                good.replace("} 1", "} one"), good.replace('"c"', "c"),
                good.replace("counter", "number"), good.replace("} 1", "} -1"),
                good.replace('"c"', '"c",')):
        try:
            parse(bad)
        except (AssertionError, ValueError):
            continue
        raise AssertionError(f"taken: {bad!r}")


if __name__ == "__main__":
    sys.exit(run(the_parser_is_strict, without_a_token_there_is_no_page,
                 only_the_token_opens_it, the_figures_are_true,
                 what_the_documents_name_is_there))
