#include "bridge/gate/private.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "mixer/wire.h"

bool path_from_socket(struct path *path_r, unsigned port,
		      const struct sockaddr *peer)
{
	struct path path = { .kind = PATH_UDP, .port = port };

	if (peer->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)peer;

		path.peer.in.sin_family = AF_INET;
		path.peer.in.sin_port = in->sin_port;
		path.peer.in.sin_addr = in->sin_addr;
	} else if (peer->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 =
			(const struct sockaddr_in6 *)peer;

		if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
			path.peer.in.sin_family = AF_INET;
			path.peer.in.sin_port = in6->sin6_port;
			memcpy(&path.peer.in.sin_addr,
			       in6->sin6_addr.s6_addr + 12, 4);
		} else {
			path.peer.in6 = *in6;
			path.peer.in6.sin6_flowinfo = 0;
		}
	} else {
		return false;
	}
	/* sin_port and sin6_port lie at the same place. */
	if (!path.peer.in.sin_port)
		return false;
	*path_r = path;
	return true;
}

struct path path_from_websocket(uint32_t connection)
{
	return (struct path){ .kind = PATH_WEBSOCKET,
			      .connection = connection };
}

bool path_equal(const struct path *a, const struct path *b)
{
	uint8_t key_a[PATH_KEY_SIZE], key_b[PATH_KEY_SIZE];

	if (a->kind != b->kind || a->kind == PATH_NONE)
		return false;
	path_key(a, key_a);
	path_key(b, key_b);
	return !memcmp(key_a, key_b, PATH_KEY_SIZE);
}

void path_key(const struct path *path, uint8_t key_r[PATH_KEY_SIZE])
{
	memset(key_r, 0, PATH_KEY_SIZE);
	key_r[0] = (uint8_t)path->kind;
	key_r[PATH_KEY_SIZE - 1] = (uint8_t)path->port;
	if (path->kind == PATH_WEBSOCKET) {
		wire_put32(key_r + 1, path->connection);
	} else if (path->peer.any.sa_family == AF_INET) {
		memcpy(key_r + 1, &path->peer.in.sin_port, 2);
		memcpy(key_r + 3, &path->peer.in.sin_addr, 4);
	} else if (path->peer.any.sa_family == AF_INET6) {
		memcpy(key_r + 1, &path->peer.in6.sin6_port, 2);
		memcpy(key_r + 3, &path->peer.in6.sin6_addr, 16);
		/* Of a link-local address only. */
		wire_put32(key_r + 19, path->peer.in6.sin6_scope_id);
	}
}

void path_address(const struct path *path, struct sockaddr_storage *addr_r)
{
	memset(addr_r, 0, sizeof(*addr_r));
	/* A WebSocket's client has no use for an address, but its STUN
	 * library wants one: 0.0.0.0, port 0. */
	addr_r->ss_family = AF_INET;
	if (path->kind == PATH_UDP)
		memcpy(addr_r, &path->peer, sizeof(path->peer));
}

void path_text(const struct path *path, char text_r[PATH_TEXT])
{
	char literal[INET6_ADDRSTRLEN] = "";

	if (path->kind == PATH_WEBSOCKET) {
		snprintf(text_r, PATH_TEXT, "websocket");
	} else if (path->peer.any.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &path->peer.in6.sin6_addr, literal,
			  sizeof(literal));
		snprintf(text_r, PATH_TEXT, "[%s]:%u", literal,
			 ntohs(path->peer.in6.sin6_port));
	} else if (path->peer.any.sa_family == AF_INET) {
		inet_ntop(AF_INET, &path->peer.in.sin_addr, literal,
			  sizeof(literal));
		snprintf(text_r, PATH_TEXT, "%s:%u", literal,
			 ntohs(path->peer.in.sin_port));
	} else {
		text_r[0] = 0;
	}
}
