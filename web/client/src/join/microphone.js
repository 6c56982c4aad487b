// The microphone and the speaker: which there are, how loud one speaks, an echo
// test. The track is the one that the call sends.

const ECHO_MS = 3000;
const FLOOR = -60; // dBFS that show as nothing

const wanted = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

export const canChooseSpeaker = "setSinkId" in HTMLMediaElement.prototype;

/** Whether the browser gives it without asking. */
export async function isAllowed() {
	try {
		const { state } = await navigator.permissions.query({ name: "microphone" });
		return state === "granted";
	} catch {
		return false; // a browser that does not tell
	}
}

/** [{ id, label }] of "audioinput" or "audiooutput". */
export async function devices(kind) {
	const all = await navigator.mediaDevices?.enumerateDevices() ?? [];
	return all.filter((one) => one.kind === kind && one.deviceId)
		.map(({ deviceId, label }) => ({ id: deviceId, label }));
}

export class Microphone {
	#context = null;
	#analyser = null;
	#samples = null;
	track = null;

	/** Opens the device (null: the standard one). TRUE: it is there. */
	async open(id) {
		this.close();
		try {
			const stream = await navigator.mediaDevices.getUserMedia({
				audio: id ? { ...wanted, deviceId: { exact: id } } : wanted });
			[this.track] = stream.getAudioTracks();
		} catch {
			return false;
		}
		this.#context = new AudioContext();
		this.#analyser = new AnalyserNode(this.#context, { fftSize: 1024 });
		this.#samples = new Float32Array(this.#analyser.fftSize);
		this.#context.createMediaStreamSource(new MediaStream([this.track]))
			.connect(this.#analyser);
		return true;
	}

	close() {
		this.track?.stop();
		this.track = null;
		this.rest();
	}

	/** The track goes on; its level is not looked at any more. */
	rest() {
		this.#context?.close();
		this.#context = this.#analyser = null;
	}

	/** How loud it is now, 0..1 of a meter. */
	level() {
		if (!this.#analyser)
			return 0;
		// One that was made before the first click sleeps.
		if (this.#context.state === "suspended")
			this.#context.resume();
		this.#analyser.getFloatTimeDomainData(this.#samples);
		const power = this.#samples.reduce((sum, sample) => sum + sample * sample, 0) /
			this.#samples.length;
		return Math.min(1, Math.max(0, 1 - 10 * Math.log10(power + 1e-12) / FLOOR));
	}

	/** Records what is said, then plays it; `phase` is told "recording",
	 * "playing", "". */
	async echo(speaker, phase) {
		const recorder = new MediaRecorder(new MediaStream([this.track]));
		const parts = [];
		const stopped = new Promise((resolve) => {
			recorder.onstop = resolve;
		});
		recorder.ondataavailable = ({ data }) => parts.push(data);
		recorder.start();
		phase("recording");
		setTimeout(() => recorder.stop(), ECHO_MS);
		await stopped;
		phase("playing");
		await this.#play(new Blob(parts, { type: recorder.mimeType }), speaker)
			.catch(() => {});
		phase("");
	}

	/** Until it has ended. Through a stream: an element chooses the speaker. */
	async #play(blob, speaker) {
		const context = this.#context;
		const buffer = await context.decodeAudioData(await blob.arrayBuffer());
		const source = new AudioBufferSourceNode(context, { buffer });
		const outlet = context.createMediaStreamDestination();
		const audio = new Audio();
		source.connect(outlet);
		audio.srcObject = outlet.stream;
		if (speaker)
			await audio.setSinkId(speaker).catch(() => {});
		await audio.play();
		source.start();
		await new Promise((resolve) => {
			source.onended = resolve;
		});
		audio.srcObject = null;
	}
}
