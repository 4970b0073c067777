"""The payer's guideline CMM-210 as cited data, and its evaluation. Pure: no clock, no database, no network.

``versions/`` holds each released version as one file; ``catalogue`` says when each is in force. ``assess`` answers a
line of JSON, ``determine`` and ``determine_replacement`` answer from facts, ``tree`` gives the guideline to be read and
``questions`` what a form has to ask.
"""

from tracker.guideline.assessment import Assessment, CriterionVerdict, Outcome, Verdict
from tracker.guideline.catalogue import LATEST, NONE_IN_FORCE, RELEASES, answers_on, find, in_force_on
from tracker.guideline.determine import assess, determine, determine_replacement, determine_replacement_on
from tracker.guideline.difference import differences
from tracker.guideline.outline import tree
from tracker.guideline.questionnaire import questions

__all__ = [
    "LATEST",
    "NONE_IN_FORCE",
    "RELEASES",
    "Assessment",
    "CriterionVerdict",
    "Outcome",
    "Verdict",
    "answers_on",
    "assess",
    "determine",
    "determine_replacement",
    "determine_replacement_on",
    "differences",
    "find",
    "in_force_on",
    "questions",
    "tree",
]
