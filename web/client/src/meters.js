// Level meters, drawn outside the virtual DOM: the bridge sends levels many
// times a second, and only a transform changes.

const FLOOR = -60; // dBov that show as nothing
const ARIA_EVERY = 1000; // ms: what a screen reader may ask for

const bars = new Map(); // member id -> element
let spokenAt = 0;

/** Level in dBov, -127..0, as 0..1 of the meter. */
export function scale(level) {
	return Math.min(1, Math.max(0, 1 - level / FLOOR));
}

/** For a `ref`: the element that shows the member's level. */
export function meter(id) {
	return (element) => {
		if (element)
			bars.set(id, element);
		else
			bars.delete(id);
	};
}

/** levels: [[id, dBov], …]; who is not in it is silent. */
export function draw(levels) {
	const now = performance.now();
	const speak = now - spokenAt > ARIA_EVERY;
	if (speak)
		spokenAt = now;
	for (const [id, level] of levels) {
		const bar = bars.get(id);
		if (!bar)
			continue;
		bar.firstChild.style.transform = `scaleX(${1 - scale(level)})`;
		if (speak)
			bar.setAttribute("aria-valuenow", Math.max(level, FLOOR));
	}
}
