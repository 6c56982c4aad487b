// The dialog that is open: { dialog: name, id?: of a member, … }. One at a time.

import { Announcements } from "./announcements.jsx";
import { Audit } from "./audit.jsx";
import { KickDialog } from "./dialog.jsx";
import { Person } from "./person.jsx";
import { Ban, Move, Refuse } from "./personactions.jsx";
import { RecordingDelete, Recordings } from "./recordings.jsx";
import { Bans, End, Invite, MuteAll, Pin } from "./roomdialogs.jsx";
import { Sheet } from "./sheet.jsx";

const ofRoom = {
	announcements: Announcements,
	audit: Audit,
	bans: Bans,
	end: End,
	invite: Invite,
	"mute-all": MuteAll,
	person: Person,
	pin: Pin,
	"recording-delete": RecordingDelete,
	recordings: Recordings,
	sheet: Sheet,
};

/** These go when their member does. */
const ofMember = { ban: Ban, kick: KickDialog, move: Move, refuse: Refuse };

export function Opened({ opened, state, ...props }) {
	const { dialog, id, ...more } = opened ?? {};
	const member = state.members.get(id);
	const Shown = ofRoom[dialog] ?? (member && ofMember[dialog]);

	return Shown
		? <Shown key={`${dialog} ${id}`} member={member} state={state} {...more} {...props} />
		: null;
}
