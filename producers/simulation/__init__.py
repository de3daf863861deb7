"""The pure parts of a simulated phase. Each part receives its ``random.Random``; no module here makes one.

    phases, members, calendar   how many cases, of whom, on which day       (calibrated on published totals)
    plants                      the spikes that are planted, and their truth
    goods, weights, scene       what was seized, how much, where and how
    cases, history              a case, and all that is reported of it and when
    exchange                    warnings, feedback, joint cases

docs/simulate.md says what is calibrated on what, and what is invented.
"""
