// Only the rows in sight are in the page, so that 500 people cost no more
// than 20. A row is as high as it turned out to be; who was never in sight is
// taken to be as high as the others are on average.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { windowOf } from "./rows.js";

const FROM = 60; // rows: fewer are all in the page
const MARGIN = 400; // px above and below what is in sight
const GUESS = 70; // px, before any row was seen

function heightsOf(ids, seen) {
	let sum = 0;
	for (const height of seen.values())
		sum += height;
	const guess = seen.size ? sum / seen.size : GUESS;
	return ids.map((id) => seen.get(id) ?? guess);
}

/** For a scrolling box of rows with these ids. Gives the window; `box` is a
 * ref for the scroller, `body` one for what has the rows (elements with
 * data-member); reveal(index) scrolls there. */
export function useWindow(ids) {
	const many = ids.length > FROM;
	const box = useRef(null);
	const body = useRef(null);
	const seen = useRef(new Map()); // id -> px
	const [view, setView] = useState({ top: 0, height: 1000 });
	const [, redraw] = useState(0);
	const heights = many ? heightsOf(ids, seen.current) : [];
	const shown = many
		? windowOf(heights, view.top - MARGIN, view.top + view.height + MARGIN)
		: { first: 0, last: ids.length, before: 0, after: 0 };

	useEffect(() => {
		const scroller = box.current;
		if (!many || !scroller)
			return undefined;
		let frame = 0;
		function look() {
			frame = 0;
			setView((was) => Math.abs(was.top - scroller.scrollTop) < MARGIN / 2 &&
				was.height === scroller.clientHeight
				? was
				: { top: scroller.scrollTop, height: scroller.clientHeight });
		}
		const soon = () => { frame ||= requestAnimationFrame(look); };
		const resized = new ResizeObserver(soon);
		scroller.addEventListener("scroll", soon, { passive: true });
		resized.observe(scroller);
		look();
		return () => {
			cancelAnimationFrame(frame);
			resized.disconnect();
			scroller.removeEventListener("scroll", soon);
		};
	}, [many]);

	const observer = useRef(null);
	useLayoutEffect(() => {
		if (!many || !body.current)
			return;
		observer.current ??= new ResizeObserver((entries) => {
			let changed = false;
			for (const { target, borderBoxSize } of entries) {
				const id = Number(target.dataset.member);
				const height = borderBoxSize[0].blockSize;
				changed ||= Math.abs((seen.current.get(id) ?? 0) - height) > 1;
				if (height)
					seen.current.set(id, height);
			}
			if (changed)
				redraw((n) => n + 1);
		});
		observer.current.disconnect();
		for (const row of body.current.querySelectorAll("[data-member]"))
			observer.current.observe(row);
	}, [many, shown.first, shown.last, ids[shown.first]]);
	useEffect(() => () => observer.current?.disconnect(), []);

	function reveal(index) {
		const top = heights.slice(0, index).reduce((sum, each) => sum + each, 0);
		if (many)
			box.current.scrollTop = Math.max(0, top - view.height / 3);
	}
	return { ...shown, many, box, body, reveal };
}
