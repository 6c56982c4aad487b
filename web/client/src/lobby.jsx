// Who waits to come in: a name, and two buttons.

import { words } from "./words.js";

function Held({ member, act, open }) {
	const { id, name, address } = member;

	return (
		<li data-held={id}>
			<span>
				<bdi>{name}</bdi>
				{name !== address && <small><bdi>{address}</bdi></small>}
			</span>
			<button class="primary" onClick={() => act({ do: "admit", member: id })}
				aria-label={words.admitWhom(name)}>
				{words.admit}
			</button>
			<button class="danger" onClick={() => open({ dialog: "refuse", id })}
				aria-label={words.refuseWhom(name)}>
				{words.refuse}
			</button>
		</li>
	);
}

export function Lobby({ state, act, open }) {
	const held = [...state.members.values()].filter((member) => member.held);

	if (!held.length)
		return null;
	return (
		<section class="box" aria-labelledby="lobby">
			<h2 id="lobby">{words.lobbyTitle(held.length)}</h2>
			<ul class="plain">
				{held.map((member) =>
					<Held key={member.id} member={member} act={act} open={open} />)}
			</ul>
			{held.length > 1 &&
				<button onClick={() => act({ do: "admit-all" })}>
					{words.admitAll(held.length)}
				</button>}
		</section>
	);
}
