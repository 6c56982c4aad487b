/* A whole worker tick with 200 members, three of whom talk: what it must not
 * do, and what a member takes. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "tests/trap.h"
#include "tests/unit/gate_crowd.h"

#define MEMBERS 200
#define WARM	25 /* ticks */
/* Of session, stream and leg: one who listens, and may talk. */
#define MEMBER_BYTES (32 * 1024)

/* A sanitizer makes system calls and heap calls of its own. */
#ifdef TRAP_OFF
#define SANITIZED true
#else
#define SANITIZED false
#endif

static void a_tick_of_200_takes_no_heap_and_no_lock(gconstpointer srtp)
{
	struct crowd *crowd = crowd_start(MEMBERS, GPOINTER_TO_INT(srtp));

	crowd_run(crowd, WARM);
	crowd->sent = 0;
	trap_begin();
	crowd_run(crowd, 200);
	g_assert_cmpuint(trap_locks(), ==, 0);
	g_assert_cmpuint(trap_end(), ==, 0);
	g_assert_cmpuint(crowd->sent, >=, 200 * MEMBERS);
	crowd_stop(crowd);
}

/* A worker that is over its time, then not: effort goes down and comes back,
 * and everybody hears the talkers through all of it. */
static void a_room_under_stress_is_heard(void)
{
	struct crowd *crowd = crowd_start(MEMBERS, true);
	const atomic_uint *effort = &crowd->eng->counters.effort;

	crowd_run(crowd, WARM);
	crowd->sent = 0;
	trap_begin();
	for (int i = 0; i < 250; i++) {
		engine_note_load(crowd->eng, TICK_US, 0);
		crowd_run(crowd, 1);
	}
	g_assert_cmpuint(*effort, ==, EFFORT_CLOSED);
	g_assert_cmpuint(crowd->eng->counters.stress, >, 900);
	for (int i = 0; i < 800; i++) { /* consent ends after 30 s */
		engine_note_load(crowd->eng, TICK_US / 10, 0);
		crowd_run(crowd, 1);
	}
	g_assert_cmpuint(trap_end(), ==, 0);
	g_assert_cmpuint(*effort, <, EFFORT_FEW_TALKERS);
	g_assert_cmpuint(crowd->sent, >=, 1050 * MEMBERS);
	crowd_stop(crowd);
}

/* From here on the kernel ends this process at its first system call that is
 * not the one to end it. */
static void forbid_system_calls(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	const struct sock_fprog program = { G_N_ELEMENTS(code), code };

	g_assert_cmpint(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), ==, 0);
	g_assert_cmpint(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program),
			==, 0);
}

/* So it neither logs nor waits nor reads a file. */
static void a_tick_of_200_makes_no_system_call(void)
{
	if (SANITIZED) {
		g_test_skip("a sanitizer makes system calls");
		return;
	}
	if (g_test_subprocess()) {
		struct crowd *crowd = crowd_start(MEMBERS, true);

		crowd_run(crowd, WARM);
		forbid_system_calls();
		crowd_run(crowd, 200);
		syscall(SYS_exit_group, 0);
	}
	g_test_trap_subprocess(NULL, 0, 0);
	g_test_trap_assert_passed();
}

static void a_system_call_would_be_seen(void)
{
	if (SANITIZED) {
		g_test_skip("a sanitizer makes system calls");
		return;
	}
	if (g_test_subprocess()) {
		forbid_system_calls();
		g_info("a log line");
		syscall(SYS_getppid);
		syscall(SYS_exit_group, 0);
	}
	g_test_trap_subprocess(NULL, 0, 0);
	g_test_trap_assert_failed();
}

static size_t in_use(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static void a_member_takes_little(gconstpointer srtp)
{
	struct session *members[MEMBERS];
	struct phone phone;
	size_t before, each;

	/* What the libraries keep for all is not counted. */
	members[0] = phone_create(&phone, 1, GPOINTER_TO_INT(srtp));
	phone_destroy(&phone);
	session_destroy(&members[0]);
	before = in_use();
	for (unsigned i = 0; i < MEMBERS; i++) {
		members[i] = phone_create(&phone, i + 1, GPOINTER_TO_INT(srtp));
		phone_destroy(&phone);
	}
	each = (in_use() - before) / MEMBERS;
	g_test_message("%zu bytes for each member", each);
	if (!SANITIZED)
		g_assert_cmpuint(each, <=, MEMBER_BYTES);
	for (unsigned i = 0; i < MEMBERS; i++)
		session_destroy(&members[i]);
}

#define BOTH(name, test)                                                       \
	g_test_add_data_func("/crowd/SRTP/" name, GINT_TO_POINTER(true),       \
			     test);                                            \
	g_test_add_data_func("/crowd/plain/" name, GINT_TO_POINTER(false), test)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	BOTH("a tick of 200 takes no heap and no lock",
	     a_tick_of_200_takes_no_heap_and_no_lock);
	g_test_add_func("/crowd/a room under stress is heard",
			a_room_under_stress_is_heard);
	g_test_add_func("/crowd/a tick of 200 makes no system call",
			a_tick_of_200_makes_no_system_call);
	g_test_add_func("/crowd/a system call would be seen",
			a_system_call_would_be_seen);
	BOTH("a member who listens takes little", a_member_takes_little);
	return g_test_run();
}
