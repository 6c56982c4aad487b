// Log-in by mailed link. The token of a link is used only when the button is
// pressed: what opens links by itself uses nothing up.

import { useState } from "preact/hooks";

import { askForLink, logIn } from "./api.js";
import { language, words } from "./words.js";

const errors = {
	"bad-token": words.badToken,
	"too-many": words.tooMany,
	malformed: words.badAddress,
};

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

function Failure({ code }) {
	return (
		<p class="failure" role="alert">
			{code && (errors[code] ?? words.failed)}
		</p>
	);
}

function UseLink({ token, onLogIn, onBad }) {
	const [busy, setBusy] = useState(false);

	async function submit(event) {
		event.preventDefault();
		if (busy)
			return;
		setBusy(true);
		const answer = await logIn(token);
		setBusy(false);
		if (answer.ok)
			onLogIn();
		else
			onBad(answer.error ?? "failed");
	}
	return (
		<Card title={words.linkTitle}>
			<p>{words.linkExplain}</p>
			<form onSubmit={submit}>
				<button class="primary" aria-disabled={busy}>{words.logIn}</button>
			</form>
		</Card>
	);
}

function AskForLink({ failure }) {
	const [address, setAddress] = useState("");
	const [error, setError] = useState(failure);
	const [asked, setAsked] = useState(false);
	const [busy, setBusy] = useState(false);

	async function submit(event) {
		event.preventDefault();
		if (busy)
			return;
		setBusy(true);
		setError("");
		const answer = await askForLink(address, language);
		setBusy(false);
		if (answer.ok)
			setAsked(true);
		else
			setError(answer.error ?? "failed");
	}
	if (asked)
		return (
			<Card title={words.loginTitle}>
				<p role="status">{words.linkMailed(address)}</p>
				<button onClick={() => setAsked(false)}>{words.otherAddress}</button>
			</Card>
		);
	return (
		<Card title={words.loginTitle}>
			<p>{words.loginExplain}</p>
			<form onSubmit={submit}>
				<label>
					{words.mailAddress}
					<input type="text" inputmode="email" name="address"
						autocomplete="email" autocapitalize="none"
						spellcheck={false} required value={address}
						onInput={(event) => setAddress(event.target.value)} />
				</label>
				<button class="primary" aria-disabled={busy}>{words.mailLink}</button>
			</form>
			<Failure code={error} />
		</Card>
	);
}

export function Login({ token, onLogIn }) {
	const [failure, setFailure] = useState("");

	if (token && !failure)
		return <UseLink token={token} onLogIn={onLogIn} onBad={setFailure} />;
	return <AskForLink failure={failure} />;
}
