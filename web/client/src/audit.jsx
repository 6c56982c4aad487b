// Who did what in the room, the newest first, and all of it as a file.

import { useEffect, useState } from "preact/hooks";

import { Dialog } from "./dialog.jsx";
import { words } from "./words.js";

const ROWS = 50;

const at = new Intl.DateTimeFormat(undefined, {
	dateStyle: "short", timeStyle: "medium" });

function Rows({ rows }) {
	return (
		<div class="scroll" tabIndex={0} role="group" aria-label={words.auditTitle}>
			<table>
				<thead>
					<tr>
						{["time", "auditWho", "auditWhat", "auditWhom", "auditDetail",
							"auditOutcome", "auditFrom"].map((name) =>
							<th key={name} scope="col">{words[name]}</th>)}
					</tr>
				</thead>
				<tbody>
					{rows.map((row) => (
						<tr key={row.row}>
							<td>{at.format(1000 * row.at)}</td>
							<th scope="row"><bdi>{row.who}</bdi></th>
							<td>{words.command(row.what)}</td>
							<td><bdi>{row.whom}</bdi></td>
							<td><bdi>{row.detail}</bdi></td>
							<td class={row.outcome === "done" ? "" : "refused"}>
								{row.outcome === "done" ? words.done : row.outcome}</td>
							<td>{row.from}</td>
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
