import assert from "node:assert/strict";
import test from "node:test";

import { backoff } from "../src/connection.js";
import { scale } from "../src/meters.js";
import { initial, next, quality } from "../src/state.js";
import { catalogues, chooseLanguage } from "../src/words.js";

const ann = {
	id: 7, name: "Ann", address: "ann@example.org", state: "here",
	muted: false, self_muted: false, loss: 0, peer_loss: 0,
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
	assert.deepEqual(state.log.map(({ word, by }) => [word, by]),
		[["wasKicked", "deputy"], ["wasMuted", "chair"]]);
	assert.equal(state.missed, false);
});

test("a missing event asks for a snapshot and changes nothing", () => {
	const missed = after(snapshot,
		{ t: "gone", n: 6, member: ann, why: "bye" },
		{ t: "gone", n: 5, member: ann, why: "bye" });
	assert.equal(missed.missed, true);
	assert.equal(missed.members.size, 1);
	assert.equal(next(missed, { ...snapshot, n: 8 }).missed, false);
});

test("an event before any snapshot of the room is not applied", () => {
	assert.equal(after({ t: "added", n: 5, member: ann }).members.size, 0);
});

test("figures touch only people who are here", () => {
	const state = after(snapshot, { t: "figures", members: [
		{ id: 7, loss: 0.5 }, { id: 8, loss: 0.5 }] });
	assert.equal(state.members.get(7).loss, 0.5);
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

test("quality is that of the worse direction", () => {
	assert.equal(quality({ loss: 0.001, peer_loss: 0.019 }), "good");
	assert.equal(quality({ loss: 0.001, peer_loss: 0.05 }), "fair");
	assert.equal(quality({ loss: 0.2, peer_loss: 0 }), "poor");
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

test("both languages have the same words", () => {
	assert.deepEqual(Object.keys(catalogues.ja), Object.keys(catalogues.en));
	for (const key of Object.keys(catalogues.en)) {
		const { en, ja } = catalogues;
		assert.equal(typeof ja[key], typeof en[key], key);
		assert.equal(ja[key].length > 0, true, key);
		if (typeof en[key] === "function")
			assert.equal(ja[key].length, en[key].length, `arguments of ${key}`);
	}
});

test("the first language of the browser that we speak is chosen", () => {
	assert.equal(chooseLanguage(["fr-FR", "ja-JP", "en"]), "ja");
	assert.equal(chooseLanguage(["de"]), "en");
	assert.equal(chooseLanguage([]), "en");
});
