// Dialogs: what asks before it acts, says what will happen.

import { useEffect, useRef } from "preact/hooks";

import { words } from "./words.js";

/** A modal dialog, open while it is there; afterwards the focus is where it was.
 * onSubmit(FormData) makes it a form whose last button is `confirm`. */
export function Dialog({ title, confirm, danger, wide, onSubmit, onClose, children }) {
	const dialog = useRef(null);

	useEffect(() => {
		const before = document.activeElement;
		dialog.current.showModal();
		return () => before?.isConnected && before.focus();
	}, []);
	function submit(event) {
		onSubmit?.(new FormData(event.target));
	}
	return (
		<dialog ref={dialog} onClose={onClose} class={wide ? "wide" : ""}
			aria-labelledby="dialog-title">
			<form method="dialog" onSubmit={submit}>
				<h2 id="dialog-title">{title}</h2>
				{children}
				<div class="buttons">
					<button type="button" onClick={() => dialog.current.close()}>
						{onSubmit ? words.cancel : words.close}
					</button>
					{onSubmit && <button class={danger ? "danger solid" : "primary"}>
						{confirm}
					</button>}
				</div>
			</form>
		</dialog>
	);
}

/** Asks before somebody's call is ended. */
export function KickDialog({ member, act, onClose }) {
	function submit(form) {
		act({ do: "kick", member: member.id, reason: form.get("reason").trim() });
	}
	return (
		<Dialog title={words.kickTitle(member.name)} confirm={words.kick} danger
			onSubmit={submit} onClose={onClose}>
			<p>{words.kickExplain}</p>
			<label>
				{words.kickReason}
				<input name="reason" maxlength="60" autocomplete="off" />
			</label>
		</Dialog>
	);
}
