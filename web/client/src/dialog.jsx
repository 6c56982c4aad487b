// Dialogs: what asks before it acts, says what will happen.

import { createContext } from "preact";
import { useContext, useLayoutEffect, useRef } from "preact/hooks";

import { words } from "./words.js";

/** What went wrong last, for a dialog that stays open after an action. */
export const Failure = createContext("");

/** A modal dialog, open while it is there; afterwards the focus is where it was.
 * onSubmit(FormData) makes it a form whose last button is `confirm`. */
export function Dialog({ title, confirm, danger, wide, onSubmit, onClose, children }) {
	const dialog = useRef(null);
	const failure = useContext(Failure);
	const before = useRef(failure); // was said already, on the page

	// At once: who types on does not lose a letter.
	useLayoutEffect(() => {
		const focused = document.activeElement;
		dialog.current.showModal();
		return () => focused?.isConnected && focused.focus();
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
				<p class="failure" role="alert">
					{failure !== before.current && failure}
				</p>
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
