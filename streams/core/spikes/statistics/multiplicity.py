"""Corrects for many tests at once: q-values, and a flag that is valid under any dependence."""

from __future__ import annotations

from collections.abc import Sequence


def q_values(ps: Sequence[float]) -> list[float]:
    """Benjamini-Hochberg: the smallest false discovery rate at which each is a discovery."""
    n, smallest = len(ps), 1.0
    found = [1.0] * n
    for place, index in reversed(list(enumerate(sorted(range(n), key=lambda i: ps[i]), 1))):
        smallest = min(smallest, ps[index] * n / place)
        found[index] = smallest
    return found


def flags(es: Sequence[float], rate: float = 0.1) -> list[bool]:
    """e-BH (Wang and Ramdas, JRSS B 84, 2022): discoveries at a false discovery rate of ``rate``."""
    n = len(es)
    order = sorted(range(n), key=lambda i: -es[i])
    passed = max((place for place, index in enumerate(order, 1) if es[index] >= n / (rate * place)), default=0)
    chosen = set(order[:passed])
    return [index in chosen for index in range(n)]
