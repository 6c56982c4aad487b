// The room at a glance: a bar of figures over its people.

import { glance } from "./glance.js";
import { words } from "./words.js";

const GATES = 6; // that are named; of more only how many are full
const NAMES = 3;
const SLOW = 60; // s that mail takes, from where on it is an alarm

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });

function Fact({ name, children, alarm }) {
	return (
		<div class={alarm ? "fact alarm" : "fact"}>
			<dt>{name}</dt>
			<dd>{children}</dd>
		</div>
	);
}

function Gates({ gates }) {
	if (gates.length > GATES) {
		const full = gates.filter(({ taken, places }) => places && taken >= places);
		return words.manyGates(gates.length, full.length);
	}
	return (
		<ul class="gates">
			{gates.map(({ gate, taken, places }) => (
				<li key={gate} class={places && taken >= places ? "full" : ""}>
					<bdi>{gate}</bdi> <b>{places ? `${taken}/${places}` : taken}</b>
				</li>
			))}
		</ul>
	);
}

function talkersText(talking) {
	const names = talking.slice(0, NAMES).map(({ name }) => name).join(words.comma);
	return talking.length > NAMES ? `${names}…` : names;
}

/** Who gets in. */
function Door({ status: { locked, lobby, pin } }) {
	return (
		<Fact name={words.door}>
			<b>{locked ? words.locked : words.open}</b>
			<small>{[lobby && words.lobbyIsOn, pin && words.pinIsSet]
				.filter(Boolean).join(words.comma)}</small>
		</Fact>
	);
}

function Recording({ recording }) {
	return (
		<Fact name={words.recordingIs}>
			<b>{recording ? words.recordingOnSince(clock.format(recording.since))
				: words.recordingIsOff}</b>
		</Fact>
	);
}

/** How long who mails now must wait to be read, as the last ones had to. */
function Mail({ seconds }) {
	return (
		<Fact name={words.mailTakes} alarm={seconds > SLOW}>
			<b>{words.mailTime(seconds)}</b>
			<small>{words.mailMedian}</small>
		</Fact>
	);
}

export function RoomBar({ state, people, onOpen }) {
	const { here, invited, talking, gates, worst, alarms } = glance(state);

	return (
		<dl class="roombar">
			<Fact name={words.participants}>
				<b>{words.people(people, state.room.capacity)}</b>
				<small>{words.hereInvited(here, invited)}</small>
			</Fact>
			{state.status.locked !== undefined && <Door status={state.status} />}
			{state.does.has("record") && <Recording {...state.status} />}
			<Fact name={words.filter("talking")}>
				<b>{talking.length}</b>
				<small class="talkers"><bdi>{talkersText(talking)}</bdi></small>
			</Fact>
			{gates.length > 0 &&
				<Fact name={words.gates}><Gates gates={gates} /></Fact>}
			{Number.isInteger(state.status.mail_delay) &&
				<Mail seconds={state.status.mail_delay} />}
			<Fact name={words.worstLeg} alarm={worst?.band === "poor"}>
				{worst ? <>
					<button class="link" onClick={() => onOpen(worst.member.id)}
						aria-label={words.openWhom(worst.member.name)}>
						<bdi>{worst.member.name}</bdi>
					</button>
					<small class={worst.band}>
						{words.band(worst.band)}
						{worst.cause && ` · ${words.cause(worst.cause, worst.way)}`}
					</small>
				</> : words.allGood}
			</Fact>
			<Fact name={words.alarms} alarm={alarms.length > 0}>
				{alarms.length
					? <ul class="alarms">
						{alarms.map(({ word, what }) => (
							<li key={word + what.join()}>{words[word](...what)}</li>
						))}
					</ul>
					: words.noAlarms}
			</Fact>
		</dl>
	);
}
