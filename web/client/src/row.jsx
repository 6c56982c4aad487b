// One person: who, how, and what a moderator can do about it.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";

import { meter } from "./meters.js";
import { Quality } from "./quality.jsx";
import { words } from "./words.js";

function Who({ member }) {
	return (
		<th role="rowheader" scope="row" class="person">
			<bdi class="name">{member.name}</bdi>
			{member.name !== member.address &&
				<bdi class="address">{member.address}</bdi>}
			{member.via === "tool" &&
				<span class="badge invited">{words.tool}</span>}
		</th>
	);
}

function mutedText(mutedBy) {
	return mutedBy ? words.mutedBy(mutedBy) : words.muted;
}

function State({ member, mutedBy }) {
	if (member.state === "invited")
		return <span class="badge invited">{words.invited}</span>;
	return (
		<>
			{member.muted &&
				<span class="badge muted">{mutedText(mutedBy)}</span>}
			{member.self_muted &&
				<span class="badge self">{words.selfMuted}</span>}
			{!member.muted && !member.self_muted && (member.talking
				? <span class="badge talking">{words.talking}</span>
				: <span class="badge quiet">{words.listening}</span>)}
		</>
	);
}

function Meter({ member }) {
	const ref = useCallback(meter(member.id), [member.id]);

	if (member.state !== "here")
		return null;
	return (
		<div class={member.muted ? "meter unheard" : "meter"}
			role="meter" ref={ref} aria-valuemin="-60"
			aria-valuemax="0" aria-valuenow="-60"
			aria-label={words.levelOf(member.name)}>
			<div class="cover" />
		</div>
	);
}

/** How loud the others hear him. Sent when it is let go; until the answer it
 * stays where it was put, whatever else the bridge says meanwhile. */
function Volume({ member, act }) {
	const [held, setHeld] = useState(null);
	const { id, name, volume } = member;
	const percent = held ?? volume;

	if (member.state !== "here")
		return null;
	async function send(event) {
		await act({ do: "volume", member: id, percent: Number(event.target.value) });
		setHeld(null);
	}
	return (
		<label class="volume">
			<input type="range" min="0" max="400" step="10" value={percent}
				aria-label={words.volumeOf(name)} aria-valuetext={`${percent} %`}
				onInput={(event) => setHeld(Number(event.target.value))}
				onChange={send} />
			<output aria-hidden="true">{percent} %</output>
		</label>
	);
}

function Actions({ member, act, onKick }) {
	const { id, name, muted } = member;

	return (
		<>
			<button onClick={() => act({ do: muted ? "unmute" : "mute", member: id })}
				aria-label={muted ? words.unmuteWhom(name) : words.muteWhom(name)}>
				{muted ? words.unmute : words.mute}
			</button>
			<button class="danger" onClick={() => onKick(member)}
				aria-label={words.kickWhom(name)}>
				{words.kick}
			</button>
		</>
	);
}

export function Row({ member, mutedBy, act, onKick }) {
	return (
		<tr role="row" data-member={member.id} class={member.state}>
			<Who member={member} />
			<td role="cell" class="state">
				<State member={member} mutedBy={mutedBy} />
			</td>
			<td role="cell" class="level">
				<Meter member={member} />
				<Volume member={member} act={act} />
			</td>
			<td role="cell"><Quality member={member} /></td>
			<td role="cell" class="gate">
				{member.gate}
				<bdi class="address">{member.path}</bdi>
			</td>
			<td role="cell" class="actions">
				<Actions member={member} act={act} onKick={onKick} />
			</td>
		</tr>
	);
}

/** Asks before somebody's call is ended. */
export function KickDialog({ member, act, onClose }) {
	const dialog = useRef(null);

	useEffect(() => dialog.current.showModal(), []);
	function submit(event) {
		const reason = new FormData(event.target).get("reason").trim();
		act({ do: "kick", member: member.id, reason });
	}
	return (
		<dialog ref={dialog} onClose={onClose} aria-labelledby="kick-title">
			<form method="dialog" onSubmit={submit}>
				<h2 id="kick-title">{words.kickTitle(member.name)}</h2>
				<p>{words.kickExplain}</p>
				<label>
					{words.kickReason}
					<input name="reason" maxlength="60" autocomplete="off" />
				</label>
				<div class="buttons">
					<button type="button" onClick={() => dialog.current.close()}>
						{words.cancel}
					</button>
					<button class="danger solid">{words.kick}</button>
				</div>
			</form>
		</dialog>
	);
}
