import assert from "node:assert/strict";
import test from "node:test";

import { backoff } from "../src/connection.js";
import { clip, layout } from "../src/layout.js";
import { decode, scale } from "../src/meters.js";
import { figures, quality } from "../src/quality.js";
import { initial, next } from "../src/state.js";

const ann = {
	id: 7, name: "Ann", address: "ann@example.org", state: "here",
	muted: false, self_muted: false, volume: 100, in: {}, out: {},
};

const snapshot = {
	t: "snapshot", n: 4, room: "r@example.org", name: "R", capacity: 9,
	members: [ann],
};

function after(...messages) {
	return messages.reduce(next, initial);
}

test("a snapshot replaces whatever was known", () => {
	const state = after(snapshot, { ...snapshot, n: 9, members: [] });
	assert.equal(state.members.size, 0);
	assert.equal(state.n, 9);
});

test("events in order are applied and told", () => {
	const state = after(snapshot,
		{ t: "changed", n: 5, member: { ...ann, muted: true }, by: "chair" },
		{ t: "gone", n: 6, member: ann, why: "kicked", by: "deputy" });
	assert.equal(state.members.size, 0);
	assert.deepEqual(state.log.map(({ word, what }) => [word, ...what]),
		[["wasKicked", "Ann", "deputy"], ["wasMuted", "Ann", "chair"]]);
	assert.equal(state.missed, false);
});

test("a change of volume is told, once", () => {
	const state = after(snapshot,
		{ t: "changed", n: 5, member: { ...ann, volume: 150 }, by: "chair" },
		{ t: "changed", n: 6, member: { ...ann, volume: 150, path: "x" } });
	assert.equal(state.members.get(7).volume, 150);
	assert.deepEqual(state.log.map(({ word, what }) => [word, ...what]),
		[["wasVolume", "Ann", "chair"]]);
});

test("a missing event asks for a snapshot and changes nothing", () => {
	const missed = after(snapshot,
		{ t: "gone", n: 6, member: ann, why: "bye" },
		{ t: "gone", n: 5, member: ann, why: "bye" });
	assert.equal(missed.missed, true);
	assert.equal(missed.members.size, 1);
	assert.equal(next(missed, { ...snapshot, n: 8 }).missed, false);
});

test("what was missed while the connection was away is told in one line", () => {
	const ben = { ...ann, id: 8, name: "Ben" };
	const cat = { ...ann, id: 9, name: "Cat" };
	const away = after(snapshot, { ...snapshot, n: 40, members: [ben, cat] });
	assert.deepEqual(away.log.map(({ word, what }) => [word, ...what]),
		[["resumed", 2, 1, 0]]);
	const changed = after(snapshot, { ...snapshot, n: 41, state: { locked: true },
		members: [{ ...ann, muted: true, hand: 5 }, ben] });
	assert.deepEqual(changed.log.map(({ word, what }) => [word, ...what]),
		[["resumed", 1, 0, 2]]);
	assert.equal(after(snapshot, { ...snapshot, n: 9 }).log.length, 0);
	assert.equal(after(snapshot, { ...snapshot, room: "x" }).log.length, 0);
});

test("an event before any snapshot of the room is not applied", () => {
	assert.equal(after({ t: "added", n: 5, member: ann }).members.size, 0);
});

test("figures touch only people who are here", () => {
	const state = after(snapshot, { t: "figures", members: [
		{ id: 7, in: { loss: 0.5 } }, { id: 8, in: { loss: 0.5 } }] });
	assert.equal(state.members.get(7).in.loss, 0.5);
	assert.equal(state.members.get(7).name, "Ann");
	assert.equal(state.members.size, 1);
});

test("the end of another room changes nothing", () => {
	assert.equal(after(snapshot, { t: "closed", room: "x" }).closed, false);
	assert.equal(after(snapshot, { t: "closed", room: "r@example.org" }).closed,
		true);
});

test("messages of a later version are ignored", () => {
	const state = after(snapshot);
	assert.equal(next(state, { t: "weather" }), state);
	assert.equal(next(state, { t: "constructor" }), state);
});

function member(from, to, rest) {
	return { in: { loss: 0, mos: 4.4, ...from }, out: { mos: 4.4, ...to }, ...rest };
}

test("quality is that of the worse way, with its cause", () => {
	assert.deepEqual(quality(member()),
		{ band: "good", cause: null, way: "in" });
	assert.deepEqual(quality(member({}, { mos: 3.4, loss: 0.05, late: 0.01 })),
		{ band: "fair", cause: "loss", way: "out" });
	assert.deepEqual(quality(member({ mos: 2, loss: 0.01, late: 0.2 })),
		{ band: "poor", cause: "late", way: "in" });
	assert.deepEqual(quality(member({ mos: 3.5 }, {}, { round_trip_ms: 700 })),
		{ band: "fair", cause: "delay", way: "in" });
	assert.deepEqual(quality(member({ mos: 3.9, jitter_ms: 40 })),
		{ band: "fair", cause: "jitter", way: "in" });
});

test("who was never heard is said to be silent", () => {
	assert.deepEqual(quality({ in: {}, out: {} }),
		{ band: "unknown", cause: "silence", way: "in" });
	assert.deepEqual(quality({ in: {}, out: { mos: 4.2 } }),
		{ band: "good", cause: "silence", way: "in" });
});

test("figures that are not known are dashes", () => {
	const rows = new Map(figures({ in: { loss: 0.015, mos: 4.31 }, out: {} })
		.map(([name, ...ways]) => [name, ways]));
	assert.deepEqual(rows.get("mos"), ["4.3", "–"]);
	assert.deepEqual(rows.get("loss"), ["1.5%", "–"]);
	assert.deepEqual(rows.get("buffer_ms"), ["–", "–"]);
});

test("the wait doubles from 0.25 s to 8 s, half of it by chance", () => {
	assert.equal(backoff(0, 0), 125);
	assert.equal(backoff(0, 1), 250);
	assert.equal(backoff(3, 1), 2000);
	assert.equal(backoff(60, 1), 8000);
});

test("the meter shows -60 to 0 dBov and nothing beyond", () => {
	assert.equal(scale(0), 1);
	assert.equal(scale(-30), 0.5);
	assert.equal(scale(-127), 0);
	assert.equal(scale(5), 1);
});

function hubOf(site, depth, parent, rest) {
	return {
		site, depth, state: "up", gates: [{ gate: `${site}-1`, here: 1, invited: 0 }],
		...(parent && { parent: { site: parent, up: true, talkers_up: 1,
			talkers_down: 0 } }),
		...rest,
	};
}

test("a tree is of the watched room, and goes with it", () => {
	const tree = { t: "tree", room: "r@example.org", hubs: [] };
	assert.equal(after(tree).tree, null);
	assert.equal(after(snapshot, tree).tree, tree);
	assert.equal(after(snapshot, tree, { ...snapshot, room: "x" }).tree, null);
	assert.equal(after(snapshot, tree, snapshot).tree, tree);
});

test("children stand right of their hub, and no boxes overlap", () => {
	const hubs = [hubOf("r", 0)];
	for (let i = 0; i < 4; i++) {
		hubs.push(hubOf(`c${i}`, 1, "r"));
		for (let k = 0; k < i; k++)
			hubs.push(hubOf(`g${i}${k}`, 2, `c${i}`, { gates: Array.from(
				{ length: 9 * k }, (_, g) => ({ gate: `${g}`, here: 1, invited: 0 })) }));
	}
	const { boxes, lines, width, height } = layout({ hubs });
	assert.equal(lines.length, hubs.length - 1);
	for (const box of boxes) {
		assert.ok(box.x >= 0 && box.x + box.width <= width);
		assert.ok(box.y >= 0 && box.y + box.height <= height, box.hub.site);
		for (const other of boxes)
			assert.ok(other === box || other.x !== box.x ||
				other.y >= box.y + box.height || box.y >= other.y + other.height,
			`${box.hub.site} over ${other.hub.site}`);
	}
});

test("a trunk that is not used is drawn only if it is broken", () => {
	const alternate = { site: "r", up: true, talkers_up: 2, talkers_down: 9 };
	const hubs = [hubOf("r", 0), hubOf("a", 1, "r"),
		hubOf("b", 2, "a", { alternate })];
	const states = (tree) => layout(tree).lines.map(({ trunk, state }) =>
		`${trunk.site} ${state}`);
	assert.deepEqual(states({ hubs }), ["r up", "a up"]);
	hubs[2] = { ...hubs[2], state: "alternate" };
	assert.deepEqual(states({ hubs }), ["r up", "a broken", "r up"]);
	assert.equal(layout({ hubs }).lines[2].width, 7.5);
	hubs[1] = { ...hubs[1], state: "absent" };
	assert.deepEqual(states({ hubs }), ["r broken", "a broken", "r up"]);
});

test("a hub whose parent is not there is drawn by itself", () => {
	const { boxes, lines } = layout({ hubs: [hubOf("r", 0), hubOf("x", 0, "gone"),
		hubOf("y", 0, "y")] });
	assert.equal(boxes.length, 3);
	assert.equal(lines.length, 0);
});

test("names are cut by the width of their letters", () => {
	assert.equal(clip("Ann, Ben", 8), "Ann, Ben");
	assert.equal(clip("Ann, Benno", 8), "Ann, Ben…");
	assert.equal(clip("健太、美咲", 8), "健太、美…");
});

test("a frame of levels is read as it is written, and no further", () => {
	const bytes = [1, 0, 0, 2, 1, 2, 3, 4, 49, 3, 0, 0, 0, 7, 127, 1];
	const buffer = (some) => new Uint8Array(some).buffer;

	assert.deepEqual([...decode(buffer(bytes))], [[0x01020304, -49], [7, -127]]);
	assert.deepEqual([...decode(buffer(bytes.slice(0, 13)))], [[0x01020304, -49]]);
	for (const none of [[], [1, 0, 0], [1, 0, 0, 0], [2, ...bytes.slice(1)]])
		assert.equal(decode(buffer(none)).size, 0);
});

test("who is called is listed, and told once for each turn", () => {
	const guest = { address: "bob@example.org", name: "Bob", how: "phone",
		state: "waiting", at: 7, until: 127, by: "chair" };
	const state = after(snapshot,
		{ t: "expected", n: 5, expected: [guest], by: "chair" },
		{ t: "expected", n: 6, expected: [{ ...guest, state: "declined" }] },
		{ t: "expected", n: 7, expected: [] });
	assert.deepEqual(state.expected, []);
	assert.deepEqual(state.log.map(({ word, what }) => [word, ...what]),
		[["declined", "Bob", "chair"], ["wasCalled", "Bob", "chair"]]);
});
