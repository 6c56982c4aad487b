/* notify - tells systemd how the service is (sd_notify(3), Type=notify). */
#ifndef BRIDGE_NOTIFY_H
#define BRIDGE_NOTIFY_H

/* For example "READY=1". Does nothing without $NOTIFY_SOCKET. */
void notify(const char *state);
void notify_reloading(void);

#endif
