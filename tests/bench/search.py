"""How many members a server holds: growth by a factor, then bisection."""

GROWTH = 1.5
PRECISION = 0.04  # of the answer


def highest(holds, guess, step, ceiling):
    """The largest n for which holds(n) was seen true, 0 when none was. n is a
    multiple of step; guess is where to begin."""

    def whole(n):
        return max(step, min(ceiling, round(n / step) * step))

    low, high = 0, None
    n = whole(guess)
    while high is None and low < ceiling:
        if holds(n):
            low, n = n, whole(max(n * GROWTH, n + step))
        else:
            high = n
    if not low:
        # The guess was too high: down by the same factor.
        while high > step:
            n = whole(min(high / GROWTH, high - step))
            if holds(n):
                low = n
                break
            high = n
    while high is not None and low and high - low > max(
            step, PRECISION * low):
        n = whole((low + high) / 2)
        if n in (low, high):
            break
        if holds(n):
            low = n
        else:
            high = n
    return low
