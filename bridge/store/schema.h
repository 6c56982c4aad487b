/* schema - the tables of the store and every statement that runs on them. */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

/* PRAGMA user_version of a file that has all of schema_steps. */
#define SCHEMA_VERSION 3

/* Step n brings a file of version n to n + 1. */
extern const char *const schema_steps[SCHEMA_VERSION];

enum schema_statement {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_MAIL_KNOWN,
	SQL_SENDER_KNOWN,
	SQL_ADD_MAIL,
	SQL_DIALOG,
	SQL_DIALOGS,
	SQL_ADD_DIALOG,
	SQL_SET_DIALOG,
	SQL_ADD_POST,
	SQL_DUE_ACCOUNTS,
	SQL_DUE_POSTS,
	SQL_POST_SENT,
	SQL_POST_FAILED,
	SQL_POST_DROPPED,
	SQL_POST_AGAIN,
	SQL_DROP_ANSWER,
	SQL_SET_ASIDE,
	SQL_OLD_SET_ASIDE,
	SQL_FORGET_SET_ASIDE,
	SQL_POSITION,
	SQL_SET_POSITION,
	SQL_ADD_AUDIT,
	SQL_AUDIT,
	SQL_FORGET_ACCOUNT_DIALOGS,
	SQL_FORGET_ACCOUNT_POSTS,
	SQL_FORGET_MAILS,
	SQL_FORGET_DIALOGS,
	SQL_FORGET_POSTS,
	SQL_ADD_TOKEN,
	SQL_TOKEN,
	SQL_USE_TOKEN,
	SQL_FORGET_TOKENS,
	SQL_STATEMENTS,
};
extern const char *const schema_statements[SQL_STATEMENTS];

#endif
