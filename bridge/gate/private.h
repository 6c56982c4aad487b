/* private - what the sources of bridge/gate share, in their order: path,
 * lookup, outbox, links, session, phonegate, events and commands, relay's
 * objects, engine, relay, play, registration, ice, media, port, thread, worker.
 * Nobody else includes it, but for tests.
 *
 * The engine is the worker without thread, socket and clock: packets and
 * time are its arguments. All of it is RT, but for create and destroy. */
#ifndef GATE_PRIVATE_H
#define GATE_PRIVATE_H

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "bridge/gate/histogram.h"
#include "bridge/gate/stress.h"
#include "bridge/gate/trunk_wire.h"
#include "bridge/gate/worker.h"
#include "mixer/ring.h"
#include "mixer/rtp.h"
#include "mixer/stun.h"

#define TICK_US 20000u

struct engine;

/* path.c - where a packet comes from and where an answer goes. */

#define PATH_TEXT     64
#define PATH_KEY_SIZE 24

/* Sockets of all workers: (worker's index * WORKER_MAX_LISTEN) + its own. */
#define PORTS 256

enum path_kind { PATH_NONE, PATH_UDP, PATH_WEBSOCKET };

struct path {
	enum path_kind kind;
	unsigned port;	     /* UDP: which of all workers' sockets */
	uint32_t connection; /* WebSocket: the web side's number */
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} peer; /* UDP; never an IPv4-mapped address */
};

/* Makes an IPv4-mapped address the IPv4 address that it is. False for what
 * cannot be answered: another family, port 0. */
bool path_from_socket(struct path *path_r, unsigned port,
		      const struct sockaddr *peer);
struct path path_from_websocket(uint32_t connection);
bool path_equal(const struct path *a, const struct path *b);
/* The bytes that make up its identity, for hashes and cookies. */
void path_key(const struct path *path, uint8_t key_r[PATH_KEY_SIZE]);
void path_address(const struct path *path, struct sockaddr_storage *addr_r);
void path_text(const struct path *path, char text_r[PATH_TEXT]);

/* lookup.c - sessions by user name and by path. Buckets are made at
 * creation, nodes lie in the sessions: no insertion can fail. */

struct lookup_node {
	struct lookup_node *next;
	uint64_t hash;
	union {
		struct session *ses;
		struct route *route;   /* in the tables of routes */
		struct trunk *trunk;   /* by SSRC */
		struct origin *origin; /* a hub's */
	};
	bool linked;
};

struct lookup {
	struct lookup_node **buckets;
	size_t mask;
	uint64_t seed; /* strangers choose the keys */
};

int lookup_init(struct lookup *lkp, size_t buckets, uint64_t seed);
void lookup_fini(struct lookup *lkp);
uint64_t lookup_hash(const struct lookup *lkp, const void *key, size_t size);
void lookup_insert(struct lookup *lkp, struct lookup_node *node, uint64_t hash,
		   void *owner);
/* A node that is not linked is left alone. */
void lookup_remove(struct lookup *lkp, struct lookup_node *node);
/* The first node of this hash, then (from node->next) the others. */
struct lookup_node *lookup_first(const struct lookup *lkp, uint64_t hash);
struct lookup_node *lookup_next(const struct lookup_node *node);

/* outbox.c - packets on their way out, sent in batches. They are written where
 * they are sent from, and what the kernel wants to know of them stands beside
 * them: a commit sets two lengths and copies an address. */

#define OUTBOX_PACKETS 64

struct outbox_packet {
	struct path to;
	size_t size;
	uint8_t buf[RTP_MAX_PACKET];
};

struct outbox {
	void (*flush)(struct outbox *box, void *arg); /* takes all n */
	void *arg;
	unsigned n;
	/* headers[i] and parts[i] point into packets[i], for good; void where
	 * the path is a WebSocket. */
	struct mmsghdr headers[OUTBOX_PACKETS];
	struct iovec parts[OUTBOX_PACKETS];
	struct outbox_packet packets[OUTBOX_PACKETS];
};

void outbox_init(struct outbox *box,
		 void (*flush)(struct outbox *box, void *arg), void *arg);
/* RTP_MAX_PACKET bytes to write into; flushes when all are full. */
uint8_t *outbox_buffer(struct outbox *box);
/* What was written there goes out; size <= 0 goes nowhere. */
void outbox_commit(struct outbox *box, const struct path *to, int size);
void outbox_flush(struct outbox *box);

/* links.c - lists of sessions, first in first out, linked through the
 * sessions: nothing is searched, nothing can fail. */

struct link {
	struct link *next, *previous; /* NULL: in no list */
	struct session *ses;	      /* NULL in a list's head */
};

void links_init(struct link *head);
/* A link that is in a list is moved. */
void links_append(struct link *head, struct link *link, struct session *ses);
/* One that is in none is left alone. */
void links_remove(struct link *link);

/* The session behind this head or link, or NULL at the list's end. */
static inline struct session *links_next(const struct link *link)
{
	return link->next->ses;
}

/* engine.c - what retires: objects wait in line for the event ring. */

enum object_kind {
	OBJECT_SESSION,
	OBJECT_GATE,
	OBJECT_MIX,
	OBJECT_MESSAGE,
	OBJECT_STREAM,
	OBJECT_CREDENTIALS,
	OBJECT_MOVE,
	OBJECT_ROUTE,
	OBJECT_HUB,
	OBJECT_TRUNK,
	OBJECT_CLIP,
};

struct retiree {
	struct retiree *next;
	enum object_kind kind;
	void *object;
};

/* session.c */

#define SESSION_SEEN 16 /* ids of the peer's messages remembered */

enum session_owed { OWED_REGISTERED = 1, OWED_GONE = 2 };

struct session {
	/* {worker} What each tick looks at, on as few cache lines as may be. */
	struct link in_room; /* of engine_mix.sessions */
	struct stream *stream;
	struct mix_leg *leg;
	bool joined, gone;
	bool held;	  /* see session_config */
	bool deaf;	  /* see worker_deafen() */
	atomic_int level; /* dBov; the control thread reads it */
	uint64_t joined_tick;
	struct path path; /* proven; media goes there */

	uint32_t member;		  /* {const} */
	char username[STUN_MAX_USERNAME]; /* {const} but for a browser's */
	struct stun_key key;		  /* the same */
	bool ice;			  /* {const} a browser */
	uint64_t consent_life_us;	  /* {const} */
	bool srtp;			  /* {const} */
	bool standby;			  /* {const} see session_config */
	int buffer_max_ms;		  /* {const} */
	struct path tool;		  /* {const} PATH_NONE: a phone */
	struct origin *talk;		  /* {const} NULL: of no hub */
	struct phonegate *gate;		  /* {const} once a worker has it */

	/* All below: {worker}. */
	struct link beat, messaging, owing, routing; /* of the engine's lists */
	/* Of a room that moved here: how its first worker knows it. */
	struct route *route;
	struct relay *relay; /* kept when the route is gone */
	struct lookup_node by_name, by_path, by_candidate;
	struct path candidate; /* of the latest authenticated request */
	struct path alternate; /* UDP: requests are answered by 300 */
	uint32_t moves;	       /* of the path: makes older cookies void */
	/* Of a browser, see ice.c. */
	bool nominated;		 /* the candidate */
	struct path dtls;	 /* where its last DTLS datagram came from */
	bool dtls_moved;	 /* not all came from there */
	size_t dtls_credit;	 /* bytes it may be sent there, not proven */
	unsigned dtls_datagrams; /* passed on since its last beat */
	bool told_registered;
	/* A fresh packet came on the path: since the last consent; of a tool,
	 * ever. */
	bool heard;
	enum worker_gone why;
	unsigned owed;
	uint64_t consent_us; /* last */
	uint32_t random;
	double loss;		     /* of our packets, 0..1, slow to sink */
	uint32_t talked_s, silent_s; /* see session_report */
	struct message *messages, **messages_end;
	unsigned n_messages;
	uint32_t next_id;
	uint32_t seen[SESSION_SEEN];
	unsigned n_seen;
	struct retiree retiree;
};

/* The next of its own random numbers: phases, not secrets. */
uint32_t session_random(struct session *ses);
/* Whether the peer's message came before, and remembering it. */
bool session_has_seen(const struct session *ses, uint32_t id);
void session_remember(struct session *ses, uint32_t id);

/* message.c - in-band messages that wait for their acknowledgement. The
 * control thread makes them, and gets them back as retired. */

#define MESSAGES_MAX 8 /* of one session */

struct message {
	struct message *next;
	struct retiree retiree;
	uint32_t id;
	uint64_t first_us, due_us; /* first 0: not sent yet */
	size_t size;
	uint8_t text[];
};

/* NULL: no memory. Not RT. */
struct message *message_create(const char *text, size_t size);
/* Takes the message; the oldest gives way when all places are taken. */
void message_queue(struct engine *eng, struct session *ses,
		   struct message *msg);
/* The message to send at this time, or NULL. */
struct message *message_due(struct engine *eng, struct session *ses,
			    uint64_t now_us);
void message_sent(struct message *msg, uint64_t now_us);
void message_acked(struct engine *eng, struct session *ses, uint32_t id);

/* ice.c - what replaces a part of a browser's session; made by the control
 * thread, which gets back what was replaced. */

struct new_stream {
	struct stream *stream;
	struct retiree retiree;
};

struct credentials {
	char username[STUN_MAX_USERNAME];
	struct stun_key key;
	struct retiree retiree;
};

/* phonegate.c */

struct phonegate {
	char id[64];		  /* {const} */
	struct mix *mix;	  /* {const} */
	unsigned places;	  /* {const} */
	unsigned taken;		  /* {control} by others than standbys */
	struct engine_mix *entry; /* {worker} its mix among the worker's */
	struct phonegate *next;	  /* {worker} */
	struct retiree retiree;
};

/* engine.c - events and commands. */

/* Something to be heard by all of a room, in line. */
struct engine_clip {
	struct clip *clip;
	struct engine_clip *next;
	struct retiree retiree;
};

/* One room's mix on this worker, and who is in the room. */
struct engine_mix {
	struct mix *mix;
	struct link sessions;	   /* all that were added, joined or not */
	unsigned joined;	   /* legs; an empty mix is not run */
	struct hub *hub;	   /* NULL: the room is on this worker only */
	struct engine_clip *clips; /* the first is being played */
	struct engine_mix *next;
	struct retiree retiree;
};

enum command_kind {
	COMMAND_ADD_MIX,
	COMMAND_REMOVE_MIX,
	COMMAND_ADD_GATE,
	COMMAND_REMOVE_GATE,
	COMMAND_ADD_SESSION,
	COMMAND_REMOVE_SESSION,
	COMMAND_ADMIT,
	COMMAND_MUTE,
	COMMAND_DEAFEN,
	COMMAND_SET_GAIN,
	COMMAND_MESSAGE,
	COMMAND_REDIRECT,
	COMMAND_SEND_DTLS,
	COMMAND_SET_KEYS,
	COMMAND_RESTART_ICE,
	COMMAND_WEBSOCKET_CLOSED,
	COMMAND_DETACH,
	COMMAND_ATTACH,
	COMMAND_FORGET_ROUTE,
	COMMAND_ADD_HUB,
	COMMAND_REMOVE_HUB,
	COMMAND_SET_HUB,
	COMMAND_ADD_TRUNK,
	COMMAND_REMOVE_TRUNK,
	COMMAND_MUST_HEAR,
	COMMAND_HUB_MESSAGE,
	COMMAND_SET_TAP,
	COMMAND_PLAY,
	COMMAND_HUSH,
	COMMANDS,
};

struct command {
	enum command_kind kind;
	union {
		struct engine_mix *entry; /* add */
		struct mix *mix;	  /* remove; tap, clip, hush */
		struct phonegate *gate;
		struct session *ses;
		uint32_t connection;
		struct move *move;
		struct route *route;
		struct hub *hub;
		struct trunk *trunk; /* remove */
	};
	union {
		struct {
			struct mix *to; /* of the hub that is added */
			bool root, vice;
		} place;
		struct trunk *added;
		struct tap *tap; /* NULL: none any more */
		struct engine_clip *clip;
		struct {
			struct message *message;
			uint32_t to;
		} letter; /* to another hub */
		struct new_stream *stream;
		struct credentials *credentials;
		bool must;
		bool muted;
		bool deaf;
		float gain;
		struct message *message;
		/* WebSocket packets that were handed down before this close. */
		uint64_t packets_before;
	};
	struct path alternate; /* redirect; PATH_NONE: no longer */
};

enum event_kind {
	EVENT_REGISTERED,
	EVENT_GONE,
	EVENT_REPORT,
	EVENT_RETIRED,
	EVENT_TRUNK,
	EVENT_HUB,
};

struct event {
	enum event_kind kind;
	uint32_t member; /* or the tag of a trunk or hub */
	union {
		struct {
			char path[PATH_TEXT];
			bool first;
		} registered;
		enum worker_gone why;
		struct session_report report;
		struct trunk_report trunk;
		struct hub_report hub;
		struct {
			enum object_kind kind;
			void *object;
		} retired;
	};
};

struct event_message {
	uint32_t member; /* or a hub's tag */
	bool hub;
	uint32_t from; /* the hub that sent it */
	size_t size;
	char text[STREAM_APP_MAX];
};

struct dtls_packet {
	uint32_t member;
	size_t size;
	uint8_t buf[RTP_MAX_PACKET];
};

struct websocket_packet {
	uint32_t connection;
	size_t size;
	uint8_t buf[RTP_MAX_PACKET];
};

/* relay.c - rooms that moved to another worker. */

struct relay_packet {
	struct path from;
	size_t size;
	uint8_t buf[RTP_MAX_PACKET];
};

/* Where a session is to be found now. */
struct relay_update {
	struct route *route;
	char username[STUN_MAX_USERNAME];
	struct path path, candidate;
};

/* From the worker where callers joined (home) to the one that has their room
 * now (away). Made by the control thread at the first such move. */
struct relay {
	struct ring *packets; /* home pushes */
	struct ring *updates; /* away pushes */
	int home_fd, away_fd; /* {const} eventfds that wake them */
	unsigned first_port;  /* {const} of home's sockets, and those */
	int fds[WORKER_MAX_LISTEN];
	bool wake_away;		    /* {home} */
	bool wake_home;		    /* {away} */
	struct relay *next_home;    /* {home} */
	struct relay *next_away;    /* {away} */
	struct worker *home, *away; /* {const} */
	struct relay *next;	    /* {control} home's, which owns it */
};

/* A session of such a room, as home knows it. */
struct route {
	struct lookup_node by_name, by_path, by_candidate;
	struct path path, candidate;
	char username[STUN_MAX_USERNAME];
	struct relay *relay;
	struct route *next, *previous; /* {home} */
	struct route *forgotten;       /* {control} the next of those */
	struct retiree retiree;
};

/* A room on its way; belongs to one thread after the other. */
struct move {
	struct mix *mix;
	struct relay *relay;
	struct route *routes; /* for its sessions */
	struct engine_mix *entry;
	struct phonegate *gates;
	atomic_bool detached; /* home is done with it */
	struct retiree retiree;
};

/* Each has one writer, the worker or the control thread: a plain addition that
 * other threads may look at, and no locked one. */
struct counters {
	atomic_uint_fast64_t ticks, late_ticks;
	atomic_uint_fast64_t packets_in, packets_out, bytes_in, bytes_out;
	atomic_uint_fast64_t unknown_user, bad_key, unproven, malformed;
	atomic_uint_fast64_t dropped, sessions;
	atomic_uint_fast64_t dropped_down; /* {control} before the worker */
	struct histogram tick_times, tick_lateness;
	atomic_uint stress; /* thousandths */
	atomic_uint effort;
};

static inline void count(atomic_uint_fast64_t *counter, uint64_t n)
{
	atomic_store_explicit(
		counter,
		atomic_load_explicit(counter, memory_order_relaxed) + n,
		memory_order_relaxed);
}

/* A packet between two workers of this process, see trunk_ring.c. */
struct trunk_slot {
	size_t size;
	uint8_t buf[TRUNK_MAX_PAYLOAD];
};

/* A session's beat: what it needs about once a second (consent, figures,
 * RTCP), in a slot of 20 ms that it shares with few others. */
#define BEAT_SLOTS 64 /* over 1.1 s */

#define COMMAND_SLOTS 4096
#define PACKET_SLOTS  512

struct engine {
	/* Down: the control thread pushes. Up: the worker pushes. */
	struct ring *commands, *packets_down;
	struct ring *events, *messages, *packets_up, *dtls_up;
	struct counters counters;

	/* All below: {worker}. */
	/* Called every few ms of a tick, between two batches of packets or two
	 * rooms: so that what arrives meanwhile overflows no socket, and does
	 * not look late to the jitter buffers because it was read late.
	 * May give packets to the engine. NULL: not called. */
	void (*pause)(struct engine *eng, void *arg);
	void *pause_arg;
	unsigned since_pause; /* packets' worth of work */
	struct outbox outbox;
	struct lookup by_name, by_path;
	struct stun_key cookie_secret;
	struct engine_mix *mixes; /* in the order in which they came */
	struct phonegate *gates;
	struct link beats[BEAT_SLOTS];
	struct link messaging; /* sessions with messages to repeat */
	struct link owing;     /* sessions whose event found its ring full */
	struct link routing;   /* sessions whose home is to be told a path */
	struct lookup routes_by_name, routes_by_path;
	struct route *routes;
	struct relay *relays_home, *relays_away;
	struct lookup trunks; /* by the SSRC of what comes by them */
	struct trunk *ring_trunks;
	unsigned hubs;
	int fds[PORTS]; /* sockets, by path.port */
	struct retiree *retiring, **retiring_end;
	struct stress stress;
	uint64_t tick;	  /* steps, also those that never ran */
	uint64_t tick_us; /* when the last one began */
	uint64_t now_us;  /* while commands are applied */
	uint64_t came_us; /* the newest packet; in a tick that took long it
			   * came after the tick began */
	uint64_t packets_popped;
	int64_t wall_offset_us; /* CLOCK_REALTIME less CLOCK_MONOTONIC */
	bool told;		/* something was pushed up */
	/* Scratch, too large for a stack. */
	struct websocket_packet packet;
	struct relay_packet relayed;
	struct event event;
	struct event_message message;
	struct dtls_packet dtls;
	struct trunk_slot slot;
};

int engine_create(struct engine **eng_r,
		  void (*flush)(struct outbox *box, void *arg), void *arg);
/* Frees also what was never removed. */
void engine_destroy(struct engine **engp);

/* What the wall clock shows at now_us, for RTCP's NTP stamps. */
void engine_set_clock(struct engine *eng, uint64_t now_us, uint64_t wall_us);
/* One datagram; buf is decrypted in place. */
void engine_packet(struct engine *eng, const struct path *from, uint8_t *buf,
		   size_t size, uint64_t now_us);
/* The same for a packet that was counted already. */
void engine_take(struct engine *eng, const struct path *from, uint8_t *buf,
		 size_t size, uint64_t now_us);
/* One 20 ms step; `missed` steps before it never ran. */
void engine_tick(struct engine *eng, uint64_t now_us, unsigned missed);
/* How busy the worker is, see stress_tick(); what it then leaves out. Before
 * each tick. */
void engine_note_load(struct engine *eng, unsigned used_us, unsigned late_us);
/* Sends what is in the outbox and tells what is owed. True when the control
 * thread has something to fetch. */
bool engine_settle(struct engine *eng);
/* Whether ticks are needed. */
bool engine_busy(const struct engine *eng);

void engine_owe(struct engine *eng, struct session *ses, unsigned what);
/* The control thread is to free it. */
void engine_retire(struct engine *eng, struct retiree *ret,
		   enum object_kind kind, void *object);
/* A new room goes behind the others: they keep their place in the tick. */
void engine_add_room(struct engine *eng, struct engine_mix *entry);
/* NULL: it is not among the worker's. */
struct engine_mix *engine_find_mix(const struct engine *eng,
				   const struct mix *mix);
void engine_first_beat(struct engine *eng, struct session *ses);
uint64_t engine_wall(const struct engine *eng, uint64_t now_us);

/* The newest time that it was told. */
static inline uint64_t engine_latest(const struct engine *eng)
{
	uint64_t latest = eng->tick_us;

	if (latest < eng->now_us)
		latest = eng->now_us;
	return latest < eng->came_us ? eng->came_us : latest;
}

/* Samples from the last tick to now, at most a frame. */
static inline unsigned engine_since_tick(const struct engine *eng,
					 uint64_t now_us)
{
	uint64_t since_us = now_us - eng->tick_us;

	return since_us < TICK_US ? (unsigned)since_us * 6 / 125 : MIX_FRAME;
}

/* engine_commands.c - what the control thread wants. */

/* Takes WebSocket packets and commands from the rings. */
void engine_apply(struct engine *eng, uint64_t now_us);

/* engine_sessions.c - how they are found, join, get their path, and end. */

/* Whose address this is: first of those who proved it, then of those whose
 * latest request came from there; or NULL. */
struct session *engine_find(const struct engine *eng, const struct path *from);
/* It may prove this path by sending something authentic from there. */
void engine_set_candidate(struct engine *eng, struct session *ses,
			  const struct path *path);
void engine_forget_candidate(struct engine *eng, struct session *ses);
/* The path is proven: media goes there from now on. */
void engine_adopt_path(struct engine *eng, struct session *ses,
		       const struct path *path, uint64_t now_us);
/* Its path or candidate changed. */
void engine_note_path(struct engine *eng, struct session *ses);
/* Its media is over; the session waits to be removed. */
void engine_end_session(struct engine *eng, struct session *ses);

/* Not RT: create and destroy. */
int relay_create(struct relay **rly_r, struct worker *home,
		 struct worker *away);
void relay_destroy(struct relay **rlyp);
/* Home lets the room go, away takes it. */
void relay_detach(struct engine *eng, struct move *mov);
void relay_attach(struct engine *eng, struct move *mov);
/* Home: true when the packet was for a room that has moved. */
bool relay_packet(struct engine *eng, const struct path *from,
		  enum packet_kind kind, const uint8_t *buf, size_t size);
void relay_place(struct engine *eng, struct route *route,
		 const struct path *path, const struct path *candidate);
void relay_take_updates(struct engine *eng);
void relay_forget(struct engine *eng, struct route *route);
/* Away. relay_tell: false when the ring is full. */
void relay_take_packets(struct engine *eng, uint64_t now_us);
bool relay_tell(struct session *ses);

/* play.c - clips and taps of rooms; the first three are commands. */
void play_set_tap(struct engine *eng, struct command *cmd);
void play_add(struct engine *eng, struct command *cmd);
void play_hush(struct engine *eng, struct command *cmd);
/* The mix was run. */
void play_ticked(struct engine *eng, struct engine_mix *entry);
/* The room goes. */
void play_end(struct engine *eng, struct engine_mix *entry);
/* Not RT. */
void play_free(struct engine_clip *clip);

/* registration.c - STUN. */
void registration_packet(struct engine *eng, const struct path *from,
			 const uint8_t *buf, size_t size, uint64_t now_us);

/* ice.c - what is different with a browser. */
/* What an authentic check of `size` bytes changes; it is answered. */
void ice_check(struct engine *eng, struct session *ses, const struct path *from,
	       const struct stun_message *check, size_t size, uint64_t now_us);
void ice_dtls_packet(struct engine *eng, const struct path *from,
		     const uint8_t *buf, size_t size);
/* Commands. What they bring is retired: see OBJECT_. */
void ice_send_dtls(struct engine *eng, struct session *ses,
		   struct message *datagram);
void ice_set_keys(struct engine *eng, struct session *ses,
		  struct new_stream *stream);
void ice_restart(struct engine *eng, struct session *ses,
		 struct credentials *cred);

/* media.c - RTP and RTCP of one session. */
void gate_media_packet(struct engine *eng, const struct path *from,
		       enum packet_kind kind, uint8_t *buf, size_t size,
		       uint64_t now_us);
/* After the mix was run; `missed` steps before it never were. */
void gate_media_tick(struct engine *eng, struct session *ses, unsigned missed);
/* About once a second. */
void gate_media_beat(struct engine *eng, struct session *ses, uint64_t now_us);
/* For a session that has messages. */
void gate_media_messages(struct engine *eng, struct session *ses,
			 uint64_t now_us);
/* RTCP BYE, and with it the messages that were not acknowledged. */
void gate_media_bye(struct engine *eng, struct session *ses, uint64_t now_us);

/* port.c - the worker's UDP sockets. */

#define PORT_BATCH 64

struct port {
	int fd; /* -1: closed */
	struct sockaddr_storage address;
};

int port_open(struct port *port, const struct sockaddr_storage *addr);
void port_close(struct port *port);
/* Packets that the kernel dropped because the socket was full. Any thread. */
uint64_t port_dropped(const struct port *port);

/* Headers and buffers for one recvmmsg(); kept by the worker. */
struct port_receiver;
int port_receiver_create(struct port_receiver **rcv_r);
void port_receiver_destroy(struct port_receiver **rcvp);
/* Gives what has come, at most PORT_BATCH packets, to the engine; returns
 * how many. */
int port_receive(struct port_receiver *rcv, const struct port *port,
		 unsigned index, struct engine *eng, uint64_t now_us);
/* Sends what goes to UDP paths. */
void port_send(struct engine *eng);

/* thread.c - the media thread: epoll, the tick, and the wakes between the two
 * threads. */

/* What epoll tells: a port's index, or one of these. */
enum { WAKE_TIMER = WORKER_MAX_LISTEN, WAKE_CONTROL };

struct worker {
	struct worker_events events;	      /* {const} */
	void *arg;			      /* {const} */
	struct port ports[WORKER_MAX_LISTEN]; /* {const} */
	unsigned n_ports, first_port;
	struct relay *relays;	 /* {control} in which it is home */
	struct route *forgotten; /* {control} to be, once there is room */
	struct engine *eng;
	struct port_receiver *receiver; /* {worker} */
	int epoll_fd, timer_fd;
	int quiet_fd;	/* epoll of timer and control alone */
	int control_fd; /* eventfd: the control thread did something */
	int worker_fd;	/* eventfd: the worker did */
	pthread_t thread;
	bool running; /* {control} */
	atomic_bool stop;
	uint64_t packets_pushed; /* {control} */
	uint64_t next_tick_us;	 /* {worker} 0: the timer is disarmed */
	uint64_t received_us;	 /* {worker} when packets came last */
	unsigned rush, dull;	 /* {worker} see note_rush() */
	uint64_t cpu_us;	 /* {worker} used until the last tick */
	struct websocket_packet packet_up; /* {worker} scratch */
	/* {control} scratch, too large for a stack. */
	struct dtls_packet dtls;
	struct websocket_packet packet;
	struct event_message message;
};

uint64_t thread_clock_us(clockid_t clock);
/* Of an eventfd or timerfd: what it counted. */
void thread_wake(int fd);
uint64_t thread_drain(int fd);
/* Opens epoll, timer and eventfds; watches the ports that are open. */
int thread_prepare(struct worker *wrk);
/* Sends UDP paths to the sockets, WebSocket paths up the ring. */
void thread_flush(struct outbox *box, void *worker);
/* Sends, and receives what has come meanwhile. */
void thread_pause(struct engine *eng, void *worker);
void *thread_run(void *worker);

/* worker.c - the control thread's end; not RT. */

/* -EAGAIN: the ring is full. */
int worker_command(struct worker *wrk, const struct command *cmd);
/* What came back, or was never taken. */
void worker_free(enum object_kind kind, void *object);

#endif
