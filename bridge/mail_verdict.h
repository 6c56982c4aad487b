/* mail_verdict - what becomes of a mail that a mailbox has shown. */
#ifndef BRIDGE_MAIL_VERDICT_H
#define BRIDGE_MAIL_VERDICT_H

enum mail_verdict {
	MAIL_DONE,  /* dealt with for good: it may leave the mailbox */
	MAIL_AGAIN, /* it could not be dealt with: show it once more */
	MAIL_LATER, /* one of the above is told as soon as it is known */
};

#endif
