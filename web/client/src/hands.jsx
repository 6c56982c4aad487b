// Who wants to speak, in the order in which they asked; and who has the floor.

import { useState } from "preact/hooks";

import { minutes, useNow } from "./time.jsx";
import { words } from "./words.js";

const TIMES = [0, 60, 120, 180, 300, 600]; // seconds; 0: no limit
const MORE = 60; // seconds, for who has the floor

function Floor({ floor, member, act, now }) {
	const left = floor.until && (floor.until - now) / 1000;

	return (
		<p class="floor">
			<span>
				<b>{words.hasFloor(member?.name ?? "")}</b>{" "}
				{left !== null && <small>{words.timeLeft(minutes(left))}</small>}
			</span>
			{left !== null &&
				<button onClick={() => act({ do: "floor-extend", seconds: MORE })}>
					{words.floorExtend}
				</button>}
			<button onClick={() => act({ do: "floor-end" })}>{words.floorEnd}</button>
		</p>
	);
}

function Hand({ member, place, act, now, time }) {
	const { id, name, hand } = member;

	return (
		<li data-hand={id}>
			<span>
				<bdi>{place}. {name}</bdi>
				<small>{words.waits(minutes((now - hand) / 1000))}</small>
			</span>
			<button onClick={() => act({ do: "floor", member: id, ...time })}
				aria-label={words.floorWhom(name)}>
				{words.giveFloor}
			</button>
			<button onClick={() => act({ do: "hand", member: id, on: false })}
				aria-label={words.lowerWhom(name)}>
				{words.lower}
			</button>
		</li>
	);
}

function Time({ seconds, setSeconds }) {
	return (
		<label class="inline">
			{words.floorTime}
			<select value={seconds}
				onChange={(event) => setSeconds(Number(event.target.value))}>
				{TIMES.map((each) => (
					<option key={each} value={each}>
						{each ? words.minutes(each / 60) : words.noLimit}</option>
				))}
			</select>
		</label>
	);
}

/** Hands that are up, who waited longest first. */
export function queue(members) {
	return [...members.values()].filter(({ hand }) => hand)
		.sort((a, b) => a.hand - b.hand);
}

export function Hands({ state, act }) {
	const up = queue(state.members);
	const { floor } = state.status;
	const [seconds, setSeconds] = useState(0);
	const now = useNow(up.length > 0 || Boolean(floor)) + state.ahead;
	const time = seconds ? { seconds } : {};

	if (!up.length && !floor)
		return null;
	return (
		<section class="box" aria-labelledby="hands">
			<h2 id="hands">{words.handsTitle(up.length)}</h2>
			{floor && <Floor floor={floor} member={state.members.get(floor.member)}
				act={act} now={now} />}
			{up.length > 0 && <>
				<ol class="plain">
					{up.map((member, i) => (
						<Hand key={member.id} member={member} place={i + 1} act={act}
							now={now} time={time} />
					))}
				</ol>
				<div class="line">
					<button class="primary" onClick={() => act({ do: "floor-next", ...time })}>
						{words.floorNext(up[0].name)}
					</button>
					<Time seconds={seconds} setSeconds={setSeconds} />
					<button onClick={() => act({ do: "hands-down" })}>
						{words.handsDown}
					</button>
				</div>
			</>}
		</section>
	);
}
