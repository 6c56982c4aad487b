// What happened in the room: the list of it, and the one live region that says
// it to a screen reader.

import { useEffect, useRef, useState } from "preact/hooks";

import { words } from "./words.js";

const TOGETHER = 2000; // ms: what happens within is said at once

const time = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

/** The switch that silences a word of the log; the rest is actions. */
const arrivals = new Set(["added", "joined", "left", "lost", "noShow", "replaced",
	"resumed"]);

function describe({ word, what }) {
	return words[word](...what.map((each) => each ?? words.theBridge));
}

export function Activity({ log }) {
	return (
		<aside aria-labelledby="activity">
			<h2 id="activity">{words.activity}</h2>
			{log.length === 0 && <p class="hint">{words.noActivity}</p>}
			<ol tabIndex={0} aria-labelledby="activity">
				{log.map((entry) => (
					<li key={entry.key}>
						<time>{time.format(entry.at)}</time>
						<span>{describe(entry)}</span>
					</li>
				))}
			</ol>
		</aside>
	);
}

function wanted(settings) {
	return ({ word }) =>
		arrivals.has(word) ? settings.sayArrivals : settings.sayActions;
}

/** Says new events of the log, those of two seconds together, so that a rush
 * is not a flood; and at once that the connection went or is back, and that
 * the directory did. The page's only polite live region. */
export function Announcer({ log, up, notice, settings }) {
	const [text, setText] = useState("");
	const newest = useRef({ log, settings });
	const last = useRef(log[0]?.key ?? 0);
	const timer = useRef(0);
	const wasUp = useRef(null);

	newest.current = { log, settings };
	function say() {
		const { log: all, settings: now } = newest.current;
		const fresh = all.filter(({ key }) => key > last.current).filter(wanted(now));
		timer.current = 0;
		last.current = all[0]?.key ?? last.current;
		if (fresh.length)
			setText(fresh.reverse().map(describe).join(words.stop));
	}
	useEffect(() => {
		if (log[0]?.key > last.current)
			timer.current ||= setTimeout(say, TOGETHER);
	}, [log[0]?.key]);
	useEffect(() => () => clearTimeout(timer.current), []);
	useEffect(() => {
		if (wasUp.current !== null && up !== wasUp.current && settings.sayConnection)
			setText(up ? words.backAgain : words.reconnecting);
		wasUp.current = up;
	}, [up]);
	useEffect(() => {
		if (notice)
			setText(notice);
	}, [notice]);
	return <p class="hidden" role="status">{text}</p>;
}
