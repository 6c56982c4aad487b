import assert from "node:assert/strict";
import test from "node:test";

import { arrange, counts, everybody, hold, sortedBy, windowOf } from "../src/rows.js";
import { read } from "../src/settings.js";

function person(id, name, rest) {
	return { id, name, address: `${name}@example.org`, gate: `g-${id}`,
		state: "here", muted: false, self_muted: false, talking: false,
		in: { loss: 0, mos: 4.4 }, out: { mos: 4.4 }, ...rest };
}

const members = new Map([
	person(1, "Chloé"),
	person(2, "ben", { muted: true }),
	person(3, "Ann", { talking: true, gate: "g-10" }),
	person(4, "健太", { in: { loss: 0.2, mos: 2 } }),
	person(5, "Dan", { state: "invited", in: {}, out: {} }),
].map((member) => [member.id, member]));

function names(view, from = members) {
	return arrange(from, { ...everybody, ...view }).map(({ name }) => name).join();
}

test("people are found by name, address and gate, as a person compares", () => {
	assert.equal(names({ find: "CHLOE" }), "Chloé");
	assert.equal(names({ find: "@example g-10" }), "Ann");
	assert.equal(names({ find: "健" }), "健太");
	assert.equal(names({ find: "  " }), "Chloé,ben,Ann,健太,Dan");
	assert.equal(names({ find: "nobody" }), "");
});

test("a filter keeps its own, and says how many they are", () => {
	assert.equal(names({ filter: "talking" }), "Ann");
	assert.equal(names({ filter: "muted" }), "ben");
	assert.equal(names({ filter: "trouble" }), "健太");
	assert.equal(names({ filter: "invited" }), "Dan");
	assert.deepEqual(counts(members),
		{ all: 5, talking: 1, muted: 1, hands: 0, trouble: 1, invited: 1 });
});

test("a column sorts up, then down, then as they came", () => {
	const up = sortedBy(everybody, "person");
	assert.match(names(up), /^Ann,ben,Chloé,Dan/);
	const down = sortedBy(up, "person");
	assert.match(names(down), /Chloé,ben,Ann$/);
	assert.deepEqual(sortedBy(down, "person"), everybody);
	assert.match(names({ sort: "quality" }), /^健太/);
	assert.match(names({ sort: "gate" }), /Ann$/);
	assert.match(names({ sort: "state" }), /^Ann,Chloé,健太,ben,Dan$/);
});

test("rows that are held stay, also when they no longer fit", () => {
	const view = { ...everybody, filter: "talking" };
	const shown = arrange(members, view);
	const later = new Map(members)
		.set(3, { ...members.get(3), talking: false })
		.set(1, { ...members.get(1), talking: true });
	assert.deepEqual(hold(shown, later, view).map(({ id }) => id), [3, 1]);
	assert.equal(hold(shown, later, view)[0].talking, false);
	later.delete(3);
	assert.deepEqual(hold(shown, later, view).map(({ id }) => id), [1]);
});

test("only rows in sight are in the window, whatever their heights", () => {
	const heights = [10, 20, 30, 40];
	assert.deepEqual(windowOf(heights, 0, 25),
		{ first: 0, last: 2, before: 0, after: 70 });
	assert.deepEqual(windowOf(heights, 35, 60),
		{ first: 2, last: 3, before: 30, after: 40 });
	assert.deepEqual(windowOf(heights, -400, 1000),
		{ first: 0, last: 4, before: 0, after: 0 });
	assert.deepEqual(windowOf(heights, 500, 900),
		{ first: 4, last: 4, before: 100, after: 0 });
});

test("a switch is on unless it was turned off", () => {
	assert.equal(read(null).shortcuts, true);
	assert.equal(read("no JSON").sayArrivals, true);
	assert.equal(read('{"shortcuts": false, "x": 1}').shortcuts, false);
	assert.equal("x" in read('{"x": 1}'), false);
});
