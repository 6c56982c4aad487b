/* links: bridge */
/* The configuration file: it is used whole, or each mistake is named. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bridge/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(gboolean holds)
{
	if (!holds)
		abort();
}

static void check(const struct config *cfg)
{
	require(cfg->workers > 0 && cfg->sessions_per_gate > 0);
	require(cfg->media_addresses && cfg->media_addresses[0]);
	require(cfg->site && g_str_has_suffix(cfg->directory.prefix, "/"));
	require(!cfg->directory.etcd ||
		(cfg->directory.urls && cfg->directory.cluster_secret));
	for (guint i = 0; i < cfg->mails->len; i++) {
		const struct config_mail *mail = cfg->mails->pdata[i];

		require(config_mail(cfg, mail->name) == mail);
		require(mail->mailbox_url && mail->post_url);
	}
	for (guint i = 0; i < cfg->rooms->len; i++) {
		const struct config_room *room = cfg->rooms->pdata[i];

		require(config_room(cfg, room->address) == room);
		require(room->name && room->capacity > 0);
		require(config_mail(cfg, room->account) != NULL);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
	int fd = memfd_create("config", MFD_CLOEXEC);
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
	g_autofree char *start = g_strconcat(path, ":", NULL);
	struct config *cfg;

	require(write(fd, data, size) == (ssize_t)size);
	cfg = config_load(path, problems);
	require((cfg != NULL) == (problems->len == 0));
	for (guint i = 0; i < problems->len; i++)
		require(g_str_has_prefix(problems->pdata[i], start));
	if (cfg)
		check(cfg);
	config_free(cfg);
	close(fd);
	return 0;
}
