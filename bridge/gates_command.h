/* gates_command - `ipsp-bridge gates [ROOM]`: the directory and the rooms'
 * trees, see ipsp-bridge(8). */
#ifndef BRIDGE_GATES_COMMAND_H
#define BRIDGE_GATES_COMMAND_H

/* argv[0] is "gates". Returns the exit status. */
int gates_command(int argc, char **argv);

#endif
