// The quality of one member's sound: a word and its cause, and behind it the
// figures of both ways.

import { useState } from "preact/hooks";

import { figures, quality } from "./quality.js";
import { words } from "./words.js";

function Figures({ member }) {
	const roundTrip = member.round_trip_ms;

	return (
		<>
			<dl>
				<dt />
				<dd>{words.from}</dd>
				<dd>{words.to}</dd>
				{figures(member).map(([name, from, to]) => (
					<>
						<dt>{words.figureName(name)}</dt>
						<dd><span class="hidden">{words.from} </span>{from}</dd>
						<dd><span class="hidden">{words.to} </span>{to}</dd>
					</>
				))}
			</dl>
			{roundTrip !== undefined && <p>{words.roundTrip(Math.round(roundTrip))}</p>}
		</>
	);
}

export function Quality({ member, stop }) {
	const [open, setOpen] = useState(false);
	const { band, cause, way } = quality(member);

	if (member.state !== "here")
		return null;
	return (
		<details class={`quality ${band}`}
			onToggle={(event) => setOpen(event.currentTarget.open)}>
			<summary {...stop}>
				<b>{words.band(band)}</b>
				{cause && <span>{words.cause(cause, way)}</span>}
			</summary>
			{open && <Figures member={member} />}
		</details>
	);
}
