/* hub_private - what the sources of the cascade share, in their order: origin,
 * trunk_ring, trunk, trunk_post, hub, forward. Nobody else includes it, but for
 * the engine and tests. All of it is RT, but for create and destroy. */
#ifndef GATE_HUB_PRIVATE_H
#define GATE_HUB_PRIVATE_H

#include "bridge/gate/hub.h"
#include "bridge/gate/private.h"
#include "bridge/gate/trunk.h"
#include "bridge/gate/trunk_wire.h"
#include "mixer/reception.h"
#include "mixer/talkers.h"

/* origin.c - a talker as one hub knows him: a member here, or one whose
 * sound comes by a trunk. */

#define ORIGIN_QUIET 3	 /* ticks without a packet, after which he is silent */
#define ORIGIN_AGAIN 20	 /* the same, after which he begins anew */
#define ORIGIN_IDLE  100 /* the same, after which he is forgotten */

struct origin {
	uint32_t id; /* 0: of no hub */
	struct lookup_node by_id;
	struct talker talker; /* among the best of this hub's subtree */
	unsigned quiet;	      /* ticks since his last packet */
	bool chosen;	      /* in the newest verdict from above */
	uint64_t grace_us;    /* heard without that until then */
	uint16_t generation;  /* see trunk_sound */
	struct session *ses;  /* a member here, or NULL */

	/* Of those who are elsewhere. */
	struct origin *next;	     /* of the hub's list, or free */
	struct trunk *from;	     /* whence his last packet came */
	struct replay_window window; /* which ones came */
	uint64_t timestamp;	     /* of the newest one, extended */
	struct mix_leg *guest;	     /* his leg in the mix here, or NULL */
	uint8_t volume;		     /* as the guest has it */
};

/* Not RT. NULL: no memory. */
struct origin *origin_create(struct session *ses, uint32_t id, uint8_t place);
/* The member joined the mix, or left it. Does nothing where it has no hub. */
void origin_join(struct session *ses);
void origin_leave(struct session *ses);
/* His SSRC changed, or he started over. */
void origin_restart(struct origin *org);
/* Of those elsewhere; NULL: unknown. */
struct origin *origin_remote(const struct hub *hub, uint32_t id);
/* The same; one that is new takes the place of who was quiet longest. */
struct origin *origin_take(struct hub *hub, uint32_t id);
/* Of members here who are in the mix. */
struct origin *origin_local(const struct hub *hub, uint32_t id);
/* NULL: all legs are taken by others who were heard of late. */
struct mix_leg *origin_guest(struct hub *hub, struct origin *org);
void origin_release_guest(struct hub *hub, struct origin *org);
void origin_forget(struct hub *hub, struct origin *org);
/* Whether this hub lets him be heard. */
bool origin_is_heard(const struct hub *hub, const struct origin *org,
		     uint64_t now_us);
/* He has sent a packet whose level is worth this; true: he has a seat. */
bool origin_note(struct hub *hub, struct origin *org, float level_dbov);
bool origin_seat(struct hub *hub, struct origin *org, uint64_t now_us);
/* Whose place among the talkers this is. */
struct origin *origin_of(struct talker *talker);
/* Once a tick, for all of a hub: who has fallen silent. */
void origin_tick(struct hub *hub, uint64_t now_us);

/* trunk_ring.c - the rings between the two ends of a pair. */

#define TRUNK_RING_SLOTS 128

/* Shared by the two ends; the last to go destroys it. */
struct trunk_ring {
	struct ring *way[2];   /* [side] pushes */
	atomic_bool closed[2]; /* [side] is gone */
	atomic_int wake_fd[2]; /* [side]'s worker; -1: none */
	atomic_uint ends;
};

int trunk_ring_create(struct trunk_ring **ring_r);
void trunk_ring_leave(struct trunk_ring **ringp, unsigned side);

/* trunk_post.c - messages between hubs, on their way over one trunk: repeated
 * until acknowledged, one after the other. */

#define POST_MESSAGES 8
#define POST_SEEN     16

struct post {
	struct {
		uint32_t id, to, from;
		uint8_t hops;
		size_t size;
		uint8_t text[TRUNK_MAX_MESSAGE];
	} messages[POST_MESSAGES];
	unsigned first, n;
	uint32_t next_id;
	uint64_t first_us, due_us; /* of the first one; 0: not sent yet */
	uint32_t seen[POST_SEEN];
	unsigned n_seen;
};

/* The oldest gives way when all places are taken. */
void post_add(struct post *post, const struct trunk_message *msg);
/* The message to be sent now, whose id and hops are set; false: none. */
bool post_due(struct post *post, struct trunk_message *msg_r, uint64_t now_us);
void post_acked(struct post *post, uint32_t id);
/* Whether the peer's message came before, and remembering it. */
bool post_has_seen(const struct post *post, uint32_t id);
void post_remember(struct post *post, uint32_t id);

/* trunk.c */

#define TRUNK_BEAT	   50	 /* ticks between two reports */
#define TRUNK_LEAVES	   3	 /* ticks in which a leave is said */
#define TRUNK_LINGER	   100	 /* ticks that a removed one is still used */
#define TRUNK_HASTE	   25	 /* ticks in which it is dialled each tick */
#define TRUNK_LOSSY	   0.01f /* of the packets: from there on repeat */
#define TRUNK_REPEAT_FOR   250	 /* ticks, since that was last reported */
#define TRUNK_PAYLOAD_TYPE 96	 /* of its RTP */

struct trunk {
	uint32_t tag;		 /* {const} */
	enum trunk_role role;	 /* {const} */
	struct stream *stream;	 /* {const} NULL: a ring's end */
	struct trunk_ring *ring; /* {const} NULL: UDP */
	unsigned side;		 /* {const} of the ring; 0: the parent */
	uint32_t receive_ssrc;	 /* {const} */
	struct sockaddr_storage addresses[TRUNK_MAX_PEERS]; /* {const} */
	unsigned n_addresses;				    /* {const} */
	/* {const} once a worker has it. */
	struct path peers[TRUNK_MAX_PEERS];
	unsigned n_peers;
	struct hub *hub;

	/* All below: {worker}. */
	struct lookup_node by_ssrc;
	struct trunk *next;	 /* of its hub */
	struct trunk *next_ring; /* of the engine's with rings */
	enum trunk_state state;
	struct path path;      /* proven by what came from there */
	unsigned quiet;	       /* ticks since an authentic packet */
	unsigned dialled;      /* ticks */
	unsigned leaving;      /* ticks in which a leave is to be said */
	unsigned beat;	       /* ticks until the next report */
	unsigned ending;       /* ticks that it lingers; 0: not removed */
	bool wake;	       /* something was pushed into the ring */
	uint64_t repeat_until; /* tick */
	size_t last_size;      /* the sound of the packet before */
	uint8_t last[TRUNK_MAX_PAYLOAD];
	struct trunk_report report;
	double age_us; /* sum of the sounds that came since the report */
	unsigned ages;
	struct post post;
	struct retiree retiree;
};

/* Sends an entry, and what is to be repeated; `sound` is repeated itself. */
void trunk_say(struct engine *eng, struct trunk *trk, const uint8_t *entry,
	       size_t size, bool sound);
/* The packet of a tick: a child says that it is there, a parent the verdict. */
void trunk_say_verdict(struct engine *eng, struct trunk *trk, unsigned samples);
/* Begins to dial; ends it, and says so to the peer. */
void trunk_dial(struct engine *eng, struct trunk *trk);
void trunk_leave(struct engine *eng, struct trunk *trk);
/* Something authentic came; from NULL: by the ring. False: this trunk is not
 * in use, it is to be passed over. */
bool trunk_heard(struct engine *eng, struct trunk *trk,
		 const struct path *from);
void trunk_tick(struct engine *eng, struct trunk *trk, unsigned missed,
		uint64_t now_us);
void trunk_tell(struct engine *eng, struct trunk *trk);
/* Says its last leave: it is to be removed. */
void trunk_end(struct engine *eng, struct trunk *trk);
/* Of the engine. */
void trunk_enter(struct engine *eng, struct trunk *trk);
void trunk_exit(struct engine *eng, struct trunk *trk);
struct trunk *trunk_find(const struct engine *eng, uint32_t ssrc);
void trunk_take_rings(struct engine *eng, uint64_t now_us);
void trunk_wake_rings(struct engine *eng);

/* hub.c */

/* Remote talkers that a hub can know at once, beside its guests: those who
 * were heard a moment ago, and those of its subtree who are not chosen. */
#define HUB_SPARE_ORIGINS 64
#define HUB_WAYS	  64 /* to other hubs, that are remembered */

struct hub {
	uint32_t tag, id;	/* {const} */
	unsigned limit;		/* {const} talkers */
	unsigned n_legs;	/* {const} */
	struct mix_leg **legs;	/* {const} the guests' */
	struct origin *origins; /* {const} of remote talkers */
	unsigned n_origins;	/* {const} */
	struct mix *mix;	/* {const} once a worker has it */

	/* All below: {worker}. */
	struct engine_mix *entry;
	bool root, vice;
	struct trunk *trunks;
	struct trunk *up;  /* the parent or alternate in use, or NULL */
	unsigned handover; /* ticks that a new root keeps its parent */
	unsigned seeking;  /* ticks without one */
	struct lookup by_id;
	struct talkers talkers; /* the best of the subtree */
	struct origin *active, *idle;
	struct mix_leg **free_legs;
	unsigned n_free_legs;
	/* The newest from above, or as root one's own. */
	uint32_t verdict[HUB_MAX_TALKERS];
	unsigned n_verdict;
	uint32_t root_id; /* whose it is; 0: nobody's */
	unsigned beat;	  /* ticks until the next report */
	enum hub_parent told;
	/* Over which trunk messages of a hub came. */
	struct {
		uint32_t id;
		struct trunk *trunk; /* NULL: void */
	} ways[HUB_WAYS];
	unsigned n_ways;
	struct retiree retiree;
};

/* RTP or RTCP for one of its trunks. */
void hub_packet(struct engine *eng, struct trunk *trk, const struct path *from,
		enum packet_kind kind, uint8_t *buf, size_t size,
		uint64_t now_us);
/* The entries of one packet; from NULL: by the ring. */
void hub_take(struct engine *eng, struct trunk *trk, const struct path *from,
	      const uint8_t *payload, size_t size, uint64_t now_us);
void hub_trunk_up(struct engine *eng, struct trunk *trk);
/* It is silent, or has left. */
void hub_trunk_down(struct engine *eng, struct trunk *trk);
void hub_tick(struct engine *eng, struct hub *hub, unsigned missed,
	      uint64_t now_us);
/* hub_route.c - messages between hubs. */
void hub_route(struct engine *eng, struct trunk *trk,
	       const struct trunk_message *msg);
/* Of this hub, for another. */
void hub_send(struct hub *hub, uint32_t to, const uint8_t *text, size_t size);
void hub_forget_ways(struct hub *hub, const struct trunk *trk);
/* Commands. */
void hub_attach(struct engine *eng, struct engine_mix *entry, struct hub *hub);
void hub_detach(struct engine *eng, struct hub *hub);
void hub_add_trunk(struct engine *eng, struct hub *hub, struct trunk *trk);
/* One in use lingers: the plan may have come here before it came to the other
 * end, or to a new parent. */
void hub_remove_trunk(struct engine *eng, struct trunk *trk);
void hub_set(struct engine *eng, struct hub *hub, bool root, bool vice);

/* forward.c - the way of a sound. */

/* A member's packet claims this level, before it is decrypted where the stream
 * can say. True: it is among the best of the subtree. Makes its leg chosen or
 * not. */
bool forward_rank(struct engine *eng, struct session *ses, int level_dbov,
		  uint64_t now_us);
/* It is authentic, and forward_rank() was asked. */
void forward_local(struct engine *eng, struct session *ses,
		   const struct stream_media *media, uint64_t now_us);
void forward_remote(struct engine *eng, struct trunk *trk,
		    const struct trunk_sound *snd, uint64_t now_us);
/* Who are chosen, from above. */
void forward_verdict(struct engine *eng, struct hub *hub, uint32_t root,
		     const uint32_t *origins, unsigned n);

#endif
