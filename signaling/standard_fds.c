#include "signaling/standard_fds.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

void standard_fds_open(void)
{
	/* From below: open() takes the lowest that is free. */
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			_exit(EXIT_FAILURE);
}
