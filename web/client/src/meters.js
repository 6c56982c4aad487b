// Level meters, drawn outside the virtual DOM: the bridge sends levels 20 times
// a second as bytes (docs/panel-api.md, "Levels"), and only a transform changes.

const FLOOR = -60; // dBov that show as nothing
const ARIA_EVERY = 1000; // ms: what a screen reader may ask for

const HEAD = 4; // bytes
const ENTRY = 6;
const SILENT = -127; // who is not in a frame

const bars = new Map(); // member id -> element
let loud = new Map(); // member id -> level, of the newest frame
let spokenAt = 0;

/** Level in dBov, -127..0, as 0..1 of the meter. */
export function scale(level) {
	return Math.min(1, Math.max(0, 1 - level / FLOOR));
}

/** Levels by member; what we do not know is none. */
export function decode(buffer) {
	const view = new DataView(buffer);
	const levels = new Map();
	if (view.byteLength < HEAD || view.getUint8(0) !== 1)
		return levels;
	const n = Math.min(view.getUint16(2), Math.floor((view.byteLength - HEAD) / ENTRY));
	for (let i = 0; i < n; i++)
		levels.set(view.getUint32(HEAD + i * ENTRY),
			-view.getUint8(HEAD + i * ENTRY + 4));
	return levels;
}

function show(id, level, speak) {
	const bar = bars.get(id);
	if (!bar)
		return;
	bar.firstChild.style.transform = `scaleX(${1 - scale(level)})`;
	if (speak)
		bar.setAttribute("aria-valuenow", Math.max(level, FLOOR));
}

/** For a `ref`: the element that shows the member's level. */
export function meter(id) {
	return (element) => {
		if (element) {
			bars.set(id, element);
			show(id, loud.get(id) ?? SILENT, true);
		} else {
			bars.delete(id);
		}
	};
}

/** A frame of levels. Who has been loud and is not in it falls to nothing. */
export function draw(buffer) {
	const now = performance.now();
	const levels = decode(buffer);
	const speak = now - spokenAt > ARIA_EVERY;
	if (speak)
		spokenAt = now;
	for (const id of loud.keys())
		if (!levels.has(id))
			show(id, SILENT, true);
	for (const [id, level] of levels)
		show(id, level, speak);
	loud = levels;
}
