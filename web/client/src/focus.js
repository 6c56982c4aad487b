// The focus is never lost: where what has it leaves the page (the row of somebody
// who left, a button that is there no more), what is nearest to its place gets it.

const TAKES = "button, input, select, summary, a[href], audio, [tabindex]";

const takes = (element) => !element.disabled && element.checkVisibility();

function firstIn(element) {
	const all = [element, ...element.querySelectorAll(TAKES)];
	return all.find((each) => each.matches(TAKES) && takes(each));
}

/** [{ parent, index }] from the element up to `top`. */
function wayUp(element, top) {
	const way = [];
	for (let at = element; at !== top && at.parentElement; at = at.parentElement)
		way.push({ parent: at.parentElement,
			index: [...at.parentElement.children].indexOf(at) });
	return way;
}

/** What now stands where the way began; what is beside all else is too far. */
function nearest(way) {
	const left = way.find(({ parent }) => parent.isConnected);
	if (!left || left.parent.matches("#app, main, .panel, .boxes"))
		return null;
	const { parent, index } = left;
	const now = parent.children[Math.min(index, parent.children.length - 1)];
	return (now && firstIn(now)) ?? firstIn(parent);
}

/** For the page's life. At the worst the heading of the page has the focus, as
 * soon as there is one. */
export function keepFocus(root) {
	let last = null; // what has the focus; null: it was taken away on purpose
	let way = [];

	function keep() {
		if (!last || last.isConnected || document.activeElement !== document.body)
			return;
		const next = nearest(way) ?? root.querySelector("h1");
		if (next?.matches("h1"))
			next.tabIndex = -1;
		next?.focus();
	}
	root.addEventListener("focusin", ({ target }) => {
		last = target;
		way = wayUp(target, root);
	});
	root.addEventListener("focusout", ({ target }) => queueMicrotask(() => {
		if (target.isConnected && document.activeElement === document.body)
			last = null;
	}));
	new MutationObserver(keep).observe(root, { childList: true, subtree: true });
}
