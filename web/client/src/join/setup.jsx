// Before one enters: who one is, which microphone and speaker, whether they
// work.

import { useEffect, useRef, useState } from "preact/hooks";

import { canChooseSpeaker, devices, isAllowed, Microphone } from "./microphone.js";
import { words } from "./words.js";

const ARIA_EVERY = 1000; // ms: what a screen reader may ask for

function Level({ microphone }) {
	const bar = useRef(null);

	useEffect(() => {
		let frame = 0;
		let spoken = 0;
		function draw(now) {
			if (!bar.current) // it has just been taken away
				return;
			const level = microphone.level();
			bar.current.firstChild.style.transform = `scaleX(${level})`;
			if (now - spoken > ARIA_EVERY) {
				spoken = now;
				bar.current.setAttribute("aria-valuenow", Math.round(level * 100));
			}
			frame = requestAnimationFrame(draw);
		}
		frame = requestAnimationFrame(draw);
		return () => cancelAnimationFrame(frame);
	}, [microphone]);

	return (
		<div class="level" role="meter" aria-label={words.yourLevel}
			aria-valuemin="0" aria-valuemax="100" aria-valuenow="0" ref={bar}>
			<span />
		</div>
	);
}

/** Some browsers list the standard one, as "default"; "" is it for all. */
function Choice({ label, all, value, onChoose }) {
	return (
		<label>
			{label}
			<select value={value} onChange={(event) => onChoose(event.target.value)}>
				<option value="">{words.standardDevice}</option>
				{all.filter(({ id }) => id !== "default").map(({ id, label: name }, at) => (
					<option key={id} value={id}>{name || words.device(at + 1)}</option>))}
			</select>
		</label>
	);
}

function EchoTest({ microphone, speaker }) {
	const [phase, setPhase] = useState("");
	const said = { recording: words.echoRecording, playing: words.echoPlaying };

	return (
		<div class="echo">
			<button type="button" disabled={phase !== ""}
				onClick={() => microphone.echo(speaker, setPhase)}>{words.echoTest}</button>
			<span class="hint" role="status">{said[phase] ?? words.echoHint}</span>
		</div>
	);
}

/** The devices, once the browser tells their names. */
function useDevices(ready) {
	const [inputs, setInputs] = useState([]);
	const [outputs, setOutputs] = useState([]);

	useEffect(() => {
		async function read() {
			setInputs(await devices("audioinput"));
			setOutputs(await devices("audiooutput"));
		}
		read();
		navigator.mediaDevices?.addEventListener("devicechange", read);
		return () => navigator.mediaDevices?.removeEventListener("devicechange", read);
	}, [ready]);
	return { inputs, outputs };
}

export function Setup({ link, onJoin }) {
	const [microphone] = useState(() => new Microphone());
	const [state, setState] = useState("closed"); // open, denied
	const [input, setInput] = useState("");
	const [speaker, setSpeaker] = useState("");
	const [muted, setMuted] = useState(false);
	const [busy, setBusy] = useState(false);
	const { inputs, outputs } = useDevices(state);

	async function openMicrophone(id) {
		setInput(id);
		const there = await microphone.open(id);
		setState(there ? "open" : "denied");
		return there;
	}
	useEffect(() => {
		isAllowed().then((allowed) => allowed && openMicrophone(""));
	}, []);

	async function join(event) {
		event.preventDefault();
		setBusy(true);
		if (state === "closed")
			await openMicrophone(input);
		onJoin({ microphone, speaker, muted });
	}

	return (
		<form class="setup" onSubmit={join}>
			<p>{words.youAre(link.name, link.address)}</p>
			<p class="hint">{link.lobby ? words.willWait : words.people(link.people)}</p>
			{state === "closed" &&
				<button type="button" onClick={() => openMicrophone(input)}>
					{words.allowMicrophone}
				</button>}
			{state === "denied" && <p class="failure" role="alert">{words.microphoneDenied}</p>}
			{state === "open" &&
				<>
					<Choice label={words.microphone} all={inputs} value={input}
						onChoose={openMicrophone} />
					<Level microphone={microphone} />
					<p class="hint">{words.microphoneHint}</p>
					{canChooseSpeaker && outputs.length > 0 &&
						<Choice label={words.speaker} all={outputs} value={speaker}
							onChoose={setSpeaker} />}
					<EchoTest microphone={microphone} speaker={speaker} />
				</>}
			<label class="check">
				<input type="checkbox" checked={muted}
					onChange={(event) => setMuted(event.target.checked)} />
				{words.joinMuted}
			</label>
			<button class="primary" disabled={busy}>{busy ? words.joining : words.join}</button>
		</form>
	);
}
