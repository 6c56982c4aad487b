// What a moderator wants to see of a room at a glance: pure functions.

import { quality } from "./quality.js";

const LOSSY = 0.03; // of a trunk's packets, from where on it is an alarm

function worstOf(here) {
	const troubled = here.map((member) => ({ member, ...quality(member) }))
		.filter(({ band }) => band === "fair" || band === "poor");
	const mos = ({ member, way }) => member[way].mos ?? 4.5;
	return troubled.sort((a, b) => mos(a) - mos(b))[0] ?? null;
}

function hubAlarm(hub) {
	const used = hub.state === "alternate" ? hub.alternate : hub.parent;
	if (hub.state !== "up")
		return { word: "alarmHub", what: [hub.site, hub.state] };
	if (used && !used.up)
		return { word: "alarmTrunk", what: [hub.site, used.site] };
	const loss = Math.max(used?.loss_up ?? 0, used?.loss_down ?? 0);
	return loss >= LOSSY
		? { word: "alarmLoss", what: [hub.site, used.site, loss] }
		: null;
}

function alarmsOf({ tree, cluster }, here) {
	const poor = here.filter((member) => quality(member).band === "poor").length;

	return [
		cluster?.up === false && { word: "alarmDirectory", what: [] },
		...(tree?.hubs ?? []).map(hubAlarm),
		poor > 0 && { word: "alarmPoor", what: [poor] },
	].filter(Boolean);
}

/** { here, invited, talking, gates: [{ gate, taken, places }], worst: { member,
 * band, cause, way } or null, alarms: [{ word, what }] } of a state. Who is
 * held in the lobby is counted there. */
export function glance(state) {
	const members = [...state.members.values()].filter(({ held }) => !held);
	const here = members.filter((member) => member.state === "here");

	return {
		here: here.length,
		invited: members.length - here.length,
		talking: here.filter(({ talking, muted, self_muted: closed }) =>
			talking && !muted && !closed),
		gates: (state.tree?.hubs ?? []).flatMap((hub) => hub.gates.map((gate) => ({
			gate: gate.gate, taken: gate.here + gate.invited, places: hub.places }))),
		worst: worstOf(here),
		alarms: alarmsOf(state, here),
	};
}
