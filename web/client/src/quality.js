// How good a member's sound is, in words, of the figures that the bridge tells
// (docs/quality.md): pure functions. What is not known is left out of them.

// Of the estimated MOS, as ITU-T G.107 Annex B parts it: users are satisfied;
// some, then many are not.
const GOOD = 4.0;
const FAIR = 3.1;

// From where on something is worth to be called the cause.
const LOST = 0.01; // of the packets, that nothing made good
const SLOW_MS = 150; // one way, ITU-T G.114
const JITTER_MS = 30;

/** The way that does worse: "in", "out", or null while neither is known. */
function worseWay(member) {
	const known = ["in", "out"].filter((way) => member[way]?.mos);
	return known.sort((a, b) => member[a].mos - member[b].mos)[0] ?? null;
}

/** One way, without the two ends' own 20 ms frames. */
function delayOf(member) {
	const buffers = (member.in?.buffer_ms ?? 0) + (member.out?.buffer_ms ?? 0);
	return ((member.round_trip_ms ?? 0) + buffers) / 2;
}

function causeOf(member, way) {
	const { loss = 0, late = 0, jitter_ms = 0 } = member[way];

	if (Math.max(loss, late) >= LOST)
		return loss >= late ? "loss" : "late";
	if (delayOf(member) >= SLOW_MS)
		return "delay";
	return jitter_ms >= JITTER_MS ? "jitter" : null;
}

/** { band, cause, way }: band is good, fair, poor or unknown; cause is loss,
 * late, delay, jitter, silence or null; way is in (from them) or out. */
export function quality(member) {
	const way = worseWay(member);
	const mos = way && member[way].mos;

	/* Nothing ever came from them, or nothing but silence for long: a microphone
	 * or a network that is shut, or somebody who only listens. */
	if ((way !== "in" && member.in?.loss === undefined) || member.silent_s)
		return { band: band(mos), cause: "silence", way: "in" };
	if (way === null)
		return { band: "unknown", cause: null, way };
	return {
		band: band(mos),
		cause: mos < GOOD ? causeOf(member, way) : null,
		way,
	};
}

function band(mos) {
	if (!mos)
		return "unknown";
	if (mos >= GOOD)
		return "good";
	return mos >= FAIR ? "fair" : "poor";
}

const percent = new Intl.NumberFormat(undefined, {
	style: "percent",
	maximumFractionDigits: 1,
});
const tenths = new Intl.NumberFormat(undefined, {
	minimumFractionDigits: 1,
	maximumFractionDigits: 1,
});

const formats = {
	mos: (value) => tenths.format(value),
	loss: (value) => percent.format(value),
	late: (value) => percent.format(value),
	recovered: (value) => percent.format(value),
	concealed: (value) => percent.format(value),
	jitter_ms: (value) => `${Math.round(value)} ms`,
	buffer_ms: (value) => `${Math.round(value)} ms`,
};

/** [name, from them, to them] of all that is known, as text. */
export function figures(member) {
	const text = (way, name) => member[way]?.[name] === undefined
		? "–" : formats[name](member[way][name]);

	return Object.keys(formats).map((name) =>
		[name, text("in", name), text("out", name)]);
}
