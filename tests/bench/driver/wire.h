/* wire - one UDP socket with the addresses of all members.
 *
 * Member i is 127.16.0.1 + i, at the one port; the server is at 127.0.0.1 and
 * a port for each member (which may be the same for all). */
#ifndef BENCH_WIRE_H
#define BENCH_WIRE_H

#include <stddef.h>
#include <stdint.h>

#define WIRE_PACKET 1500
#define WIRE_FIRST  0x7f100001u /* 127.16.0.1 */

/* Called for each packet that came for a member, at its arrival in ns of
 * CLOCK_REALTIME, as the kernel saw it. */
typedef void (*wire_arrival)(void *context, unsigned member, uint8_t *buf,
			     size_t size, int64_t arrival_ns);

struct wire;

/* Says what is wrong and exits. */
struct wire *wire_open(uint16_t port);
void wire_close(struct wire *wire);

/* Room for the next packet; wire_send() takes it at its size. */
uint8_t *wire_room(struct wire *wire);
void wire_send(struct wire *wire, unsigned member, uint16_t port, size_t size);

/* Sends what was taken. */
void wire_flush(struct wire *wire);

/* Hands out all that came. */
void wire_receive(struct wire *wire, wire_arrival arrival, void *context);

struct wire_report {
	uint64_t sent, refused; /* by the kernel */
	uint64_t dropped;	/* came, but our buffer was full */
	size_t buffer;		/* bytes of it */
};

void wire_report(const struct wire *wire, struct wire_report *rep_r);

#endif
