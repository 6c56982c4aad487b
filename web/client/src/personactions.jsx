// What can be done to one person beyond what stands in the row.

import { useState } from "preact/hooks";

import { Dialog } from "./dialog.jsx";
import { words } from "./words.js";

const ROLES = ["moderator", "member", "listener"];
const BANS = [3600, 86400, 604800, 2592000, 31536000]; // seconds

/** command that the bridge must know, label, the command; or the name of a
 * dialog. Of a person who is held or on the way only some make sense. */
const actions = [
	["ask-unmute", ({ name }) => words.askUnmuteWhom(name),
		({ id }) => ({ do: "ask-unmute", member: id }),
		({ muted, self_muted, via }) => (muted || self_muted) && via !== "tool"],
	["hand", ({ name, hand }) => (hand ? words.lowerWhom(name) : words.raiseWhom(name)),
		({ id, hand }) => ({ do: "hand", member: id, on: !hand })],
	["floor", ({ name }) => words.floorWhom(name),
		({ id }) => ({ do: "floor", member: id })],
	["mute-all", ({ name }) => words.muteAllButWhom(name),
		({ id }) => ({ do: "mute-all", but: [id] })],
	["move", ({ name }) => words.moveWhom(name), "move",
		({ via, state }) => via === "mail" && state === "here"],
	["ban", ({ name }) => words.banWhom(name), "ban"],
];

function Role({ member, act }) {
	return (
		<label class="inline">
			{words.role}
			<select value={member.role} onChange={(event) =>
				act({ do: "role", member: member.id, role: event.target.value })}>
				{ROLES.map((role) =>
					<option key={role} value={role}>{words.roleName(role)}</option>)}
			</select>
		</label>
	);
}

export function PersonActions({ member, state, act, open }) {
	const { does, rooms } = state;
	const shown = actions.filter(([name, , , if_ = () => true]) =>
		does.has(name) && if_(member) && (name !== "move" || rooms.length > 1));

	return (
		<div class="line" role="group" aria-label={words.actions}>
			{shown.map(([name, label, what]) => (
				<button key={name} type="button" class={name === "ban" ? "danger" : ""}
					onClick={() => (typeof what === "string"
						? open({ dialog: what, id: member.id }) : act(what(member)))}>
					{label(member)}
				</button>
			))}
			{does.has("role") && member.role && <Role member={member} act={act} />}
		</div>
	);
}

export function Move({ member, state, act, onClose }) {
	const others = state.rooms.filter(({ room }) => room !== state.room.address);

	return (
		<Dialog title={words.moveTitle(member.name)} confirm={words.moveConfirm}
			onSubmit={(form) => act({ do: "move", member: member.id, to: form.get("to") })}
			onClose={onClose}>
			<p>{words.moveExplain}</p>
			<label>
				{words.moveTo}
				<select name="to">
					{others.map(({ room, name }) =>
						<option key={room} value={room}>{name}</option>)}
				</select>
			</label>
		</Dialog>
	);
}

export function Ban({ member, act, onClose }) {
	const [seconds, setSeconds] = useState(BANS[1]);

	function submit(form) {
		act({ do: "ban", member: member.id, seconds,
			reason: form.get("reason").trim() });
	}
	return (
		<Dialog title={words.banTitle(member.name)} confirm={words.ban} danger
			onSubmit={submit} onClose={onClose}>
			<p>{words.banExplain(member.address)}</p>
			<label>
				{words.banFor}
				<select value={seconds}
					onChange={(event) => setSeconds(Number(event.target.value))}>
					{BANS.map((each) =>
						<option key={each} value={each}>{words.span(each)}</option>)}
				</select>
			</label>
			<label>
				{words.kickReason}
				<input name="reason" maxlength="60" autocomplete="off" />
			</label>
		</Dialog>
	);
}

export function Refuse({ member, act, onClose }) {
	function submit(form) {
		act({ do: "refuse", member: member.id, reason: form.get("reason").trim() });
	}
	return (
		<Dialog title={words.refuseTitle(member.name)} confirm={words.refuseConfirm} danger
			onSubmit={submit} onClose={onClose}>
			<p>{words.refuseExplain}</p>
			<label>
				{words.kickReason}
				<input name="reason" maxlength="60" autocomplete="off" />
			</label>
		</Dialog>
	);
}
