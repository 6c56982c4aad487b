// Where the hubs of a room's tree are drawn: pure functions from the bridge's
// `tree` (docs/panel-api.md) to boxes and lines, in CSS pixels. The root is on
// the left; what hangs on a hub stands right of it, one below the other.

export const BOX = 236; // width
const COLUMN = BOX + 132; // room for what is said of a trunk
const HEAD = 34;
const GATE = 40;
const FOOT = 8;
const GAP = 18;
const MARGIN = 4;
const GATES_SHOWN = 6; // of a hub

/** What fits into `room` letters; those of East Asia take two. */
export function clip(text, room) {
	let width = 0;
	let shown = "";
	for (const letter of text) {
		width += /[\u1100-\u11ff\u2e80-\uffdc]/u.test(letter) ? 2 : 1;
		if (width > room)
			return `${shown.trimEnd()}…`;
		shown += letter;
	}
	return text;
}

function boxOf(hub) {
	const gates = hub.gates.slice(0, GATES_SHOWN);
	const more = hub.gates.length - gates.length;
	const note = more > 0 || gates.length === 0 || hub.state !== "up";
	return {
		hub,
		gates: gates.map((gate, i) => ({ gate, y: HEAD + i * GATE })),
		more,
		noteY: HEAD + gates.length * GATE + 12,
		x: MARGIN + hub.depth * COLUMN,
		y: 0,
		width: BOX,
		height: HEAD + gates.length * GATE + (note ? 20 : 0) + FOOT,
		children: [],
	};
}

/** Puts a box and all that hangs on it from `top` on; returns where it ends. */
function place(box, top) {
	let bottom = top;
	for (const child of box.children)
		bottom = place(child, bottom) + GAP;
	if (box.children.length)
		bottom -= GAP;
	const first = box.children[0];
	const last = box.children.at(-1);
	const middle = first
		? (first.y + first.height / 2 + last.y + last.height / 2) / 2
		: top + box.height / 2;
	box.y = middle - box.height / 2;
	if (box.y < top) {
		// Taller than its children together: they move down with it.
		const down = top - box.y;
		for (const each of below(box))
			each.y += down;
		bottom += down;
	}
	return Math.max(bottom, box.y + box.height);
}

function below(box) {
	return [box, ...box.children.flatMap(below)];
}

/** What a trunk is: in use, or broken, or an alternate that waits. */
function trunkState(hub, trunk, role) {
	const used = hub.state === "alternate" ? "alternate" : "parent";
	if (role !== used)
		return role === "parent" ? "broken" : "silent";
	if (hub.state === "absent" || hub.state === "cut-off")
		return "broken";
	return trunk.up ? "up" : "waiting";
}

/** From the right of the one to the left of the other; where that is not on
 * its right, from left to left. */
function lineOf(from, to, trunk, state, parent) {
	const right = from.x < to.x;
	const x1 = right ? from.x + from.width : from.x;
	const y1 = from.y + from.height / 2;
	const x2 = to.x;
	const y2 = to.y + to.height / 2;
	const bend = right ? (x2 - x1) / 2 : -56;
	const width = 1.5 + 1.5 * Math.min(4, trunk.talkers_up + trunk.talkers_down);
	const near = right && from.x + COLUMN === to.x;
	const under = !near && !(parent && parent.y > to.y);
	const aside = near ? (y1 + 2 * y2) / 3 : y2;
	return {
		trunk,
		state,
		child: to.hub,
		path: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - Math.abs(bend)} ${y2} ${x2} ${y2}`,
		// Beside the line, near the child; a long way's where the line from
		// the parent is not.
		x: x2 - (COLUMN - BOX) / 2,
		y: under ? aside + width / 2 + 15 : aside - width / 2 - 5,
		under,
		width,
	};
}

/** Boxes and lines of a tree; hubs come after those they hang on. */
export function layout(tree) {
	const bySite = new Map();
	const tops = [];
	const boxes = [];
	for (const hub of tree.hubs) {
		const box = boxOf(hub);
		const over = hub.depth > 0 && bySite.get(hub.parent?.site);
		(over ? over.children : tops).push(box);
		bySite.set(hub.site, box);
		boxes.push(box);
	}
	let bottom = MARGIN;
	for (const top of tops)
		bottom = place(top, bottom) + GAP;

	const lines = [];
	for (const box of boxes) {
		for (const role of ["parent", "alternate"]) {
			const trunk = box.hub[role];
			const from = trunk && bySite.get(trunk.site);
			if (from && from !== box)
				lines.push(lineOf(from, box, trunk,
					trunkState(box.hub, trunk, role),
					bySite.get(box.hub.parent?.site)));
		}
	}
	return {
		boxes,
		lines: lines.filter(({ state }) => state !== "silent"),
		width: MARGIN + Math.max(0, ...boxes.map((b) => b.x + b.width)),
		height: bottom - GAP + MARGIN,
	};
}
