// Which charts there are: of a person, and of the room.

import { useEffect, useState } from "preact/hooks";

import { Chart } from "./chart.jsx";
import { words } from "./words.js";

const tenths = new Intl.NumberFormat(undefined, {
	minimumFractionDigits: 1, maximumFractionDigits: 1 });
const parts = new Intl.NumberFormat(undefined, {
	style: "percent", maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });

const mos = { range: () => [1, 4.5], format: (value) => tenths.format(value) };
const loss = {
	range: (low, high) => [0, Math.max(0.05, 1.1 * high)],
	format: (value) => parts.format(value),
};
const delay = {
	range: (low, high) => [0, Math.max(50, 1.1 * high)],
	format: (value) => words.milliseconds(whole.format(value)),
};
const people = {
	range: (low, high) => [0, Math.max(5, Math.ceil(1.1 * high))],
	format: (value) => whole.format(value),
};
const share = {
	range: () => [0, 1],
	format: (value) => parts.format(value),
};

const ofMember = [
	{ key: "mos", ...mos, series: ["mos_in", "mos_out"] },
	{ key: "loss", ...loss, series: ["loss_in", "late_in", "loss_out"] },
	{ key: "delay", ...delay, series: ["round_trip", "jitter_in", "jitter_out"] },
];

const ofRoom = [
	{ key: "people", ...people, series: ["people", "talkers", "trouble"] },
	{ key: "mos", ...mos, series: ["mos_worst"] },
	{ key: "loss", ...loss, series: ["loss_worst"] },
	{ key: "stress", ...share, series: ["stress"] },
];

function Charts({ charts, columns }) {
	if (!columns?.at.length)
		return <p class="hint">{words.nothingKnown}</p>;
	return (
		<div class="charts">
			{charts.map((chart) => (
				<Chart key={chart.key} columns={columns}
					chart={{ ...chart, title: words.chart(chart.key) }} />
			))}
		</div>
	);
}

/** Asks the bridge for the time before the page was open, of the room that is
 * watched or of one of its people. */
function usePast({ state, history, ask, id }) {
	useEffect(() => {
		let wanted = state.does.has("history");
		if (wanted)
			ask({ do: "history", ...(id && { member: id }) }).then(({ message }) =>
				wanted && message && history.remember(id, message));
		return () => {
			wanted = false;
		};
	}, [state.room?.address, id]);
}

export function MemberCharts({ history, member, state, ask }) {
	usePast({ state, history, ask, id: member.id });
	return <Charts charts={ofMember} columns={history.of(member.id)} />;
}

function OfRoom({ history, ...past }) {
	usePast({ history, ...past });
	return <Charts charts={ofRoom} columns={history.of()} />;
}

/** Costs nothing until it is opened. */
export function RoomCharts(props) {
	const [open, setOpen] = useState(false);

	return (
		<details class="over-time" open={open}
			onToggle={(event) => setOpen(event.currentTarget.open)}>
			<summary><h2>{words.overTime}</h2></summary>
			{open && <OfRoom {...props} />}
		</details>
	);
}
