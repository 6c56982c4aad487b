#include "loadgen/own_net.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

static bool global4(uint32_t addr)
{
	static const struct {
		uint32_t net, mask;
	} others[] = {
		{ 0x00000000, 0xff000000 }, /* 0.0.0.0/8 */
		{ 0x0a000000, 0xff000000 }, /* 10.0.0.0/8 */
		{ 0x64400000, 0xffc00000 }, /* 100.64.0.0/10 */
		{ 0x7f000000, 0xff000000 }, /* 127.0.0.0/8 */
		{ 0xa9fe0000, 0xffff0000 }, /* 169.254.0.0/16 */
		{ 0xac100000, 0xfff00000 }, /* 172.16.0.0/12 */
		{ 0xc0a80000, 0xffff0000 }, /* 192.168.0.0/16 */
		{ 0xe0000000, 0xe0000000 }, /* multicast, reserved */
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if ((addr & others[i].mask) == others[i].net)
			return false;
	return true;
}

bool own_net_is_global(const struct sockaddr *addr)
{
	if (addr->sa_family == AF_INET) {
		const struct sockaddr_in *v4 = (const void *)addr;

		return global4(ntohl(v4->sin_addr.s_addr));
	}
	if (addr->sa_family == AF_INET6) {
		const struct sockaddr_in6 *v6 = (const void *)addr;

		/* 2000::/3, all that is given out (RFC 4291 2.4). */
		return (v6->sin6_addr.s6_addr[0] & 0xe0) == 0x20;
	}
	return false;
}

const char *own_net_kind(void)
{
	struct ifaddrs *all, *ifa;
	bool global = false;

	if (getifaddrs(&all))
		return "private";
	for (ifa = all; ifa && !global; ifa = ifa->ifa_next)
		global = ifa->ifa_addr && ifa->ifa_flags & IFF_UP &&
			 own_net_is_global(ifa->ifa_addr);
	freeifaddrs(all);
	return global ? "global" : "private";
}
