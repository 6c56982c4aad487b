// Who is here, and who talks.

import { words } from "./words.js";

function Person({ person, me, talks }) {
	const { name, role, muted, hand, floor } = person;
	const marks = [
		role === "moderator" && words.moderator,
		floor && words.hasFloor,
		hand && words.handUp,
		muted && words.muted,
		talks && !muted && words.talking,
	].filter(Boolean);

	return (
		<li class={talks && !muted ? "talks" : ""} data-member={person.id}>
			<span class="name">{name}</span>
			{me && <span class="who"> ({words.you})</span>}
			{marks.map((mark) => <span key={mark} class="mark">{mark}</span>)}
		</li>
	);
}

export function People({ state }) {
	const { people, n, me, talking } = state;

	return (
		<section>
			<h2>{words.whoIsHere(n)}</h2>
			<ul class="people">
				{people.map((person) => (
					<Person key={person.id} person={person} me={person.id === me}
						talks={talking.has(person.id)} />))}
			</ul>
			{n > people.length && <p class="hint">{words.andMore(n - people.length)}</p>}
		</section>
	);
}
