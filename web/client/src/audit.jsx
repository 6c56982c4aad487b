// Who did what in the room, the newest first, and all of it as a file.

import { useEffect, useState } from "preact/hooks";

import { Dialog } from "./dialog.jsx";
import { words } from "./words.js";

const ROWS = 50;

/** "3600 s: why", as the bridge writes it. */
function ban(detail) {
	const [, seconds, reason] = detail.match(/^(\d+) s(?:: ?(.*))?$/) ?? [];
	const span = words.span(Number(seconds));
	return span ? [span, reason].filter(Boolean).join(words.semicolon) : detail;
}

const word = (detail) => words.detail(detail);
const time = (detail) => detail && words.seconds(detail);

/** Commands whose detail is not what somebody wrote. */
const details = {
	ban, hand: word, lobby: word, pin: word, record: word, role: word,
	floor: time, "floor-next": time, "floor-extend": time,
	volume: (detail) => `${detail} %`,
};

const at = new Intl.DateTimeFormat(undefined, {
	dateStyle: "short", timeStyle: "medium" });

function Rows({ rows }) {
	return (
		<div class="scroll" tabIndex={0} role="group" aria-label={words.auditTitle}>
			<table role="table" class="audit">
				<thead role="rowgroup">
					<tr role="row">
						{["time", "auditWho", "auditWhat", "auditWhom", "auditDetail",
							"auditOutcome", "auditFrom"].map((name) =>
							<th key={name} role="columnheader" scope="col">{words[name]}</th>)}
					</tr>
				</thead>
				<tbody role="rowgroup">
					{rows.map((row) => (
						<tr key={row.row} role="row">
							<td role="cell">{at.format(1000 * row.at)}</td>
							<th role="rowheader" scope="row"><bdi>{row.who}</bdi></th>
							<td role="cell">{words.command(row.what)}</td>
							<td role="cell"><bdi>{row.whom}</bdi></td>
							<td role="cell"><bdi>{details[row.what]?.(row.detail) ?? row.detail}</bdi></td>
							<td role="cell" class={row.outcome === "done" ? "" : "refused"}>
								{words.outcome(row.outcome)}</td>
							<td role="cell">{row.from}</td>
						</tr>
					))}
				</tbody>
			</table>
		</div>
	);
}

export function Audit({ state, ask, onClose }) {
	const [rows, setRows] = useState([]);
	const [more, setMore] = useState(false);
	const room = state.room.address;

	async function load(before) {
		const { message } = await ask({ do: "audit", limit: ROWS, ...before });
		if (!message)
			return;
		setRows((had) => [...(before ? had : []), ...message.rows]);
		setMore(message.more);
	}
	useEffect(() => { load(); }, []);
	useEffect(() => {
		const { audited } = state;
		if (audited)
			setRows((had) => (had.length && had[0].row < audited.row
				? [audited, ...had] : had));
	}, [state.audited]);
	return (
		<Dialog title={words.auditTitle} wide onClose={onClose}>
			{rows.length ? <Rows rows={rows} /> : <p>{words.auditEmpty}</p>}
			<p class="buttons start">
				{more && <button type="button"
					onClick={() => load({ before: rows.at(-1).row })}>
					{words.auditMore}</button>}
				<a href={`/api/audit/${encodeURIComponent(room).replace("%40", "@")}.csv`} download>
					{words.auditCsv}</a>
			</p>
		</Dialog>
	);
}
