// What can be played to the room, and what is being played.

import { useEffect, useState } from "preact/hooks";

import { Dialog } from "./dialog.jsx";
import { minutes } from "./time.jsx";
import { words } from "./words.js";

export function Announcing({ announcing, act }) {
	return announcing && (
		<p class="box floor">
			<span>{words.announcing(announcing.name)}</span>
			<button onClick={() => act({ do: "announce-end" })}>
				{words.announceEnd}
			</button>
		</p>
	);
}

export function Announcements({ ask, act, onClose }) {
	const [list, setList] = useState(null);

	useEffect(() => {
		ask({ do: "announcements" }).then(({ message }) =>
			message && setList(message.announcements));
	}, []);
	return (
		<Dialog title={words.announceTitle} onClose={onClose}>
			<p>{list?.length === 0 ? words.noAnnouncements : words.announceExplain}</p>
			{list?.length > 0 && <ul class="plain">
				{list.map(({ name, seconds }) => (
					<li key={name}>
						<span><bdi>{name}</bdi><small>{minutes(seconds)}</small></span>
						<button type="button" aria-label={words.playWhat(name)}
							onClick={() => act({ do: "announce", name })}>
							{words.play}
						</button>
					</li>
				))}
			</ul>}
		</Dialog>
	);
}
