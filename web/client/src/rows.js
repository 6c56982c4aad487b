// Which people the table shows, and in which order: pure functions.

import { quality } from "./quality.js";

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

const troubled = (member) => ["fair", "poor"].includes(quality(member).band);

/** name -> whether a member is among them; each has a button with a count. */
export const filters = {
	all: () => true,
	talking: ({ state, talking, muted, self_muted: closed }) =>
		state === "here" && talking && !muted && !closed,
	muted: (member) => member.muted || member.self_muted,
	hands: (member) => Boolean(member.hand),
	trouble: (member) => member.state === "here" && troubled(member),
	invited: (member) => member.state === "invited",
};

/** For state: who needs a moderator's eye comes first. */
function rank(member) {
	if (member.state === "invited")
		return 4;
	if (member.muted || member.self_muted)
		return 3;
	return member.talking ? 1 : 2;
}

function worstMos({ state, in: from, out: to }) {
	const known = [from?.mos, to?.mos].filter(Boolean);
	return state === "here" && known.length ? Math.min(...known) : 9;
}

/** column -> the order of two members, ascending. */
const orders = {
	arrival: (a, b) => a.id - b.id,
	person: (a, b) => collator.compare(a.name, b.name),
	state: (a, b) => rank(a) - rank(b),
	quality: (a, b) => worstMos(a) - worstMos(b),
	gate: (a, b) => collator.compare(a.gate, b.gate),
	talked: (a, b) => (b.talked_s ?? 0) - (a.talked_s ?? 0),
};

/** As a person would compare it: "chloe" is found in "Chloé". */
function folded(text) {
	return text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
}

function foundBy(find) {
	const wanted = folded(find.trim()).split(/\s+/).filter(Boolean);
	if (!wanted.length)
		return () => true;
	return (member) => {
		const all = folded(`${member.name} ${member.address} ${member.gate}`);
		return wanted.every((word) => all.includes(word));
	};
}

/** The next view after a press on a column's header: up, down, as they came. */
export function sortedBy(view, column) {
	if (view.sort !== column)
		return { ...view, sort: column, down: false };
	if (!view.down)
		return { ...view, down: true };
	return { ...view, sort: "arrival", down: false };
}

export const everybody = { find: "", filter: "all", sort: "arrival", down: false };

/** Members of a Map, who are not in the lobby, as the view wants them. */
export function arrange(members, { find, filter, sort, down }) {
	const found = foundBy(find);
	const shown = [...members.values()].filter((member) =>
		!member.held && filters[filter](member) && found(member));
	const sign = down ? -1 : 1;

	return shown.sort((a, b) => sign * orders[sort](a, b) || a.id - b.id);
}

/** The same, but what was shown stays where it was: no row moves or goes
 * under a pointer that is about to press a button. Only who left the room is
 * left out; who is new comes last. */
export function hold(held, members, view) {
	const kept = held.map(({ id }) => members.get(id)).filter(Boolean);
	const known = new Set(held.map(({ id }) => id));

	return [...kept,
		...arrange(members, view).filter(({ id }) => !known.has(id))];
}

/** filter -> how many. */
export function counts(members) {
	const all = [...members.values()].filter(({ held }) => !held);
	return Object.fromEntries(Object.entries(filters).map(([name, among]) =>
		[name, all.filter(among).length]));
}

/** Of rows `heights` high: those within `top` to `bottom`, and how much is
 * left out before and after them. `last` is one beyond. */
export function windowOf(heights, top, bottom) {
	let first = 0;
	let before = 0;
	while (first < heights.length && before + heights[first] <= top)
		before += heights[first++];
	let last = first;
	let end = before;
	while (last < heights.length && end < bottom)
		end += heights[last++];
	const total = heights.slice(last).reduce((sum, height) => sum + height, 0);
	return { first, last, before, after: total };
}
