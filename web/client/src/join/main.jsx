// The page of a join link: what the link is for, the microphone before one
// enters, the room, and why it is over.

import { render } from "preact";
import { useEffect, useState } from "preact/hooks";

import { look, open, secret } from "./link.js";
import { Room } from "./room.jsx";
import { Setup } from "./setup.jsx";
import { language, words } from "./words.js";

function Card({ title, children }) {
	return (
		<main class="login">
			<div class="card">
				<img src="/icon.svg" alt="" width="48" height="48" />
				<h1>{title}</h1>
				{children}
			</div>
		</main>
	);
}

function WriteAgain({ room }) {
	return (
		<>
			<p>{words.writeAgain}</p>
			{room && <p><a href={`mailto:${encodeURIComponent(room)}`}>{words.writeTo(room)}</a></p>}
		</>
	);
}

/** Those that come to an end without a fresh link. */
const passing = ["locked", "full", "failed", "too-many"];

function Refused({ code, room, onAgain }) {
	return (
		<Card title={words.cannotJoin}>
			<p role="alert">{words.refusal(code)}</p>
			{passing.includes(code)
				? <button class="primary" onClick={onAgain}>{words.tryAgain}</button>
				: code !== "banned" && code !== "no-link" && code !== "no-room" &&
					<WriteAgain room={room} />}
		</Card>
	);
}

/** After these the same session is good for more. */
const returning = ["left", "replaced"];

function Over({ why, text, room, onAgain }) {
	return (
		<Card title={words.overTitle(why)}>
			<div role="alert">{text && <p>{words.reason(text)}</p>}</div>
			{returning.includes(why)
				? <button class="primary" onClick={onAgain}>{words.joinAgain}</button>
				: why !== "banned" && <WriteAgain room={room} />}
		</Card>
	);
}

function App() {
	const [token, setToken] = useState(secret);
	const [link, setLink] = useState(null); // as the bridge describes it
	const [state, setState] = useState({ is: "loading" });

	async function start() {
		setState({ is: "loading" });
		const answer = token ? await look(token) : { error: "no-link" };
		setLink(answer);
		setState(answer.error ? { is: "refused", code: answer.error } : { is: "ready" });
	}
	useEffect(() => {
		start();
	}, []);

	/** with: the microphone and what was chosen. */
	async function enter(chosen) {
		const answer = await open(token);
		if (answer.error) {
			chosen.microphone.close();
			setState({ is: "refused", code: answer.error });
			return;
		}
		chosen.microphone.rest();
		setToken(answer.session);
		setLink(answer);
		setState({ is: "room", chosen });
	}

	switch (state.is) {
	case "ready":
		return <Card title={words.joinRoom(link.room_name)}>
			<Setup link={link} onJoin={enter} />
		</Card>;
	case "room":
		return <Room link={link} chosen={state.chosen}
			onOver={(why, text) => setState({ is: "over", why, text })}
			onRefused={(code) => setState({ is: "refused", code })} />;
	case "over":
		return <Over {...state} room={link.room} onAgain={start} />;
	case "refused":
		return <Refused {...state} room={link.room} onAgain={start} />;
	default:
		return <p class="loading" role="status">{words.loading}</p>;
	}
}

document.documentElement.lang = language;
document.title = words.product;
document.getElementById("app").replaceChildren();
render(<App />, document.getElementById("app"));
