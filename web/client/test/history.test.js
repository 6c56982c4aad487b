import assert from "node:assert/strict";
import test from "node:test";

import { History, Ring, sampled, summary } from "../src/history.js";

test("a ring keeps the last ten minutes, the oldest first", () => {
	const ring = new Ring(["x"]);
	for (let i = 0; i < 700; i++)
		ring.add(i, () => (i % 2 ? i : undefined));
	const { at, x } = ring.columns();
	assert.equal(at.length, 600);
	assert.equal(at[0], 100);
	assert.equal(at.at(-1), 699);
	assert.equal(x[0], null);
	assert.equal(x[1], 101);
});

test("figures of each person and of the room are kept, a second apart", () => {
	const history = new History();
	const ann = { id: 7, state: "here", talking: true,
		in: { mos: 3, loss: 0.1 }, out: { mos: 4.4, loss: 0 }, round_trip_ms: 20 };
	const members = new Map([[7, ann], [8, { id: 8, state: "invited" }]]);
	for (let i = 1; i < 4; i++) {
		history.figures([ann], 1000 * i);
		history.room(members, 1000 * i);
		history.room(members, 1000 * i + 200);
	}
	assert.deepEqual(history.of(7).mos_in, [3, 3, 3]);
	assert.deepEqual(history.of(7).late_in, [null, null, null]);
	const room = history.of();
	assert.equal(room.at.length, 3);
	assert.deepEqual([room.people[0], room.talkers[0], room.trouble[0],
		room.mos_worst[0]], [1, 1, 1, 3]);
	assert.ok(Math.abs(room.loss_worst[0] - 0.1) < 1e-6);
	assert.equal(history.of(9), null);
	history.clear();
	assert.equal(history.of(7), null);
});

test("who left long ago is forgotten, who left just now is not", () => {
	const history = new History();
	history.figures([{ id: 7 }], 1000);
	history.room(new Map(), 2000);
	assert.ok(history.of(7));
	history.room(new Map(), 700_000);
	assert.equal(history.of(7), null);
});

test("what the bridge remembers comes before what the page has seen", () => {
	const history = new History();
	const ann = { id: 7, state: "here", in: { mos: 3 }, out: {} };
	history.figures([ann], 1_000_000);
	history.room(new Map([[7, ann]]), 1_000_000, 0.25);
	history.remember(7, { until: 1003, step_s: 5,
		series: { mos_in: [4, null, 4.2], level: [-30, -31, -32] } });
	assert.deepEqual(history.of(7).at, [993, 998, 1000]);
	assert.deepEqual(history.of(7).mos_in, [4, null, 3]);
	assert.deepEqual(history.of(7).round_trip, [null, null, null]);
	history.remember(undefined, { until: 998, step_s: 5,
		series: { people: [2, 3], stress: [0.1, null] } });
	assert.deepEqual(history.of().people, [2, 3, 1]);
	assert.deepEqual(history.of().stress, [0.1, null, 0.25]);
	assert.deepEqual(history.of().trouble, [null, null, 1]);
	history.clear();
	assert.equal(history.of(7), null);
});

test("a summary is of what is known", () => {
	assert.equal(summary([1, 2], [null, null]), null);
	assert.deepEqual(summary([1, 2, 31], [4, null, 2]),
		{ now: 2, low: 2, high: 4, seconds: 30 });
});

test("a table has the newest first, and not more than it is to have", () => {
	const at = Array.from({ length: 600 }, (_, i) => i);
	const rows = sampled({ at, x: at }, 30);
	assert.equal(rows.length, 30);
	assert.equal(rows[0].x, 599);
	assert.deepEqual(sampled({ at: [5], x: [null] }, 30), [{ at: 5, x: null }]);
});
