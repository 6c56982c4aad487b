// Single keys. Those of a person work while the focus is in his row; all can be
// turned off (WCAG 2.1.4), and none is taken while somebody types.

import { useEffect, useRef } from "preact/hooks";

/** key, what it does, and whether it is for the row that has the focus. */
export const shortcuts = [
	{ key: "?", does: "sheet" },
	{ key: "/", does: "search" },
	{ key: "j", does: "nextPerson" },
	{ key: "k", does: "previousPerson" },
	{ key: "m", does: "muteOrUnmute", person: true },
	{ key: "c", does: "charts", person: true },
	{ key: "x", does: "remove", person: true },
];

function types(element) {
	return element.matches("select, textarea, [contenteditable], " +
		"input:not([type=range]):not([type=checkbox]):not([type=radio])");
}

/** What a key press asks for: { does, member } or null. */
export function shortcutOf(event) {
	const { target, key } = event;
	if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing ||
		types(target) || target.closest("dialog"))
		return null;
	const found = shortcuts.find((shortcut) => shortcut.key === key);
	const row = target.closest("[data-member]");
	if (!found || (found.person && !row))
		return null;
	return { does: found.does, member: row && Number(row.dataset.member) };
}

/** handlers: does -> function(member id or null); those of the last drawing are
 * called, so that a key means what the page shows. */
export function useShortcuts(on, handlers) {
	const latest = useRef(handlers);

	latest.current = handlers;
	useEffect(() => {
		function press(event) {
			const asked = event.target instanceof Element && shortcutOf(event);
			const handler = asked && latest.current[asked.does];
			if (!handler)
				return;
			event.preventDefault();
			handler(asked.member);
		}
		if (!on)
			return undefined;
		addEventListener("keydown", press);
		return () => removeEventListener("keydown", press);
	}, [on]);
}
