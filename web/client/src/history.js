// How things were: ten minutes of figures, a sample a second, of each person
// and of the room, kept while the page is open. Outside of the state, as the
// meters are: nothing is drawn for a sample unless a chart of it is open.

import { quality } from "./quality.js";

const SAMPLES = 600;
const EVERY = 950; // ms, at least, between two samples of the room

const memberSeries = {
	mos_in: (m) => m.in?.mos,
	mos_out: (m) => m.out?.mos,
	loss_in: (m) => m.in?.loss,
	late_in: (m) => m.in?.late,
	loss_out: (m) => m.out?.loss,
	jitter_in: (m) => m.in?.jitter_ms,
	jitter_out: (m) => m.out?.jitter_ms,
	round_trip: (m) => m.round_trip_ms,
};

function worst(members, of, pick) {
	const known = members.flatMap((m) => [of(m.in ?? {}), of(m.out ?? {})])
		.filter((value) => value !== undefined);
	return known.length ? pick(...known) : undefined;
}

const roomSeries = {
	people: (all) => all.length,
	talkers: (all) => all.filter((m) => m.talking).length,
	trouble: (all) => all.filter((m) =>
		["fair", "poor"].includes(quality(m).band)).length,
	mos_worst: (all) => worst(all, (way) => way.mos || undefined, Math.min),
	loss_worst: (all) => worst(all, (way) => way.loss, Math.max),
	stress: (all, stress) => stress,
};

/** Samples of some series, the oldest overwritten. */
export class Ring {
	#at = new Float64Array(SAMPLES);
	#series;
	#count = 0;

	constructor(names) {
		this.#series = Object.fromEntries(names.map((name) =>
			[name, new Float32Array(SAMPLES)]));
	}

	/** at: Unix seconds; of(name): a number, or undefined: not known. */
	add(at, of) {
		const place = this.#count++ % SAMPLES;
		this.#at[place] = at;
		for (const name of Object.keys(this.#series))
			this.#series[name][place] = of(name) ?? NaN;
	}

	get last() {
		return this.#count ? this.#at[(this.#count - 1) % SAMPLES] : 0;
	}

	#inOrder(samples) {
		const from = Math.max(0, this.#count - SAMPLES);
		return Array.from({ length: this.#count - from }, (_, i) => {
			const value = samples[(from + i) % SAMPLES];
			return Number.isNaN(value) ? null : value;
		});
	}

	/** { at, name: […], … }, the oldest first, null: not known. */
	columns() {
		return Object.fromEntries([["at", this.#at],
			...Object.entries(this.#series)].map(([name, samples]) =>
			[name, this.#inOrder(samples)]));
	}
}

export class History {
	#members = new Map(); // id -> Ring
	#room = new Ring(Object.keys(roomSeries));
	#before = new Map(); // id, of the room undefined -> columns

	/** Forgets all: another room. */
	clear() {
		this.#members.clear();
		this.#before.clear();
		this.#room = new Ring(Object.keys(roomSeries));
	}

	/** The `members` of a `figures` message; `now` in ms. */
	figures(members, now) {
		for (const member of members) {
			let ring = this.#members.get(member.id);
			if (!ring) {
				ring = new Ring(Object.keys(memberSeries));
				this.#members.set(member.id, ring);
			}
			ring.add(now / 1000, (name) => memberSeries[name](member));
		}
	}

	/** All members, and the room's stress, as the state has them; whoever left
	 * long ago is forgotten. */
	room(members, now, stress) {
		if (now - 1000 * this.#room.last < EVERY)
			return;
		const here = [...members.values()].filter(({ state }) => state === "here");
		this.#room.add(now / 1000, (name) => roomSeries[name](here, stress));
		for (const [id, ring] of this.#members)
			if (!members.has(id) && now / 1000 - ring.last > SAMPLES)
				this.#forget(id);
	}

	#forget(id) {
		this.#members.delete(id);
		this.#before.delete(id);
	}

	/** What the bridge remembers of the time before the page was open: its
	 * `history` message. */
	remember(id, { until, step_s: step, series }) {
		const samples = Math.max(0, ...Object.values(series).map((s) => s.length));
		const at = Array.from({ length: samples }, (_, i) =>
			until - (samples - 1 - i) * step);
		this.#before.set(id, { at, ...series });
	}

	/** Of a member, or without an id of the room; null: nothing yet. */
	of(id) {
		const own = (id === undefined ? this.#room : this.#members.get(id))
			?.columns();
		const before = this.#before.get(id);
		if (!own || !before)
			return own ?? null;
		const older = before.at.filter((at) => at < (own.at[0] ?? Infinity));
		return Object.fromEntries(Object.entries(own).map(([name, values]) =>
			[name, [...older.map((_, i) => before[name]?.[i] ?? null), ...values]]));
	}
}

/** One sentence's worth: { now, low, high, seconds } of what is known, or null. */
export function summary(at, values) {
	const known = values.filter((value) => value !== null);
	if (!known.length)
		return null;
	return {
		now: known.at(-1),
		low: Math.min(...known),
		high: Math.max(...known),
		seconds: Math.round(at.at(-1) - at[0]),
	};
}

/** At most `rows` of the samples, the newest first, evenly apart: for a table. */
export function sampled(columns, rows) {
	const step = Math.max(1, Math.ceil(columns.at.length / rows));
	const places = [];
	for (let i = columns.at.length - 1; i >= 0; i -= step)
		places.push(i);
	return places.map((i) => Object.fromEntries(
		Object.entries(columns).map(([name, values]) => [name, values[i]])));
}
