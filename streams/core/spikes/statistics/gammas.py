"""Computes derivatives of the logarithm of the gamma function, for one number at a time.

It uses the recurrence up to 10, then the asymptotic series (Abramowitz and Stegun 6.3.18, 6.4.12, 6.4.13): relative error below 1e-13.
"""

from __future__ import annotations

import math

_LARGE = 10.0
_NEWTON_STEPS = 12  # one or two are enough below q = 0.5; a new series needs more
_CLOSE = 1e-7  # the next step would change x by its square


def digamma(x: float) -> float:
    """psi(x), for x > 0."""
    below = 0.0
    while x < _LARGE:
        below -= 1 / x
        x += 1
    z = 1 / (x * x)
    series = z * (1 / 12 - z * (1 / 120 - z * (1 / 252 - z * (1 / 240 - z * (1 / 132 - z * (691 / 32760 - z / 12))))))
    return below + math.log(x) - 0.5 / x - series


def trigamma(x: float) -> float:
    """psi'(x), for x > 0."""
    return _second_and_third(x)[0]


def inverse_trigamma(q: float) -> float:
    """The x with psi'(x) = q, for 1e-10 <= q: Newton on 1/psi', which is nearly straight, from the first terms of its series."""
    x = 1 / q + 0.5 - q / 12 if q < 1 else 1 / q + 0.5
    for _ in range(_NEWTON_STEPS):
        second, third = _second_and_third(x)
        step = second * (1 - second / q) / third
        x += step
        if abs(step) < _CLOSE * x:
            break
    return x


def _second_and_third(x: float) -> tuple[float, float]:
    """psi'(x) and psi''(x)."""
    second = third = 0.0
    while x < _LARGE:
        inverse = 1 / x
        square = inverse * inverse
        second += square
        third -= 2 * square * inverse
        x += 1
    z = 1 / (x * x)
    series2 = z * (1 / 6 - z * (1 / 30 - z * (1 / 42 - z * (1 / 30 - z * (5 / 66 - z * (691 / 2730 - z * 7 / 6))))))
    series3 = z * z * (1 / 2 - z * (1 / 6 - z * (1 / 6 - z * (3 / 10 - z * (5 / 6 - z * (691 / 210 - z * 35 / 2))))))
    return second + 1 / x + 0.5 * z + series2 / x, third - z - z / x - series3
