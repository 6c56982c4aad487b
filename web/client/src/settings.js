// What this browser's moderator wants of the panel: switches, kept here.

const KEY = "ipsp-panel";

/** All of them, on unless they were turned off. */
export const switches = ["shortcuts", "sayArrivals", "sayActions", "sayConnection"];

/** switch -> whether it is on, of what was kept. */
export function read(text) {
	let kept = {};
	try {
		kept = JSON.parse(text) ?? {};
	} catch {
		// Not ours: as if there were none.
	}
	return Object.fromEntries(switches.map((name) => [name, kept[name] !== false]));
}

/* A browser may let nobody keep anything: then they are for this page only. */

export function load() {
	try {
		return read(localStorage.getItem(KEY));
	} catch {
		return read(null);
	}
}

export function save(settings) {
	try {
		localStorage.setItem(KEY, JSON.stringify(settings));
	} catch {
		// See above.
	}
}
