// In the room: what one can do, how one is, who is here.

import { useEffect, useRef, useState } from "preact/hooks";

import { decode } from "../meters.js";
import { quality } from "../quality.js";
import { Call } from "./call.js";
import { People } from "./people.jsx";
import { after, heard, nothing, saying } from "./state.js";
import { words } from "./words.js";

/** The call, for as long as this is shown. */
function useCall({ link, chosen, onOver, onRefused }) {
	const [state, setState] = useState(nothing);
	const [up, setUp] = useState(false);
	const [was, setWas] = useState(false); // connected once
	const [said, setSaid] = useState("");
	const call = useRef(null);

	function hear(message) {
		const [word, ...what] = saying(message);
		if (word)
			setSaid(typeof words[word] === "function" ? words[word](...what) : words[word]);
		setState((state) => after(state, message));
	}
	useEffect(() => {
		call.current = new Call({ room: link.room, token: link.session,
			track: chosen.microphone.track }, {
			up: () => (setUp(true), setWas(true)),
			down: () => setUp(false),
			message: hear,
			levels: (frame) => setState((state) => heard(state, decode(frame))),
			over: onOver,
			refused: onRefused,
		});
		if (chosen.speaker)
			call.current.setSpeaker(chosen.speaker);
		return () => {
			call.current.leave();
			chosen.microphone.close();
		};
	}, []);
	return { call, state, up, was, said };
}

/** Whether a key goes to what has the focus, not to push-to-talk. */
function isTaken({ target }) {
	return target.closest("button:not(.talk), input, select, a, summary, [role=alertdialog]");
}

/** Holding the button, or the space bar, is talking. */
function PushToTalk({ onTalk }) {
	useEffect(() => {
		function key(event) {
			if (event.code !== "Space" || isTaken(event))
				return;
			event.preventDefault();
			if (!event.repeat)
				onTalk(event.type === "keydown");
		}
		const stop = () => onTalk(false);
		addEventListener("keydown", key);
		addEventListener("keyup", key);
		addEventListener("blur", stop);
		return () => {
			removeEventListener("keydown", key);
			removeEventListener("keyup", key);
			removeEventListener("blur", stop);
		};
	}, []);
	return (
		<button class="talk" onPointerDown={() => onTalk(true)}
			onPointerUp={() => onTalk(false)} onPointerLeave={() => onTalk(false)}
			onPointerCancel={() => onTalk(false)}>
			{words.holdToTalk}
		</button>
	);
}

function Asked({ onAnswer }) {
	const first = useRef(null);
	useEffect(() => first.current.focus(), []);
	return (
		<div class="asked" role="alertdialog" aria-labelledby="asked" aria-describedby="asked-why">
			<h2 id="asked">{words.askedTitle}</h2>
			<p id="asked-why">{words.askedExplain}</p>
			<button class="primary" ref={first} onClick={() => onAnswer(true)}>{words.unmute}</button>
			<button onClick={() => onAnswer(false)}>{words.stayMuted}</button>
		</div>
	);
}

/** What one should know of oneself all the time. */
function Notices({ you, muted, listens }) {
	const notices = [
		you.held && words.inLobby,
		you.recording && words.recording,
		listens ? words.listenOnly : you.role === "listener" && words.listener,
		you.muted && words.mutedByModerator,
		muted && !you.muted && !listens && words.youAreMuted,
		you.floor && words.youHaveFloor,
		you.hand > 0 && words.handPlace(you.hand),
	].filter(Boolean);
	return <ul class="notices">{notices.map((text) => <li key={text}>{text}</li>)}</ul>;
}

function Sound({ figures, listens }) {
	if (!figures)
		return null;
	const { band, cause, way } = quality(figures);
	// Who only listens, or is muted, sends nothing: that is no fault.
	const shown = listens && cause === "silence" ? null : cause;
	return (
		<p class={`sound ${band}`}>
			{words.soundQuality}: <b>{words.band(band)}</b>
			{shown && `, ${words.cause(shown, way)}`}
		</p>
	);
}

export function Room(props) {
	const { link, chosen, onOver } = props;
	const { track } = chosen.microphone;
	const { call, state, up, was, said } = useCall(props);
	const { you } = state;
	const [muted, setMuted] = useState(chosen.muted);
	const [pushes, setPushes] = useState(false);

	// The track follows at once; the bridge is told, again where it does not know.
	useEffect(() => {
		if (track)
			track.enabled = !muted;
	}, [muted]);
	useEffect(() => {
		if (track && you.here && you.self_muted !== muted)
			call.current.say({ t: "self-mute", on: muted });
	}, [muted, you]);

	function answer(yes) {
		if (yes)
			setMuted(false);
		call.current.say({ t: "answer", n: you.asked, yes });
	}
	function leave() {
		call.current.leave();
		onOver("left");
	}
	return (
		<main class="room">
			<header>
				<h1>{link.room_name}</h1>
				<p class={up ? "up" : "down"} role="status">
					{up ? words.connected : was ? words.reconnecting : words.joining}
				</p>
			</header>
			<Notices you={you} muted={muted} listens={!track} />
			{you.asked > 0 && track && <Asked key={you.asked} onAnswer={answer} />}
			<div class="controls">
				{track && (pushes
					? <PushToTalk onTalk={(talks) => setMuted(!talks)} />
					: <button class={muted ? "primary" : ""} onClick={() => setMuted(!muted)}>
						{muted ? words.unmute : words.mute}
					</button>)}
				<button onClick={() => call.current.say({ t: "hand", on: !you.hand })}>
					{you.hand ? words.lowerHand : words.raiseHand}
				</button>
				<button class="danger" onClick={leave}>{words.leave}</button>
			</div>
			{track &&
				<label class="check">
					<input type="checkbox" checked={pushes} onChange={(event) => {
						setPushes(event.target.checked);
						setMuted(event.target.checked || muted);
					}} />
					{words.pushToTalk}
				</label>}
			{pushes && <p class="hint">{words.pushToTalkHint}</p>}
			<p class="hidden" role="status">{said}</p>
			{!you.held && <Sound figures={state.figures} listens={!track || muted} />}
			{!you.held && <People state={state} />}
		</main>
	);
}
