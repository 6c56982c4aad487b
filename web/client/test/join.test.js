import assert from "node:assert/strict";
import test from "node:test";

import { after, heard, nothing, saying } from "../src/join/state.js";
import { catalogues } from "../src/join/words.js";

test("the page knows who it is, who is here and how it does", () => {
	const messages = [
		{ t: "hello", v: 1, id: 7, name: "Ann" },
		{ t: "you", here: true, held: false, role: "member", muted: true },
		{ t: "people", n: 3, list: [{ id: 7, name: "Ann" }, { id: 9, name: "Ben" }] },
		{ t: "figures", id: 7, in: { mos: 4.2 } },
		{ t: "mute", on: true },
		{ t: "what-is-not-known-yet" },
	];
	const state = messages.reduce(after, nothing);
	assert.equal(state.me, 7);
	assert.equal(state.you.muted, true);
	assert.equal(state.n, 3);
	assert.deepEqual(state.people.map(({ name }) => name), ["Ann", "Ben"]);
	assert.equal(state.figures.in.mos, 4.2);
});

test("who talks changes only when somebody else does", () => {
	const first = heard(nothing, new Map([[7, -20], [9, -80]]));
	assert.deepEqual([...first.talking], [7]);
	assert.equal(heard(first, new Map([[7, -33]])), first);
	const second = heard(first, new Map([[9, -33]]));
	assert.deepEqual([...second.talking], [9]);
	assert.equal(heard(second, new Map()).talking.size, 0);
});

test("what a moderator does is said, in both languages", () => {
	const messages = [
		{ t: "mute", on: true }, { t: "mute", on: false },
		{ t: "hold", on: true }, { t: "hold", on: false },
		{ t: "recording", on: true }, { t: "recording", on: false },
		{ t: "role", role: "moderator" }, { t: "role", role: "member" },
		{ t: "role", role: "listener" }, { t: "hand", on: true, place: 2 },
		{ t: "floor", on: true, s: 60 }, { t: "floor", on: true },
		{ t: "floor", on: false, why: "time" },
	];
	for (const message of messages)
		for (const words of Object.values(catalogues)) {
			const [word, ...what] = saying(message);
			const said = typeof words[word] === "function"
				? words[word](...what) : words[word];
			assert.ok(said?.length > 0, JSON.stringify(message));
			assert.ok(!said.includes("undefined"), said);
		}
	assert.deepEqual(saying({ t: "hand", on: false }), []);
	assert.deepEqual(saying({ t: "people" }), []);
});

test("each end of a call and each refusal has words of its own", () => {
	const ends = ["left", "kicked", "refused", "banned", "ended", "replaced", "lost"];
	const codes = ["link-used", "link-old", "link-unknown", "no-link", "no-room",
		"banned", "locked", "full", "too-many", "failed"];
	for (const words of Object.values(catalogues)) {
		assert.equal(new Set(ends.map(words.overTitle)).size, ends.length);
		assert.equal(new Set(codes.map(words.refusal)).size, codes.length);
	}
});
