/* notice - the sounds by which a room is told that it is recorded: two short
 * tones, upward when it begins, downward when it ends. Made by code. */
#ifndef BRIDGE_RECORDING_NOTICE_H
#define BRIDGE_RECORDING_NOTICE_H

#include <glib.h>

#include "mixer/clip.h"

/* Hz; the first and the second of the beginning. */
#define NOTICE_LOW  660
#define NOTICE_HIGH 990

/* The caller's; NULL: no memory. */
struct clip *notice_begins(void);
struct clip *notice_ends(void);

#endif
