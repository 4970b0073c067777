"""The evaluation itself: a guideline's data and the facts known, in; an assessment with every reason, out."""

from __future__ import annotations

from tracker.guideline.assessment import Assessment, CriterionVerdict, Outcome, Verdict
from tracker.guideline.explanations import because_of_parts, because_of_test
from tracker.guideline.facts import KnownFacts
from tracker.guideline.indexed_guideline import Edition
from tracker.guideline.interpretations import note_on_difference
from tracker.guideline.logic import Truth, Truths, is_waived, open_facts, truth_of, truth_of_test
from tracker.guideline.schema import Combination, Criterion, Question, Rule, Step

_VERDICTS: dict[Truth, Verdict] = {True: Verdict.MET, False: Verdict.NOT_MET, None: Verdict.UNKNOWN}


def evaluate(edition: Edition, question_name: str, known: KnownFacts) -> Assessment:
    """Answer a question from facts that ``check_facts`` has let through.

    The outcome is decided as soon as the facts known decide it, whatever the others may be. Otherwise it is
    ``needs_information``, and ``missing`` names exactly those facts, not known, for which some assignment of the other
    unknown facts exists under which this fact's value changes the outcome; so while all of those stay unknown, no
    other fact can change the outcome. Two rules stand beside that definition:

    - a fact that chooses the criteria (the indication), while it is not known, is missing alone, since without it
      no criteria can be applied to the other facts;
    - a fact that only answers another (no battery answers whether the battery nears its end) is never missing:
      the fact that it answers is.
    """
    question = edition.questions[question_name]
    indication = known.get(question.chosen_by) if question.chosen_by is not None else None
    step = edition.step(question, indication if isinstance(indication, str) else None)
    purpose = known.get(edition.document.scope.fact)
    if isinstance(purpose, str) and purpose not in edition.document.scope.covered:
        return _outside(edition, question, step, purpose)
    facts, fixed = _with_links(edition, known)
    truths: dict[str, Truth] = {}
    criteria = tuple(_judge(edition, edition.criteria[name], facts, truths) for name in step.criteria)
    outcome = _outcome(question, step.rule, truths)
    missing = tuple(dict.fromkeys(open_facts(edition, step.rule, truths, facts)))
    notes = []
    readings = None
    if question.readings:
        readings = {reading.name: _outcome(question, reading.rule, truths) for reading in question.readings}
        note = note_on_difference(edition, question.name, tuple(readings.items()), tuple(truths.items()), fixed)
        if note is not None:
            notes.append(note)
    notes += [remark.words for remark in step.remarks if all(known.get(name) is True for name in remark.all_true)]
    if truth_of(step.rule, truths) is False and question.note_when_not_met is not None:
        notes.append(question.note_when_not_met)
    return Assessment(
        guideline=edition.document.id,
        version=edition.document.version,
        question=question.name,
        outcome=outcome,
        criteria=criteria,
        missing=missing,
        notes=(*notes, *edition.document.always),
        readings=readings,
    )


def _with_links(edition: Edition, known: KnownFacts) -> tuple[KnownFacts, frozenset[str]]:
    """Add the facts that other facts answer; name the criteria that are so settled."""
    facts, fixed = known, frozenset[str]()
    for link in edition.document.links:
        if known.get(link.when) is link.is_:
            facts = {**facts, link.fact: link.then}
            fixed |= edition.tested_by[link.fact]
    return facts, fixed


def _judge(edition: Edition, criterion: Criterion, facts: KnownFacts, truths: dict[str, Truth]) -> CriterionVerdict:
    """Give one verdict; the parts of a combination have been judged before it, and its own truth is added to them."""
    rule = criterion.rule
    if isinstance(rule, Combination):
        truth = truth_of(rule, truths)
        verdict, because = _VERDICTS[truth], because_of_parts(edition, rule, truth, truths)
    else:
        truth = truth_of_test(rule, facts)
        waived = is_waived(criterion, facts)
        if waived or (waived is None and truth is False):
            truth = waived
        verdict = Verdict.NOT_APPLICABLE if waived else _VERDICTS[truth]
        because = because_of_test(edition, criterion, rule, truth, facts)
    truths[criterion.id] = truth
    return CriterionVerdict(
        criterion.id, criterion.section, criterion.title, verdict, because, edition.needed[criterion.id]
    )


def _outcome(question: Question, rule: Rule, truths: Truths) -> Outcome:
    truth = truth_of(rule, truths)
    if truth is None:
        return Outcome.NEEDS_INFORMATION
    return Outcome.MEDICALLY_NECESSARY if truth else Outcome(question.when_not_met)


def _outside(edition: Edition, question: Question, step: Step, purpose: str) -> Assessment:
    """Answer that the guideline does not speak of this purpose; no criterion is applied."""
    scope = edition.document.scope
    choices = edition.facts[scope.fact].choices
    seen = next((choice.label.lower() for choice in choices if choice.value == purpose), purpose)
    because = scope.because.replace("{seen}", seen)
    criteria = tuple(
        CriterionVerdict(name, one.section, one.title, Verdict.NOT_APPLICABLE, because, edition.needed[name])
        for name in step.criteria
        for one in (edition.criteria[name],)
    )
    outcome = Outcome.OUTSIDE_GUIDELINE
    return Assessment(
        guideline=edition.document.id,
        version=edition.document.version,
        question=question.name,
        outcome=outcome,
        criteria=criteria,
        missing=(),
        notes=(scope.note.replace("{seen}", seen), *edition.document.always),
        readings={reading.name: outcome for reading in question.readings} if question.readings else None,
    )
