// Who is called into the room and is not there yet: by mail, or out of another
// room.

import { words } from "./words.js";

const time = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });

function Guest({ guest }) {
	const { address, name, how, state, until, by } = guest;

	return (
		<li data-expected={address}>
			<span>
				<bdi>{name || address}</bdi>
				{name && <small><bdi>{address}</bdi></small>}
			</span>
			<span>
				{words.expectedHow(state === "waiting" ? how : state)}
				<small>{words.expectedUntil(time.format(1000 * until), by)}</small>
			</span>
		</li>
	);
}

/** Who has a seat already stands among the people. */
export function Expected({ state }) {
	const seated = new Set([...state.members.values()].map(({ address }) => address));
	const guests = state.expected.filter(({ address }) => !seated.has(address));

	if (!guests.length)
		return null;
	return (
		<section class="box" aria-labelledby="expected">
			<h2 id="expected">{words.expectedTitle(guests.length)}</h2>
			<ul class="plain">
				{guests.map((guest) => <Guest key={guest.address} guest={guest} />)}
			</ul>
		</section>
	);
}
