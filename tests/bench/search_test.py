"""The search for a limit, against servers whose limit is known. TAP."""

import search

CEILING = 12000


def check(limit, guess, step):
    """What is wrong with the answer, or None."""
    asked = []

    def holds(n):
        asked.append(n)
        return n <= limit

    found = search.highest(holds, guess, step, CEILING)
    most = min(limit, CEILING) // step * step
    if found > most or found < most - max(step, 2 + most * search.PRECISION):
        return f"{found} for {limit} from {guess} by {step}"
    if any(n % step or not step <= n <= CEILING for n in asked):
        return f"asked for {asked}"
    if len(asked) > 25:
        return f"asked {len(asked)} times"
    return None


def every_limit_is_found_within_the_precision():
    for limit in (1, 5, 9, 66, 85, 1000, 2999, 3001, 7000, 20000):
        for guess in (10, 80, 3000, 20000):
            for step in (1, 5):
                wrong = check(limit, guess, step)
                assert not wrong, wrong


def a_good_guess_takes_few_cells():
    for limit in (80, 3000):
        asked = []
        search.highest(lambda n: asked.append(n) or n <= limit,
                       limit * 0.95, 1, CEILING)
        assert len(asked) <= 6, asked


def one_that_holds_nothing_has_the_limit_0():
    assert search.highest(lambda n: False, 80, 1, CEILING) == 0


if __name__ == "__main__":
    cases = [every_limit_is_found_within_the_precision,
             a_good_guess_takes_few_cells,
             one_that_holds_nothing_has_the_limit_0]
    print(f"1..{len(cases)}")
    for number, case in enumerate(cases, 1):
        try:
            case()
            print(f"ok {number} {case.__name__.replace('_', ' ')}")
        except AssertionError as wrong:
            print(f"# {wrong}\nnot ok {number}"
                  f" {case.__name__.replace('_', ' ')}")
