#include "bridge/studio.h"

#include "bridge/recording/announcer.h"
#include "bridge/recordings.h"

struct studio {
	struct conference *conf;
	const struct studio_host *host;
	void *arg;
	struct recordings *recordings;
	struct announcer *announcer;
};

static gint64 now_ms(void *arg)
{
	struct studio *stu = arg;

	return stu->host->now_ms(stu->arg);
}

static const struct config_room *rules(const char *room, void *arg)
{
	struct studio *stu = arg;

	return config_room(conference_config(stu->conf), room);
}

static void changed(struct room *room, const struct recording *row,
		    const char *by, void *arg)
{
	struct studio *stu = arg;

	stu->host->changed(room, row, by, stu->arg);
}

static void ended(const struct recording *row, void *arg)
{
	struct studio *stu = arg;

	conference_mail_recording(stu->conf, row);
}

static const struct recordings_host recordings_host = {
	.now_ms = now_ms,
	.rules = rules,
	.changed = changed,
	.ended = ended,
};

struct studio *studio_create(struct conference *conf,
			     const struct media_ops *media, void *media_arg,
			     const struct studio_host *host, void *arg)
{
	const struct config *cfg = conference_config(conf);
	struct studio *stu = g_new0(struct studio, 1);
	const struct recordings_config recordings = {
		.directory = cfg->recordings_directory,
		.store = conference_store(conf),
		.media = media,
		.media_arg = media_arg,
	};
	const struct announcer_config announcer = {
		.directory = cfg->announcements_directory,
		.now_ms = now_ms,
		.arg = stu,
		.media = media,
		.media_arg = media_arg,
	};

	stu->conf = conf;
	stu->host = host;
	stu->arg = arg;
	stu->announcer = announcer_create(&announcer);
	stu->recordings = recordings_create(&recordings, &recordings_host, stu);
	return stu;
}

void studio_destroy(struct studio **stup)
{
	struct studio *stu = *stup;

	*stup = NULL;
	if (!stu)
		return;
	recordings_destroy(&stu->recordings);
	announcer_destroy(&stu->announcer);
	g_free(stu);
}

gboolean studio_record(struct studio *stu, struct room *room, gboolean on,
		       const char *by, GError **error)
{
	if (on)
		return recordings_start(stu->recordings, room, by, error);
	recordings_stop(stu->recordings, room, by);
	return TRUE;
}

gboolean studio_announce(struct studio *stu, struct room *room,
			 const char *name, GError **error)
{
	return announcer_play(stu->announcer, room, name, error);
}

void studio_hush(struct studio *stu, struct room *room)
{
	announcer_hush(stu->announcer, room);
}

void studio_changed(struct studio *stu, struct room *room, struct member *mem,
		    enum room_change change)
{
	recordings_changed(stu->recordings, room, mem, change);
	if (change == ROOM_CLOSED)
		announcer_forget(stu->announcer, room);
}

GPtrArray *studio_recordings(struct studio *stu, const char *room)
{
	return recordings_list(stu->recordings, room);
}

GPtrArray *studio_announcements(struct studio *stu)
{
	return announcer_list(stu->announcer);
}

gboolean studio_delete(struct studio *stu, struct room *room, const char *id,
		       const char *by, GError **error)
{
	return recordings_delete(stu->recordings, room, id, by, error);
}

char *studio_file(struct studio *stu, const char *id, const char *file,
		  char **room_r)
{
	struct recording *row = recordings_find(stu->recordings, id);
	char *path = row ? recordings_path(stu->recordings, row, file) : NULL;

	*room_r = path ? g_strdup(row->room) : NULL;
	recording_free(row);
	return path;
}
