// The call: WebRTC by WHIP (docs/whip.md), and beside it the WebSocket for
// in-band control (docs/join.md). It is made anew, with the same session, when
// the network has gone: the bridge replaces the old one.

import { backoff } from "../connection.js";

const PATIENCE = 2000; // ms that the path may be away
const GIVE_UP = 1008; // RFC 6455 7.4.1: the bridge does not know the call

const refusals = { 403: "banned", 404: "no-room", 423: "locked" };

export class Call {
	#room;
	#token;
	#track;
	#events;
	#pc = null;
	#socket = null;
	#place = null; // of the session at the bridge
	#tries = 0;
	#timer = 0;
	#patience = 0; // with a path that is away
	#return = 0; // of the socket
	#over = false;
	audio = new Audio();

	/** events: up(), down(), message(object), levels(ArrayBuffer), over(why,
	 * text), refused(code): for good. track may be null: one only listens. */
	constructor({ room, token, track }, events) {
		this.#room = room;
		this.#token = token;
		this.#track = track;
		this.#events = events;
		this.audio.autoplay = true;
		addEventListener("online", this.#online);
		addEventListener("pagehide", this.#leaving);
		this.#connect();
	}

	async setSpeaker(id) {
		await this.audio.setSinkId?.(id).catch(() => {});
	}

	/** What this person says in band; lost while there is no connection. */
	say(message) {
		if (this.#socket?.readyState === WebSocket.OPEN)
			this.#socket.send(JSON.stringify(message));
	}

	leave() {
		this.#end();
		this.#delete(this.#place);
		this.#place = null;
	}

	#headers() {
		return { authorization: `Bearer ${this.#token}` };
	}

	/** The session there; a bridge that has ended it does not mind. */
	#delete(place) {
		if (place)
			fetch(place, { method: "DELETE", headers: this.#headers(),
				keepalive: true }).catch(() => {});
	}

	#online = () => {
		if (!this.#over && this.#pc?.connectionState !== "connected")
			this.#again(0);
	};

	#leaving = () => this.leave();

	#end() {
		this.#over = true;
		this.#drop();
		clearTimeout(this.#timer);
		removeEventListener("online", this.#online);
		removeEventListener("pagehide", this.#leaving);
		this.audio.srcObject = null;
	}

	#drop() {
		clearTimeout(this.#patience);
		clearTimeout(this.#return);
		if (this.#pc)
			this.#pc.onconnectionstatechange = null;
		this.#pc?.close();
		if (this.#socket)
			this.#socket.onclose = this.#socket.onmessage = null;
		this.#socket?.close();
		this.#pc = this.#socket = null;
	}

	#refuse(code) {
		this.#end();
		this.#events.refused(code);
	}

	#again(wait = backoff(this.#tries++, Math.random())) {
		this.#events.down();
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.#connect(), wait);
	}

	#open() {
		const pc = new RTCPeerConnection();
		pc.addTransceiver(this.#track ?? "audio",
			{ direction: this.#track ? "sendrecv" : "recvonly" });
		pc.ontrack = ({ track }) => {
			this.audio.srcObject = new MediaStream([track]);
			this.audio.play().catch(() => {});
		};
		pc.onconnectionstatechange = () => this.#changed(pc);
		return pc;
	}

	/** { status, place, text }; status 0: no answer came. */
	async #post(sdp) {
		try {
			const reply = await fetch(`/whip/${encodeURIComponent(this.#room)}`, {
				method: "POST", body: sdp,
				headers: { ...this.#headers(), "content-type": "application/sdp" } });
			return { status: reply.status, place: reply.headers.get("location"),
				text: await reply.text() };
		} catch {
			return { status: 0 };
		}
	}

	/** Meanwhile it may be left, or begun again: then it is closed. */
	async #connect() {
		this.#drop();
		const pc = this.#pc = this.#open();
		await pc.setLocalDescription().catch(() => {});
		if (pc !== this.#pc)
			return;
		const { status, place, text } = await this.#post(pc.localDescription.sdp);
		if (pc !== this.#pc) {
			this.#delete(place);
		} else if (status === 201) {
			this.#place = place;
			this.#listen();
			await pc.setRemoteDescription({ type: "answer", sdp: text })
				.catch(() => {});
		} else {
			this.#notAnswered(status);
		}
	}

	#notAnswered(status) {
		if (status === 401)
			this.#finish("gone");
		else if (status in refusals)
			this.#refuse(refusals[status]);
		else if (status === 503 && !this.#tries)
			this.#refuse("full");
		else
			this.#again();
	}

	#changed(pc) {
		clearTimeout(this.#patience);
		if (pc.connectionState === "connected") {
			this.#tries = 0;
			this.#events.up();
		} else if (pc.connectionState === "failed") {
			this.#again();
		} else if (pc.connectionState === "disconnected") {
			this.#patience = setTimeout(() => this.#again(), PATIENCE);
		}
	}

	/** In band. Its secret is in the first message: a URL is logged. */
	#listen() {
		const url = new URL(this.#place, location);
		url.protocol = url.protocol.replace("http", "ws");
		const socket = new WebSocket(url, "ipsp-join");
		this.#socket = socket;
		socket.binaryType = "arraybuffer";
		socket.onopen = () => socket.send(JSON.stringify({ t: "hello", token: this.#token }));
		socket.onmessage = ({ data }) => {
			if (typeof data !== "string")
				this.#events.levels(data);
			else
				this.#hear(JSON.parse(data));
		};
		socket.onclose = ({ code }) => {
			if (code === GIVE_UP)
				this.#again();
			else
				this.#return = setTimeout(() => this.#listen(), PATIENCE * Math.random());
		};
	}

	#hear(message) {
		if (message.t === "end" && message.why === "lost")
			this.#again();
		else if (message.t === "end")
			this.#finish(message.why, message.text);
		else
			this.#events.message(message);
	}

	#finish(why, text) {
		this.#place = null;
		this.#end();
		this.#events.over(why, text);
	}
}
