import assert from "node:assert/strict";
import test from "node:test";

import { glance } from "../src/glance.js";
import { initial } from "../src/state.js";

function person(id, mos, rest) {
	return { id, name: `p${id}`, state: "here", in: { loss: 0.1, mos },
		out: { mos: 4.4 }, ...rest };
}

function roomOf(members, rest) {
	return { ...initial, members: new Map(members.map((m) => [m.id, m])), ...rest };
}

test("a room at a glance: who is here, who talks, whose sound is worst", () => {
	const seen = glance(roomOf([person(1, 3.5), person(2, 2, { talking: true }),
		person(3, 4.4), { id: 4, state: "invited" }]));
	assert.deepEqual([seen.here, seen.invited, seen.talking.length], [3, 1, 1]);
	assert.equal(seen.worst.member.id, 2);
	assert.deepEqual([seen.worst.band, seen.worst.cause], ["poor", "loss"]);
	assert.deepEqual(seen.alarms, [{ word: "alarmPoor", what: [1] }]);
	assert.equal(glance(initial).worst, null);
});

test("gates say how many of their places are taken", () => {
	const hubs = [{ site: "", state: "up", places: 5,
		gates: [{ gate: "g-1", here: 3, invited: 1 }] }];
	assert.deepEqual(glance(roomOf([], { tree: { hubs } })).gates,
		[{ gate: "g-1", taken: 4, places: 5 }]);
});

test("what is broken in the tree is an alarm", () => {
	const trunk = { site: "r", up: true };
	const hub = (site, rest) => ({ site, state: "up", gates: [], parent: trunk, ...rest });
	const hubs = [{ site: "r", state: "up", gates: [] }, hub("fine"),
		hub("away", { state: "absent" }),
		hub("mute", { parent: { site: "r", up: false } }),
		hub("lossy", { parent: { site: "r", up: true, loss_up: 0.05 } })];
	assert.deepEqual(glance(roomOf([], { tree: { hubs }, cluster: { up: false } }))
		.alarms.map(({ word, what }) => [word, ...what]), [
		["alarmDirectory"], ["alarmHub", "away", "absent"],
		["alarmTrunk", "mute", "r"], ["alarmLoss", "lossy", "r", 0.05]]);
});
