/* local - the directory of one process, in memory; and what only tests and
 * scenarios do with it: they cut it off, as a network does. */
#ifndef BRIDGE_DIRECTORY_LOCAL_H
#define BRIDGE_DIRECTORY_LOCAL_H

#include "bridge/directory/directory.h"

/* Cut off, a directory is not up: its writes wait, its watches tell nothing,
 * its claims are lost. Its leased keys stay for others until
 * directory_local_expire(), as if the lease ran out on etcd. */
void directory_local_cut(struct directory *dir, gboolean cut);
void directory_local_expire(struct directory *dir);

#endif
