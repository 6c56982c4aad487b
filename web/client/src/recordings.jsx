// The room's recordings: to listen to, to take away, to delete; and that one
// is being made.

import { useEffect, useState } from "preact/hooks";

import { Dialog } from "./dialog.jsx";
import { minutes } from "./time.jsx";
import { words } from "./words.js";

const moment = new Intl.DateTimeFormat(undefined, {
	dateStyle: "medium", timeStyle: "short" });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const unit = (name) => new Intl.NumberFormat(undefined, {
	style: "unit", unit: name, maximumFractionDigits: name === "kilobyte" ? 0 : 1 });
const megabytes = unit("megabyte");
const kilobytes = unit("kilobyte");

const size = (bytes) => (bytes < 1e6 ? kilobytes.format(bytes / 1e3)
	: megabytes.format(bytes / 1e6));
const began = ({ at }) => moment.format(1000 * at);
const fileAt = (recording, file) =>
	`/api/recordings/${encodeURIComponent(recording)}/${encodeURIComponent(file)}`;

/** Said while it runs; nothing otherwise. */
export function RecordingBanner({ recording }) {
	return recording && (
		<p class="banner recording">
			{words.recordingSince(clock.format(recording.since), recording.by)}
		</p>
	);
}

function Files({ recording, files }) {
	return (
		<details>
			<summary>{words.tracks(files.length)}</summary>
			<ul class="plain">
				{files.map(({ file, address, name, bytes }) => (
					<li key={file}>
						<a href={fileAt(recording, file)} download>
							<bdi>{address ? name || address : words.mix}</bdi></a>
						<small>{size(bytes)}</small>
					</li>
				))}
			</ul>
		</details>
	);
}

function Recording({ one, open }) {
	const { recording, state, why, seconds, lost_s: lost, bytes, files, by } = one;
	const ended = state === "ended";
	const notes = [ended ? words.recordingEnded(why) : words.recordingRuns,
		lost > 0 && words.recordingLost(lost)].filter(Boolean);

	return (
		<li data-recording={recording}>
			<span>
				<b>{began(one)}</b>
				<small>{words.recordingAbout(minutes(seconds), size(bytes), by)}</small>
				{notes.length > 0 && <small>{notes.join(words.comma)}</small>}
				{ended && <Files recording={recording} files={files} />}
			</span>
			{ended && <>
				<audio controls preload="none" src={fileAt(recording, files[0].file)}
					aria-label={words.listenTo(began(one))} />
				<button type="button" class="danger"
					aria-label={words.deleteRecordingOf(began(one))}
					onClick={() => open({ dialog: "recording-delete", one })}>
					{words.deleteRecording}
				</button>
			</>}
		</li>
	);
}

export function Recordings({ state, ask, open, onClose }) {
	const [list, setList] = useState(null);

	useEffect(() => {
		ask({ do: "recordings" }).then(({ message }) =>
			message && setList(message.recordings));
	}, [state.recordings]);
	return (
		<Dialog title={words.recordingsTitle} wide onClose={onClose}>
			{list?.length === 0 && <p>{words.noRecordings}</p>}
			{list?.length > 0 && <ul class="plain">
				{list.map((one) =>
					<Recording key={one.recording} one={one} open={open} />)}
			</ul>}
		</Dialog>
	);
}

export function RecordingDelete({ one, act, onClose }) {
	return (
		<Dialog title={words.deleteTitle(began(one))} confirm={words.deleteConfirm} danger
			onSubmit={() => act({ do: "recording-delete", recording: one.recording })}
			onClose={onClose}>
			<p>{words.deleteExplain}</p>
		</Dialog>
	);
}
