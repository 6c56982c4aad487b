// The dialogs of what is done to the whole room.

import { Dialog } from "./dialog.jsx";
import { words } from "./words.js";

const at = new Intl.DateTimeFormat(undefined, {
	dateStyle: "medium", timeStyle: "short" });

export function MuteAll({ state, act, onClose }) {
	const people = [...state.members.values()].filter(({ held }) => !held);

	function submit(form) {
		const but = form.getAll("but").map(Number).filter(Boolean);
		act({ do: "mute-all", ...(but.length && { but }) });
	}
	return (
		<Dialog title={words.muteAllTitle} confirm={words.muteAllConfirm}
			onSubmit={submit} onClose={onClose}>
			<p>{words.muteAllExplain(people.length)}</p>
			<fieldset class="many-checks">
				<legend>{words.muteAllBut}</legend>
				{people.map(({ id, name }) => (
					<label key={id} class="check">
						<input type="checkbox" name="but" value={id} />
						<bdi>{name}</bdi>
					</label>
				))}
			</fieldset>
		</Dialog>
	);
}

export function Pin({ state, act, onClose }) {
	return (
		<Dialog title={words.pinTitle} confirm={words.pinConfirm}
			onSubmit={(form) => act({ do: "pin", pin: form.get("pin").trim() })}
			onClose={onClose}>
			<p>{words.pinExplain}</p>
			<label>
				{words.pin}
				<input name="pin" maxlength="32" autocomplete="off" spellcheck={false}
					defaultValue={state.status.pin ?? ""} />
			</label>
		</Dialog>
	);
}

/* How the bridge can call somebody in. */
const HOWS = ["phone"];

export function Invite({ state, act, onClose }) {
	function submit(form) {
		const name = form.get("name").trim();
		act({ do: "invite", address: form.get("address").trim(),
			how: form.get("how") ?? HOWS[0], ...(name && { name }) });
	}
	return (
		<Dialog title={words.inviteTitle(state.room.name)} confirm={words.inviteConfirm}
			onSubmit={submit} onClose={onClose}>
			<label>
				{words.mailAddress}
				<input name="address" type="text" inputmode="email" required
					autocomplete="off" autocapitalize="none" spellcheck={false}
					pattern="\S+@\S+" />
			</label>
			<label>
				{words.inviteName}
				<input name="name" autocomplete="off" maxlength="100" />
			</label>
			{HOWS.length > 1 && <fieldset>
				<legend>{words.inviteHow}</legend>
				{HOWS.map((how, i) => (
					<label key={how} class="check">
						<input type="radio" name="how" value={how} defaultChecked={i === 0} />
						{words.inviteBy(how)}
					</label>
				))}
			</fieldset>}
			{HOWS.length === 1 && <p>{words.inviteBy(HOWS[0])}</p>}
		</Dialog>
	);
}

export function End({ state, act, onClose }) {
	return (
		<Dialog title={words.endTitle(state.room.name)} confirm={words.endConfirm} danger
			onSubmit={(form) => act({ do: "end", reason: form.get("reason").trim() })}
			onClose={onClose}>
			<p>{words.endExplain(state.members.size)}</p>
			<label>
				{words.kickReason}
				<input name="reason" maxlength="60" autocomplete="off" />
			</label>
		</Dialog>
	);
}

export function Bans({ state, act, onClose }) {
	return (
		<Dialog title={words.bansTitle} wide onClose={onClose}>
			<p>{state.bans.length ? words.bansExplain : words.noBans}</p>
			<ul class="plain">
				{state.bans.map(({ address, until, by, reason }) => (
					<li key={address}>
						<span>
							<bdi>{address}</bdi>
							<small>{words.bannedUntil(at.format(1000 * until), by)}
								{reason && ` · ${reason}`}</small>
						</span>
						<button type="button" onClick={() => act({ do: "unban", address })}
							aria-label={words.unbanWhom(address)}>
							{words.unban}
						</button>
					</li>
				))}
			</ul>
		</Dialog>
	);
}
