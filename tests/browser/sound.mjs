// Sound for the tests: a WAV of tones to say, and how loud each of them is in
// the WAV that somebody else writes meanwhile.

import { open, writeFile } from "node:fs/promises";

const RATE = 48000;
const BYTES = 2; // of a sample: mono, 16 bit
const HEADER = 44;
const SLICE = RATE / 5; // samples

const HEARD = -35; // dBFS, at least
const SILENT = -50; // dBFS, at most

const SWELL = 2; // seconds

/** Writes a WAV, to be looped, of the sum of tones. Each swells from -30 to
 * -16 dBFS and back, so that a meter has something to show. */
export async function writeTones(path, tones) {
	const samples = RATE * SWELL;
	const amplitude = 32767 * 10 ** (-16 / 20);
	const wav = Buffer.alloc(HEADER + samples * BYTES);

	wav.write("RIFF", 0);
	wav.writeUInt32LE(wav.length - 8, 4);
	wav.write("WAVEfmt ", 8);
	wav.writeUInt32LE(16, 16);
	wav.writeUInt16LE(1, 20); // PCM
	wav.writeUInt16LE(1, 22);
	wav.writeUInt32LE(RATE, 24);
	wav.writeUInt32LE(RATE * BYTES, 28);
	wav.writeUInt16LE(BYTES, 32);
	wav.writeUInt16LE(8 * BYTES, 34);
	wav.write("data", 36);
	wav.writeUInt32LE(samples * BYTES, 40);
	for (let i = 0; i < samples; i++) {
		const sum = tones.reduce((before, tone) =>
			before + Math.sin((2 * Math.PI * tone * i) / RATE), 0);
		const swell = 0.6 - 0.4 * Math.cos((2 * Math.PI * i) / samples);
		wav.writeInt16LE(Math.round(amplitude * swell * sum),
			HEADER + i * BYTES);
	}
	await writeFile(path, wav);
}

/** Level of one tone by Goertzel's algorithm under a Hann window: 0 dBFS is
 * a sine of full scale. */
function toneDbfs(samples, tone) {
	const n = samples.length;
	const coefficient = 2 * Math.cos((2 * Math.PI * tone) / RATE);
	let s1 = 0;
	let s2 = 0;

	for (let i = 0; i < n; i++) {
		const window = 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / n);
		[s1, s2] = [samples[i] * window + coefficient * s1 - s2, s1];
	}
	const power = s1 * s1 + s2 * s2 - coefficient * s1 * s2;
	return 10 * Math.log10(Math.max(power, 1e-20) / (n / 4) ** 2);
}

function dbMean(levels) {
	const sum = levels.reduce((before, level) => before + 10 ** (level / 10), 0);
	return 10 * Math.log10(sum / levels.length);
}

/** How a tone was over some fifths of a second, each looked at for itself:
 * where a busy machine leaves a gap, the tone goes on at another phase and
 * the gap's edges have something of every frequency. */
class Tone {
	constructor(hertz, levels) {
		levels.sort((a, b) => a - b);
		this.hertz = hertz;
		this.mean = dbMean(levels);
		this.median = levels[Math.floor(levels.length / 2)];
		this.peak = levels.at(-1);
	}

	get heard() {
		return this.mean >= HEARD;
	}

	/** Not once as loud as a voice, and nothing at all without a gap. */
	get silent() {
		return this.median <= SILENT && this.peak <= HEARD;
	}

	toString() {
		return `${this.hertz} Hz ${this.mean.toFixed(1)} dBFS ` +
			`(peak ${this.peak.toFixed(1)})`;
	}
}

/** Each tone in samples of -1 to 1. */
export function tonesOf(hertz, samples) {
	return hertz.map((tone) => new Tone(tone, Array.from(
		{ length: Math.floor(samples.length / SLICE) }, (_, i) => toneDbfs(
			samples.subarray(i * SLICE, (i + 1) * SLICE), tone))));
}

/** What an ipsp-phone writes with --receive, read while it grows. */
export class Recording {
	constructor(path) {
		this.path = path;
	}

	async #read(use) {
		const file = await open(this.path);
		try {
			return await use(file);
		} finally {
			await file.close();
		}
	}

	/** Seconds that are there by now. */
	seconds() {
		return this.#read(async (file) =>
			((await file.stat()).size - HEADER) / BYTES / RATE);
	}

	/** Each tone in the seconds from `start` on. */
	tones(hertz, start, seconds) {
		return this.#read(async (file) => {
			const n = Math.floor(seconds * RATE);
			const raw = Buffer.alloc(n * BYTES);
			const { bytesRead } = await file.read(raw, 0, raw.length,
				HEADER + Math.floor(start * RATE) * BYTES);
			if (bytesRead < raw.length)
				throw new Error(`${this.path} has no second ${start + seconds}`);
			const samples = Float64Array.from({ length: n },
				(_, i) => raw.readInt16LE(i * BYTES) / 32768);
			return tonesOf(hertz, samples);
		});
	}
}
