// One person: who, how, and what a moderator can do about it. A row is drawn
// again only when something of it is another.

import { Component } from "preact";
import { useCallback, useState } from "preact/hooks";

import { meter } from "./meters.js";
import { Quality } from "./quality.jsx";
import { minutes } from "./time.jsx";
import { words } from "./words.js";

function Who({ member, stop, onOpen }) {
	return (
		<th role="rowheader" scope="row" class="person">
			<button class="name" {...stop} onClick={() => onOpen(member.id)}
				aria-label={words.openWhom(member.name)}>
				<bdi>{member.name}</bdi>
			</button>
			{member.name !== member.address &&
				<bdi class="address">{member.address}</bdi>}
			{member.via === "tool" &&
				<span class="badge invited">{words.tool}</span>}
			{member.role && member.role !== "member" &&
				<span class="badge role">{words.roleName(member.role)}</span>}
		</th>
	);
}

function mutedText(mutedBy) {
	return mutedBy ? words.mutedBy(mutedBy) : words.muted;
}

function State({ member }) {
	if (member.state === "invited")
		return <span class="badge invited">{words.invited}</span>;
	return (
		<>
			{member.muted &&
				<span class="badge muted">{mutedText(member.muted_by)}</span>}
			{member.self_muted &&
				<span class="badge self">{words.selfMuted}</span>}
			{!member.muted && !member.self_muted && (member.talking
				? <span class="badge talking">{words.talking}</span>
				: <span class="badge quiet">{words.listening}</span>)}
			{member.hand && <span class="badge hand">{words.handUp}</span>}
			{member.asked && <span class="badge self">{words.asked(member.asked)}</span>}
			{member.talked_s > 0 &&
				<small class="talked">{words.talkedFor(minutes(member.talked_s))}</small>}
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
function Volume({ member, stop, act }) {
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
			<input type="range" min="0" max="400" step="10" value={percent} {...stop}
				aria-label={words.volumeOf(name)} aria-valuetext={`${percent} %`}
				onInput={(event) => setHeld(Number(event.target.value))}
				onChange={send} />
			<output aria-hidden="true">{percent} %</output>
		</label>
	);
}

function Actions({ member, stop, does, act, onKick }) {
	const { id, name, muted, self_muted: closed, via } = member;

	return (
		<>
			<button {...stop}
				onClick={() => act({ do: muted ? "unmute" : "mute", member: id })}
				aria-label={muted ? words.unmuteWhom(name) : words.muteWhom(name)}>
				{muted ? words.unmute : words.mute}
			</button>
			{closed && does.has("ask-unmute") && via !== "tool" &&
				<button {...stop} onClick={() => act({ do: "ask-unmute", member: id })}
					aria-label={words.askUnmuteWhom(name)}>
					{words.askUnmute}
				</button>}
			<button class="danger" {...stop} onClick={() => onKick(member)}
				aria-label={words.kickWhom(name)}>
				{words.kick}
			</button>
		</>
	);
}

/** `current` is the row whose controls the Tab key stops at; `index` counts
 * from 0 among all rows, in the page or not. act, onKick and onOpen must do the
 * same however often they are made. */
export class Row extends Component {
	shouldComponentUpdate(next) {
		return ["member", "current", "index", "hop", "does"].some((name) =>
			next[name] !== this.props[name]);
	}

	render({ member, current, index, hop, does, act, onKick, onOpen }) {
		const stop = { tabIndex: current ? 0 : -1 };

		return (
			<tr role="row" data-member={member.id} class={member.state}
				aria-rowindex={index + 2}>
				<Who member={member} stop={stop} onOpen={onOpen} />
				<td role="cell" class="state">
					<State member={member} />
				</td>
				<td role="cell" class="level">
					<Meter member={member} />
					<Volume member={member} stop={stop} act={act} />
				</td>
				<td role="cell"><Quality member={member} stop={stop} /></td>
				<td role="cell" class="gate">
					{member.gate}
					{hop !== undefined && <small> {words.hop(hop)}</small>}
					<bdi class="address">{member.path}</bdi>
				</td>
				<td role="cell" class="actions">
					<Actions member={member} stop={stop} does={does} act={act}
						onKick={onKick} />
				</td>
			</tr>
		);
	}
}
