"""Raises alerts over all members together, for each day that is over for all of them.

``detectors`` folds the journal entries of all agencies. ``clocks`` finds which day is over, ``sums`` adds up the cases of each agency,
``largest`` finds cases that are larger than nearly all others, and ``newcomers`` recognizes a rise that is due to new members.
"""
