// The people of the room: searched, filtered, sorted; by keyboard one row is
// one stop, and the arrow keys go from row to row.

import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState }
	from "preact/hooks";

import { Row } from "./row.jsx";
import { arrange, counts, everybody, filters, hold, sortedBy } from "./rows.js";
import { useWindow } from "./virtual.js";
import { words } from "./words.js";

const PAGE = 10; // rows, of Page Up and Page Down

/** name, whether one can sort by it */
const columns = [
	["person", true], ["state", true], ["level", false], ["quality", true],
	["gate", true], ["actions", false],
];

/** The headings sort as well, where there are any. */
function SortBy({ does, view, setView }) {
	const sorts = ["arrival", ...columns.filter(([, sortable]) => sortable)
		.map(([name]) => name), ...(does.has("hand") ? ["talked"] : [])];

	return (
		<label class="inline">
			{words.sortBy}
			<select value={view.sort} onChange={(event) =>
				setView({ ...view, sort: event.target.value, down: false })}>
				{sorts.map((name) =>
					<option key={name} value={name}>{words[name]}</option>)}
			</select>
		</label>
	);
}

function Toolbar({ state, view, setView, shown }) {
	const { members, does } = state;
	const many = counts(members);

	return (
		<div class="toolbar" role="search">
			<input type="search" id="search" aria-label={words.search}
				placeholder={words.search} value={view.find} autocomplete="off"
				onInput={(event) => setView({ ...view, find: event.target.value })} />
			<div class="filters" role="group" aria-label={words.show}>
				{Object.keys(filters).filter(
					(name) => name !== "hands" || does.has("hand")).map((name) => (
					<button key={name} aria-pressed={view.filter === name}
						onClick={() => setView({ ...view, filter: name })}>
						{words.filter(name)} <span class="count">{many[name]}</span>
					</button>
				))}
			</div>
			<SortBy does={does} view={view} setView={setView} />
			<span class="hint shown">{words.shownOf(shown, many.all)}</span>
		</div>
	);
}

function Heading({ column, sortable, view, setView }) {
	const sorted = view.sort === column;

	if (!sortable)
		return <th role="columnheader" scope="col">{words[column]}</th>;
	return (
		<th role="columnheader" scope="col"
			aria-sort={sorted ? (view.down ? "descending" : "ascending") : "none"}>
			<button class="sort" onClick={() => setView(sortedBy(view, column))}>
				{words[column]}
				<span aria-hidden="true">{sorted ? (view.down ? "▼" : "▲") : ""}</span>
			</button>
		</th>
	);
}

/** Rows in the order of the view; while a pointer or the focus is among them
 * (`busy`), in the order that they have. */
function useRows(members, view, busy) {
	const last = useRef({ rows: [], view: null });
	const rows = busy && last.current.view === view
		? hold(last.current.rows, members, view)
		: arrange(members, view);

	last.current = { rows, view };
	return rows;
}

const STOPS = "button, summary, input";

/** Where in a row the focus is, and the same place of another row. */
function stopOf(row, element) {
	return [...row.querySelectorAll("td, th")].indexOf(element.closest("td, th"));
}

function stopAt(row, cell) {
	return row.querySelectorAll("td, th")[cell]?.querySelector(STOPS) ??
		row.querySelector(STOPS);
}

/** The arrow keys: which row is current, and going to another. */
function useRoving(rows, view) {
	const [current, setCurrent] = useState(null);
	const wanted = useRef(null); // { id, cell }: gets the focus once it is drawn
	const at = Math.max(0, rows.findIndex(({ id }) => id === current));

	function go(index, cell = 0) {
		const to = Math.min(rows.length - 1, Math.max(0, index));
		if (!rows.length)
			return;
		wanted.current = { id: rows[to].id, cell };
		setCurrent(rows[to].id);
		if (to < view.first || to >= view.last)
			view.reveal(to);
		focus();
	}
	function focus() {
		const row = wanted.current && view.body.current
			?.querySelector(`[data-member="${wanted.current.id}"]`);
		if (!row)
			return;
		stopAt(row, wanted.current.cell).focus();
		row.scrollIntoView({ block: "nearest" });
		wanted.current = null;
	}
	useLayoutEffect(focus);

	function press(event) {
		const row = event.target.closest("[data-member]");
		const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: PAGE, PageUp: -PAGE };
		// A slider has these keys for itself.
		if (!row || event.target.type === "range" || event.altKey ||
			event.ctrlKey || event.metaKey)
			return;
		const cell = stopOf(row, event.target);
		if (event.key in steps)
			go(at + steps[event.key], cell);
		else if (event.key === "Home" || event.key === "End")
			go(event.key === "Home" ? 0 : rows.length - 1, cell);
		else
			return;
		event.preventDefault();
	}
	return {
		current: rows[at]?.id,
		at,
		go,
		handlers: {
			onKeyDown: press,
			onFocusIn: (event) => {
				const row = event.target.closest("[data-member]");
				if (row)
					setCurrent(Number(row.dataset.member));
			},
		},
	};
}

/** Whether the pointer or the focus is in what these handlers are on. */
function useBusy() {
	const [over, setOver] = useState(false);
	const [inside, setInside] = useState(false);

	return [over || inside, {
		onPointerEnter: ({ pointerType }) => setOver(pointerType === "mouse"),
		onPointerLeave: () => setOver(false),
		onFocusIn: () => setInside(true),
		onFocusOut: ({ currentTarget, relatedTarget }) =>
			setInside(currentTarget.contains(relatedTarget)),
	}];
}

/** gate -> trunks from the root; nothing where there is but one hub. */
function hopsOf(tree) {
	if (!tree || tree.hubs.length < 2)
		return new Map();
	return new Map(tree.hubs.flatMap(({ gates, depth }) =>
		gates.map(({ gate }) => [gate, depth])));
}

function Space({ height }) {
	return height > 0 && (
		<tbody aria-hidden="true"><tr><td style={{ height: `${height}px` }} /></tr></tbody>
	);
}

/** `keys` is a ref that gets { step(by) }, for the single keys. */
function Table({ state, view, setView, rows, act, onKick, onOpen, busy, keys }) {
	const shown = useWindow(rows.map(({ id }) => id));
	const roving = useRoving(rows, shown);
	const { first, last, before, after, many, box, body } = shown;
	const hops = hopsOf(state.tree);

	keys.current = { step: (by) => roving.go(roving.at + by) };
	return (
		<div class={many ? "people many" : "people"} ref={box}>
			<table role="table" aria-rowcount={rows.length + 1}>
				<caption class="hidden">{words.caption(state.room.name)}</caption>
				<thead role="rowgroup">
					<tr role="row" aria-rowindex={1}>
						{columns.map(([column, sortable]) => (
							<Heading key={column} column={column} sortable={sortable}
								view={view} setView={setView} />
						))}
					</tr>
				</thead>
				<Space height={before} />
				<tbody role="rowgroup" ref={body} {...busy}
					onKeyDown={roving.handlers.onKeyDown}
					onFocusIn={(event) => {
						busy.onFocusIn(event);
						roving.handlers.onFocusIn(event);
					}}>
					{rows.slice(first, last).map((member, i) => (
						<Row key={member.id} member={member} index={first + i}
							current={member.id === roving.current}
							hop={hops.get(member.gate)} does={state.does}
							act={act} onKick={onKick} onOpen={onOpen} />
					))}
				</tbody>
				<Space height={after} />
			</table>
		</div>
	);
}

export function People({ state, keys, ...actions }) {
	const [view, setView] = useState(everybody);
	const [busy, handlers] = useBusy();
	const rows = useRows(state.members, view, busy);

	if (state.closed)
		return <p class="empty">{words.roomClosed}</p>;
	if (state.members.size === 0)
		return (
			<div class="empty">
				<p>{words.emptyRoom}</p>
				<p class="hint">{words.emptyHint(state.room.address)}</p>
			</div>
		);
	return (
		<section class="folk" aria-label={words.participants}>
			<Toolbar state={state} view={view} setView={setView}
				shown={rows.length} />
			{rows.length === 0
				? <p class="empty">{words.nobodyFound}</p>
				: <Table state={state} view={view} setView={setView} rows={rows}
					busy={handlers} keys={keys} {...actions} />}
		</section>
	);
}
