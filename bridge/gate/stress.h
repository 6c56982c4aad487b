/* stress - how near a worker is to the limit of its CPU, and how much effort
 * it makes because of that.
 *
 * Each tick tells what it used of its 20 ms. The figure is smoothed: it rises
 * within a quarter of a second and sinks within half of one. Above STRESS_HIGH
 * effort goes down by one step each half second, until it is below; it comes
 * back step by step, in reverse, after five seconds each below STRESS_LOW. What
 * is left out first is missed least.
 *
 * Pure: no clock, no worker. One thread at a time. */
#ifndef GATE_STRESS_H
#define GATE_STRESS_H

#include <stdbool.h>

#define STRESS_HIGH 0.85f
#define STRESS_LOW  0.65f

/* What is left out; each step also what the steps before it leave out. */
enum effort {
	EFFORT_FULL,
	EFFORT_SIMPLE,	    /* encoders of middle complexity */
	EFFORT_SIMPLEST,    /* encoders of the least complexity */
	EFFORT_NO_DENOISE,  /* neither noise suppression nor AGC */
	EFFORT_FEW_TALKERS, /* three at once */
	EFFORT_CLOSED,	    /* and nobody new comes in */
	EFFORTS,
};

struct stress {
	float level; /* 0..1, smoothed */
	enum effort effort;
	unsigned high, low; /* ticks in a row, since the last step */
};

void stress_init(struct stress *strs);

/* RT. One tick, which began late_us after its time (that of the ticks that
 * never ran included), and the CPU time that the worker has used since the
 * one before. True when effort changed. */
bool stress_tick(struct stress *strs, unsigned used_us, unsigned late_us);

/* "full", "simple", ...: for logs and metrics. Static. */
const char *effort_name(enum effort effort);

#endif
