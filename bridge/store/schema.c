#include "bridge/store/schema.h"

/* post.state: 0 pending, 1 sent, 2 dropped.
 * dialog.state: enum store_dialog_state. */
const char *const schema_steps[SCHEMA_VERSION] = {
	"CREATE TABLE mail (account TEXT NOT NULL, id TEXT NOT NULL,"
	"  digest BLOB NOT NULL, sender TEXT, time INTEGER NOT NULL,"
	"  PRIMARY KEY (account, id, digest)) WITHOUT ROWID;"
	"CREATE INDEX mail_sender ON mail (sender) WHERE sender IS NOT NULL;"
	"CREATE INDEX mail_time ON mail (time);"
	"CREATE TABLE post (id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"  account TEXT NOT NULL, name TEXT NOT NULL UNIQUE,"
	"  envelope_from TEXT NOT NULL, recipient TEXT NOT NULL,"
	"  mail BLOB NOT NULL, did TEXT, expires INTEGER NOT NULL,"
	"  state INTEGER NOT NULL DEFAULT 0,"
	"  attempts INTEGER NOT NULL DEFAULT 0,"
	"  next_ms INTEGER NOT NULL DEFAULT 0, why TEXT,"
	"  time INTEGER NOT NULL);"
	"CREATE INDEX post_did ON post (did) WHERE state = 0;"
	"CREATE INDEX post_due ON post (account, next_ms) WHERE state = 0;"
	"CREATE TABLE dialog (did TEXT PRIMARY KEY, account TEXT NOT NULL,"
	"  room TEXT NOT NULL, address TEXT NOT NULL, name TEXT,"
	"  device TEXT NOT NULL, invite BLOB NOT NULL, answer BLOB NOT NULL,"
	"  private_key BLOB, worker INTEGER NOT NULL, gate TEXT,"
	"  state INTEGER NOT NULL, deadline INTEGER NOT NULL,"
	"  post INTEGER NOT NULL REFERENCES post (id),"
	"  time INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE INDEX dialog_open ON dialog (state, time) WHERE state < 2;"
	"CREATE TABLE set_aside (id INTEGER PRIMARY KEY,"
	"  account TEXT NOT NULL, file TEXT NOT NULL, reason TEXT NOT NULL,"
	"  time INTEGER NOT NULL);"
	"CREATE TABLE mailbox (account TEXT PRIMARY KEY,"
	"  position TEXT NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE audit (id INTEGER PRIMARY KEY, time INTEGER NOT NULL,"
	"  room TEXT NOT NULL, by TEXT, what TEXT NOT NULL,"
	"  whom TEXT NOT NULL);",
	/* digest: SHA-256. uses: -1, as often as one likes. */
	"CREATE TABLE token (digest BLOB PRIMARY KEY, room TEXT NOT NULL,"
	"  role INTEGER NOT NULL, name TEXT, uses INTEGER NOT NULL,"
	"  expires INTEGER NOT NULL, time INTEGER NOT NULL) WITHOUT ROWID;",
	/* origin: from where the moderator came. */
	"ALTER TABLE audit ADD COLUMN origin TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE audit ADD COLUMN detail TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE audit ADD COLUMN outcome TEXT NOT NULL DEFAULT 'done';"
	"CREATE INDEX audit_room ON audit (room, id);",
	/* digest: SHA-256 of the cookie's secret, in hexadecimal. */
	("CREATE TABLE session (digest TEXT PRIMARY KEY,"
	 "  address TEXT NOT NULL, expires INTEGER NOT NULL) WITHOUT ROWID;"),
	/* why: enum recording_why. frames, lost: of 20 ms. */
	("CREATE TABLE recording (id TEXT PRIMARY KEY, room TEXT NOT NULL,"
	 "  by TEXT NOT NULL, time INTEGER NOT NULL, why INTEGER NOT NULL,"
	 "  frames INTEGER NOT NULL, lost INTEGER NOT NULL,"
	 "  bytes INTEGER NOT NULL) WITHOUT ROWID;"
	 "CREATE INDEX recording_room ON recording (room, time);"
	 "CREATE TABLE recording_file (recording TEXT NOT NULL,"
	 "  number INTEGER NOT NULL, file TEXT NOT NULL,"
	 "  address TEXT NOT NULL, name TEXT NOT NULL, bytes INTEGER NOT NULL,"
	 "  PRIMARY KEY (recording, number)) WITHOUT ROWID;"),
	/* pin NULL: as configured. */
	("CREATE TABLE door (room TEXT PRIMARY KEY, lobby INTEGER NOT NULL,"
	 "  pin TEXT) WITHOUT ROWID;"
	 "CREATE TABLE ban (id INTEGER PRIMARY KEY, room TEXT NOT NULL,"
	 "  address TEXT NOT NULL, time INTEGER NOT NULL,"
	 "  until INTEGER NOT NULL, by TEXT NOT NULL, reason TEXT NOT NULL);"
	 "CREATE INDEX ban_room ON ban (room, id);"),
	/* address: of the person it was mailed to; NULL: of a tool. */
	"ALTER TABLE token ADD COLUMN address TEXT;",
};

#define TOKEN_COLUMNS "digest, room, role, name, uses, expires, address"

#define DIALOG_COLUMNS                                                         \
	"did, account, room, address, name, device, invite, answer, "          \
	"private_key, worker, gate, state, deadline, post"

#define RECORDING_COLUMNS "id, room, by, time, why, frames, lost, bytes"

/* By age, and of a flood only the newest: it must not fill the disk. */
#define OLD_SET_ASIDE                                                          \
	"time < ? OR id <= (SELECT max(id) FROM set_aside) - 10000"

const char *const schema_statements[SQL_STATEMENTS] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",

	[SQL_MAIL_KNOWN] = "SELECT 1 FROM mail WHERE account = ? AND id = ? "
			   "AND digest = ?",
	[SQL_SENDER_KNOWN] = "SELECT 1 FROM mail WHERE sender = ?",
	[SQL_ADD_MAIL] = "INSERT OR IGNORE INTO mail (account, id, digest, "
			 "sender, time) VALUES (?, ?, ?, ?, ?)",

	[SQL_DIALOG] = "SELECT " DIALOG_COLUMNS " FROM dialog WHERE did = ?",
	[SQL_DIALOGS] = "SELECT " DIALOG_COLUMNS " FROM dialog "
			"WHERE state = ? ORDER BY time, post",
	[SQL_ADD_DIALOG] = "INSERT INTO dialog (" DIALOG_COLUMNS ", time) "
			   "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
			   "?)",
	[SQL_SET_DIALOG] = "UPDATE dialog SET state = ?, private_key = NULL "
			   "WHERE did = ?",

	[SQL_ADD_POST] = "INSERT INTO post (account, name, envelope_from, "
			 "recipient, mail, did, expires, time) "
			 "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
	[SQL_DUE_ACCOUNTS] = "SELECT DISTINCT account FROM post "
			     "WHERE state = 0 AND next_ms <= ?",
	[SQL_DUE_POSTS] = "SELECT id, account, name, envelope_from, recipient, "
			  "mail, did, expires, attempts FROM post "
			  "WHERE state = 0 AND account = ? AND next_ms <= ? "
			  "ORDER BY next_ms, id LIMIT ?",
	[SQL_WAITING_POSTS] = "SELECT count(*) FROM post "
			      "WHERE state = 0 AND account = ?",
	[SQL_POST_SENT] = "UPDATE post SET state = 1, why = NULL WHERE id = ?",
	[SQL_POST_FAILED] = "UPDATE post SET attempts = attempts + 1, "
			    "next_ms = ?, why = ? WHERE id = ? AND state = 0",
	[SQL_POST_DROPPED] = "UPDATE post SET state = 2, why = ? WHERE id = ?",
	[SQL_POST_AGAIN] = "UPDATE post SET state = 0, attempts = 0, "
			   "next_ms = 0 WHERE id = ?",

	[SQL_DROP_ANSWER] = "UPDATE post SET state = 2, why = ? "
			    "WHERE did = ? AND state = 0",

	[SQL_SET_ASIDE] = "INSERT INTO set_aside (account, file, reason, "
			  "time) VALUES (?, ?, ?, ?)",
	[SQL_OLD_SET_ASIDE] = "SELECT file FROM set_aside WHERE " OLD_SET_ASIDE,
	[SQL_FORGET_SET_ASIDE] = "DELETE FROM set_aside WHERE " OLD_SET_ASIDE,

	[SQL_POSITION] = "SELECT position FROM mailbox WHERE account = ?",
	[SQL_SET_POSITION] = "INSERT INTO mailbox (account, position) "
			     "VALUES (?, ?) ON CONFLICT (account) DO UPDATE "
			     "SET position = excluded.position",

	[SQL_ADD_AUDIT] = "INSERT INTO audit (time, room, by, origin, what, "
			  "whom, detail, outcome) "
			  "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
	[SQL_AUDIT] = "SELECT id, time, room, ifnull(by, ''), origin, what, "
		      "whom, detail, outcome FROM audit "
		      "WHERE room = ? AND id < ? ORDER BY id DESC LIMIT ?",

	[SQL_DOOR] = "SELECT lobby, pin FROM door WHERE room = ?",
	[SQL_SET_DOOR] = "INSERT INTO door (room, lobby, pin) "
			 "VALUES (?, ?, ?) ON CONFLICT (room) DO UPDATE "
			 "SET lobby = excluded.lobby, pin = excluded.pin",
	[SQL_BANS] = "SELECT address, time, until, by, reason FROM ban "
		     "WHERE room = ? ORDER BY id",
	[SQL_ADD_BAN] = "INSERT INTO ban (room, address, time, until, by, "
			"reason) VALUES (?, ?, ?, ?, ?, ?)",
	[SQL_FORGET_BANS] = "DELETE FROM ban WHERE room = ?",

	[SQL_FORGET_ACCOUNT_DIALOGS] = "DELETE FROM dialog WHERE account = ?",
	[SQL_FORGET_ACCOUNT_POSTS] = "DELETE FROM post WHERE account = ?",
	[SQL_FORGET_MAILS] = "DELETE FROM mail WHERE time < ?",
	[SQL_FORGET_DIALOGS] = "DELETE FROM dialog WHERE time < ? AND "
			       "state = 2",
	[SQL_FORGET_POSTS] = "DELETE FROM post WHERE time < ? AND state > 0 "
			     "AND id NOT IN (SELECT post FROM dialog)",

	[SQL_SAVE_RECORDING] = "INSERT OR REPLACE INTO recording "
			       "(" RECORDING_COLUMNS ") "
			       "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
	[SQL_DELETE_RECORDING] = "DELETE FROM recording WHERE id = ?",
	[SQL_RECORDING] = "SELECT " RECORDING_COLUMNS " FROM recording "
			  "WHERE id = ?",
	[SQL_RECORDINGS] = "SELECT " RECORDING_COLUMNS " FROM recording "
			   "WHERE room = ?1 OR ?1 IS NULL "
			   "ORDER BY time DESC, id DESC",
	[SQL_ADD_RECORDING_FILE] = "INSERT INTO recording_file (recording, "
				   "number, file, address, name, bytes) "
				   "VALUES (?, ?, ?, ?, ?, ?)",
	[SQL_DELETE_RECORDING_FILES] = "DELETE FROM recording_file "
				       "WHERE recording = ?",
	[SQL_RECORDING_FILES] = "SELECT file, address, name, bytes "
				"FROM recording_file WHERE recording = ? "
				"ORDER BY number",

	[SQL_ADD_TOKEN] = "INSERT INTO token (digest, room, role, name, uses, "
			  "expires, address, time) "
			  "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
	[SQL_TOKEN] = "SELECT " TOKEN_COLUMNS " FROM token WHERE digest = ?",
	[SQL_TOKENS] = "SELECT " TOKEN_COLUMNS " FROM token "
		       "WHERE room = ? AND expires > ? AND uses <> 0 "
		       "ORDER BY time, digest",
	[SQL_USE_TOKEN] = "UPDATE token SET uses = uses - 1 "
			  "WHERE digest = ? AND uses > 0",
	[SQL_VOID_TOKEN] = "UPDATE token SET uses = 0 WHERE digest = ?",
	[SQL_FORGET_TOKENS] = "DELETE FROM token WHERE expires < ?",

	[SQL_ADD_SESSION] = "INSERT OR REPLACE INTO session (digest, address, "
			    "expires) VALUES (?, ?, ?)",
	[SQL_END_SESSION] = "DELETE FROM session WHERE digest = ?",
	[SQL_SESSIONS] = "SELECT digest, address, expires FROM session "
			 "WHERE expires > ?",
	[SQL_FORGET_SESSIONS] = "DELETE FROM session WHERE expires < ?",
};
