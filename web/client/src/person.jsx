// One person, closer: how the sound did over time.

import { useRef } from "preact/hooks";

import { MemberCharts } from "./charts.jsx";
import { Dialog } from "./dialog.jsx";
import { PersonActions } from "./personactions.jsx";
import { quality } from "./quality.js";
import { words } from "./words.js";

/** `member` is undefined once he has left: what was known then stays. */
export function Person({ member, state, history, act, ask, open, onClose }) {
	const last = useRef(null);
	const shown = member ?? last.current;

	last.current = shown;
	if (!shown)
		return null;
	const { band, cause, way } = quality(shown);
	return (
		<Dialog title={shown.name} wide onClose={onClose}>
			<p class="about">
				<bdi>{shown.address}</bdi> · {shown.gate}
				{shown.state === "here" && <>
					{" · "}<b class={band}>{words.band(band)}</b>{" "}
					{cause && words.cause(cause, way)}
				</>}
			</p>
			{member && <PersonActions member={member} state={state} act={act}
				open={open} />}
			{!member && <p class="failure">{words.notHere}</p>}
			<MemberCharts history={history} member={shown} state={state} ask={ask} />
		</Dialog>
	);
}
