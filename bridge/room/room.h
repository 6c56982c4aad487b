/* room - one conference: who is in it and the rules of who may come, speak
 * and stay. Rules and state only: no socket, no file, no clock.
 *
 * Lives on the control thread. What it decides happens through room_effects,
 * what it becomes is told through room_observer. */
#ifndef ROOM_ROOM_H
#define ROOM_ROOM_H

#include <glib.h>

#include "bridge/room/sound.h"
#include "signaling/ipsp.h"

struct room;
struct floor;	 /* floor.h */
struct entrance; /* entrance.h */
struct door;	 /* door.h */
struct drain;	 /* drain.h */
struct expected; /* expected.h */
struct expected_guest;

enum member_state {
	MEMBER_INVITED, /* answered OK, has not registered yet */
	MEMBER_HERE,
	MEMBER_GONE, /* the last thing that is told of it */
};

enum member_leave {
	LEAVE_NOT_GONE,
	LEAVE_BYE,	/* hung up, by RTCP or mail, or CANCEL */
	LEAVE_LOST,	/* consent expired */
	LEAVE_NO_SHOW,	/* the OK expired unused, or bounced */
	LEAVE_REPLACED, /* the same person's device came again */
	LEAVE_KICKED,
	LEAVE_ENDED,	 /* room or bridge ended */
	LEAVE_HANDED_ON, /* another bridge keeps the room; it stays there */
	LEAVE_REFUSED,	 /* in the lobby */
	LEAVE_BANNED,
	LEAVE_MOVED, /* a moderator sends it to another room */
};

enum member_via { /* how it came */
		  MEMBER_BY_MAIL,
		  MEMBER_BY_TOKEN,   /* a tool, docs/whip.md */
		  MEMBER_BY_BROWSER, /* a person, by the link of a mail */
};

/* How the sound of one direction does (docs/quality.md). Below 0: not
 * known. */
struct member_figures {
	double loss, late;	     /* 0..1 of the packets */
	double concealed, recovered; /* 0..1 of the frames */
	double jitter_ms, buffer_ms;
	double mos; /* 1..4.5, an estimate */
};

/* Whether a moderator has asked it to unmute, and what became of that. */
enum member_asked {
	ASKED_NOT,
	ASKED_WAITING,
	ASKED_REFUSED,
	ASKED_UNANSWERED,
};

/* Of an address, in the meeting: until nobody is left. */
enum member_role {
	ROLE_MEMBER,
	ROLE_MODERATOR, /* by the configuration, or as another made him */
	ROLE_LISTENER,	/* is never heard */
	ROLES,
};

/* Owned by its room; valid until MEMBER_GONE has been told. */
struct member {
	guint32 id; /* unique in the process, never reused */
	struct room *room;
	char did[IPSP_DID_LENGTH + 1]; /* of a tool: its session */
	char *address, *name, *device; /* name may equal address */
	enum member_via via;
	enum member_state state;
	enum member_leave leave;
	enum member_role role;
	gboolean held;	     /* in the lobby: hears nothing, is not heard */
	gboolean muted;	     /* by a moderator */
	char *muted_by;	     /* that one; NULL: not muted, or not known */
	gboolean self_muted; /* told by its phone */
	guint volume;	     /* percent, by a moderator */
	char *gate;	     /* PhoneGate, "local-1" */
	char *path;	     /* "192.0.2.1:5004", "websocket"; "" if none */
	gint64 since;	     /* Unix seconds of its registration */
	gint64 deadline;     /* Unix seconds: an invited one is a no-show */

	/* floor.h */
	gint64 hand_ms; /* Unix ms: since when its hand is up; 0: it is down */
	gint64 hand_changed_ms; /* by its phone */
	guint place_told;	/* in the queue, as it knows it */
	/* consent.h */
	enum member_asked asked;
	guint32 asked_n; /* how often */
	gint64 asked_until_ms;
	char *asked_by; /* NULL: nobody waits for an answer */

	/* Once a second from the media worker. */
	struct member_figures in, out; /* from the member, and to it */
	double round_trip_ms;	       /* < 0: not known */
	guint talked_s; /* has talked and was heard, since it came */
	guint silent_s; /* nothing but digital silence has come so long */
	gboolean talking;
	int level; /* dBov -127..0, see room_refresh_levels() */
};

/* What happens because of the room's decisions; control thread. */
struct room_effects {
	/* The member's media ends; its in-band reason was composed. */
	void (*end_media)(struct member *mem, void *arg);
	/* Whether anybody hears it: member_may_speak(). */
	void (*set_muted)(struct member *mem, gboolean muted, void *arg);
	/* Whether it hears anybody: not while it is held. */
	void (*set_deaf)(struct member *mem, gboolean deaf, void *arg);
	/* To mem->volume. */
	void (*set_volume)(struct member *mem, void *arg);
	/* An in-band control message, JSON (docs/ipsp.md). */
	void (*tell)(struct member *mem, const char *json, void *arg);
	/* Copies the newest levels into the members. */
	void (*refresh_levels)(struct room *room, void *arg);
	/* See room_stress(); NULL: not known. */
	double (*stress)(const struct room *room, void *arg);
	/* See room_record() and the three after it; NULL: it cannot be. */
	gboolean (*record)(struct room *room, gboolean on, const char *by,
			   GError **error, void *arg);
	gboolean (*announce)(struct room *room, const char *name,
			     GError **error, void *arg);
	void (*hush)(struct room *room, void *arg);
	gboolean (*delete_recording)(struct room *room, const char *id,
				     const char *by, GError **error, void *arg);
	/* The room of that address, whoever keeps it. NULL: there is none. */
	struct room *(*find_room)(const char *address, void *arg);
	/* That person is called here: that he was answered before does not
	 * count against him. Both NULL: nobody is moved. */
	void (*expect)(const char *address, void *arg);
	/* Mails the guest an INVITE; fills in its did and times, respells his
	 * address as it is mailed. NULL: cannot be. */
	gboolean (*invite)(struct room *room, struct expected_guest *guest,
			   void *arg, GError **error);
	/* Writes down what is to outlive the bridge. FALSE: not done. */
	gboolean (*keep_door)(struct room *room, const struct door *door,
			      void *arg, GError **error);
};

enum room_change {
	ROOM_MEMBER_ADDED,   /* state is MEMBER_INVITED */
	ROOM_MEMBER_CHANGED, /* anything but what follows */
	ROOM_MEMBER_FIGURES, /* once a second */
	ROOM_MEMBER_GONE,
	ROOM_STATE,    /* of the room itself; member is NULL */
	ROOM_BANS,     /* likewise */
	ROOM_EXPECTED, /* likewise */
	ROOM_CLOSED,   /* member is NULL; the room goes away */
};

struct room_observer {
	/* by: who caused it (a moderator's address), or NULL. */
	void (*changed)(struct room *room, struct member *mem,
			enum room_change change, const char *by, void *arg);
};

/* Why a moderator's action was not done. */
#define ROOM_ERROR room_error_quark()
GQuark room_error_quark(void);
enum room_error {
	ROOM_ERROR_NOT_HERE,	  /* no such member (any more) */
	ROOM_ERROR_NOT_KEPT,	  /* see room_set_kept() */
	ROOM_ERROR_IMPOSSIBLE,	  /* this room or member cannot; why is said */
	ROOM_ERROR_NOT_SUPPORTED, /* in this set-up */
	ROOM_ERROR_LIMIT,	  /* too many */
	ROOM_ERROR_FAILED,	  /* a disk, a mail: later perhaps */
	ROOM_ERRORS,
};

#define ROOM_MAX_CAPACITY 10000
#define ROOM_MAX_VOLUME	  400 /* percent: 12 dB */

struct room_config {
	const char *address, *name;
	const char *const *moderators; /* NULL-terminated, may be NULL */
	const char *pin; /* NULL: none; moderators may set another */
	guint capacity;
};

struct room *room_create(const struct room_config *cfg,
			 const struct room_effects *effects,
			 const struct room_observer *observer, void *arg);
/* Ends everybody's media (LEAVE_ENDED). Sets *roomp to NULL. */
void room_destroy(struct room **roomp);
/* SIGHUP: new rules; nobody is dropped, a smaller capacity only refuses. */
void room_configure(struct room *room, const struct room_config *cfg);

const char *room_address(const struct room *room);
const char *room_name(const struct room *room);
guint room_capacity(const struct room *room);
/* Whether this bridge keeps the room, as it does from the start. One that is
 * another bridge's of the cluster, or nobody's while the directory is away,
 * obeys no moderator here. */
void room_set_kept(struct room *room, gboolean kept);
gboolean room_is_kept(const struct room *room);
/* struct member *, in order of arrival; the room's. */
const GPtrArray *room_members(const struct room *room);
struct member *room_member(const struct room *room, guint32 id);
/* Its own. */
struct floor *room_floor(const struct room *room);
struct entrance *room_entrance(const struct room *room);
struct drain *room_drain(const struct room *room);
struct expected *room_expected(const struct room *room);
gboolean room_is_moderator(const struct room *room, const char *address);
/* It has a mail address, and somebody who can be asked; a tool has neither. */
gboolean member_is_person(const struct member *mem);
/* What others than moderators call it: its name, or without one its address
 * before the @. Caller frees. */
char *member_shown_name(const struct member *mem);
/* Neither muted by a moderator, nor held, nor a listener. */
gboolean member_may_speak(const struct member *mem);

/* People here or invited, each device once: the n of OK and BUSY. */
guint room_people(const struct room *room);

/* Who wants a seat, at PhoneGate `gate`; all is copied. A tool has no mail
 * address but a name in its place, and its session's for a device. */
struct room_guest {
	const char *did, *address;
	const char *name, *device; /* may be NULL */
	const char *gate;
	gint64 deadline; /* see struct member */
	enum member_via via;
};

/* NULL when the room is full (BUSY). A device that is in the room already
 * never finds it full. */
struct member *room_seat(struct room *room, const struct room_guest *guest);
/* Somebody whom another bridge has kept until now, as he was there. */
struct room_past {
	enum member_state state; /* INVITED or HERE */
	gint64 since;
	const char *path;
	gboolean muted, self_muted;
	enum member_role role;
	guint volume; /* percent */
	guint talked_s;
	gint64 hand_ms;
	gboolean has_floor; /* the two that follow are of it, floor.h */
	gint64 floor_until_ms;
	gboolean mute_after;
};
struct member *room_adopt(struct room *room, const struct room_guest *guest,
			  const struct room_past *past);
/* Another bridge keeps the room: everybody leaves (LEAVE_HANDED_ON). */
void room_hand_on(struct room *room);
/* Registered at its PhoneGate; replaces an older leg of (address, device). */
void room_registered(struct room *room, struct member *mem, const char *path,
		     gint64 now);
/* The member sits at another PhoneGate from now on. */
void room_moved(struct room *room, struct member *mem, const char *gate);
void room_left(struct room *room, struct member *mem, enum member_leave why);
/* Seats whose OK was not used in time become free. */
void room_expire(struct room *room, gint64 now);
/* Once a second, for what else time brings: floor.h, consent.h. Unix ms. */
void room_run(struct room *room, gint64 now_ms);
/* What its phone said in band. */
struct in_band;
void room_hear(struct room *room, struct member *mem, const struct in_band *msg,
	       gint64 now_ms);
/* The figures in mem were renewed. */
void room_figures(struct room *room, struct member *mem);
void room_self_muted(struct room *room, struct member *mem, gboolean muted);

/* A moderator's actions: moderation.c. Idempotent; FALSE and a ROOM_ERROR
 * when `member` is not (or no longer) here, or it cannot be. What is said to
 * who is sent away (may be NULL) is cut to 128 characters. */

/* unmute only takes back a moderator's mute: nobody is unmuted who muted
 * himself. */
gboolean room_mute(struct room *room, guint32 member, const char *by,
		   GError **error);
gboolean room_unmute(struct room *room, guint32 member, const char *by,
		     GError **error);
/* All but those. */
gboolean room_mute_all(struct room *room, const guint32 *but, guint n,
		       const char *by, GError **error);
/* How loud the others hear the member, in percent of what it sends, at most
 * ROOM_MAX_VOLUME; as long as its call lasts. */
gboolean room_set_volume(struct room *room, guint32 member, guint percent,
			 const char *by, GError **error);
/* Asks it to unmute, see consent.h. */
gboolean room_ask_unmute(struct room *room, guint32 member, const char *by,
			 gint64 now_ms, GError **error);
/* Of its address; a tool's, of this one, which cannot moderate. Who moderates
 * by the configuration stays moderator. */
gboolean room_set_role(struct room *room, guint32 member, enum member_role role,
		       const char *by, GError **error);
gboolean room_kick(struct room *room, guint32 member, const char *by,
		   const char *reason, GError **error);
/* By an INVITE mail, until EXPECTED_LIFE_S later; name may be NULL. Again: a
 * new mail. */
gboolean room_invite(struct room *room, const char *address, const char *name,
		     const char *by, gint64 now, GError **error);
/* To another room, which `by` moderates too: its phone is told to call there,
 * is expected there, and leaves here. */
gboolean room_move(struct room *room, guint32 member, const char *to,
		   const char *by, gint64 now, GError **error);
/* Everybody leaves. */
gboolean room_end(struct room *room, const char *by, const char *reason,
		  GError **error);
void room_refresh_levels(struct room *room);
/* How much of its time the busiest worker uses of those that carry the room, 0
 * to 1 (bridge/gate/stress.h); < 0: not known, or nobody is there. */
double room_stress(const struct room *room);

/* Its sound is written down, or no longer (bridge/recordings.h). Idempotent. */
gboolean room_record(struct room *room, gboolean on, const char *by,
		     GError **error);
/* All hear a file of the announcements, after what is being played. */
gboolean room_announce(struct room *room, const char *name, GError **error);
/* What is being played ends, and what waits. */
gboolean room_hush(struct room *room, GError **error);
/* Of a recording of this room nothing is left. */
gboolean room_delete_recording(struct room *room, const char *id,
			       const char *by, GError **error);
/* As those who do it have told; NULL: nothing any more. */
void room_set_recording(struct room *room, const char *id, gint64 since_ms,
			const char *by);
void room_set_announcing(struct room *room, const char *name, gint64 until_ms);
const struct room_sound *room_sound(const struct room *room);
/* How long mail takes to the room, in seconds; < 0: not known, as at first. */
void room_set_mail_delay(struct room *room, gint64 seconds);
gint64 room_mail_delay(const struct room *room);

#endif
