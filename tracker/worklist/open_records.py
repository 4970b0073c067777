"""Items from what is recorded and waits for a person: drafts, findings, MRI checks, advisories."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from devices.alarms import Priority
from tracker.findings.catalogue import CATALOGUE, title
from tracker.findings.clinic_day import day_text, time_text
from tracker.findings.pump_snapshot import AdvisorySeen, FindingSeen, PumpSnapshot
from tracker.worklist.item import WantedItem, page

DRAFT_WITHIN: Final = timedelta(days=7)
RULE_WITHIN: Final = timedelta(days=14)
ADVISORY_WITHIN: Final = timedelta(days=14)
FINDINGS_APART: Final = 10
"""So many findings of one kind stand as tasks of their own; more are one task. Assumed."""
STILL_URGENT: Final = timedelta(days=30)
"""What lies further back calls for a ruling, not for haste. Assumed."""


def draft_items(view: PumpSnapshot, _now: datetime) -> list[WantedItem]:
    """Visits that sessions drafted: one item for all of a pump's drafts."""
    if not view.drafts:
        return []
    first = view.drafts[0]
    count = len(view.drafts)
    clash = any(draft.conflicts for draft in view.drafts)
    codes = ", ".join(sorted({code for draft in view.drafts for code in draft.codes})) or "no code"
    return [
        WantedItem(
            key=f"pump:{view.pump_id}:draft",
            kind="draft",
            priority=Priority.LOW,
            harm_at=first.performed_at + DRAFT_WITHIN,
            what="Confirm a visit" if count == 1 else f"Confirm {count} visits",
            why=f"A programmer session of {day_text(view, first.performed_at)} was drafted as a visit ({codes})."
            + (" Its code conflicts with another of that day." if clash else ""),
            next_step="Compare the draft with what was done, then confirm or amend it.",
            since=first.performed_at,
            link=page(view.serial, f"visits/{first.id}"),
            news_at=max(draft.drafted_at for draft in view.drafts),
        )
    ]


def finding_items(view: PumpSnapshot, _now: datetime) -> list[WantedItem]:
    """Findings that wait for a ruling, or for the records to be corrected: an item for each, or one for very many."""
    kinds: dict[str, list[FindingSeen]] = {}
    for one in view.findings:
        if one.ruling is None and not one.resolved:
            kinds.setdefault(one.kind, []).append(one)
    items: list[WantedItem] = []
    for some in kinds.values():
        items += [_finding(view, one) for one in some] if len(some) <= FINDINGS_APART else [_findings(view, some)]
    return items


def _findings(view: PumpSnapshot, some: list[FindingSeen]) -> WantedItem:
    """One item for more findings of a kind than anybody would take one by one: the newest one speaks."""
    item = _finding(view, max(some, key=lambda one: one.found_at))
    return replace(
        item,
        key=f"pump:{view.pump_id}:findings:{some[0].kind}",
        what=f"{item.what}: {len(some)} times",
        why=f"There are {len(some)} findings of this kind. The newest: {item.why}",
        since=min(one.happened_at for one in some),
        news_at=max(one.found_at for one in some),
    )


def _finding(view: PumpSnapshot, one: FindingSeen) -> WantedItem:
    fresh = one.found_at - one.happened_at <= STILL_URGENT
    kind = CATALOGUE.get(one.kind)
    urgent = kind is not None and kind.urgent and fresh
    step = "Check the evidence and the other explanations first, then review it."
    return WantedItem(
        key=f"pump:{view.pump_id}:finding:{one.key}",
        kind="finding",
        priority=Priority.MEDIUM if urgent or (one.strength == "strong" and fresh) else Priority.LOW,
        harm_at=one.happened_at + timedelta(days=1) if urgent else one.found_at + RULE_WITHIN,
        what=title(one.kind),
        why=one.sentence,
        next_step=f"{step} {one.mend}" if one.mend else step,
        since=one.happened_at,
        link=page(view.serial, "replacement") + "#findings",
    )


def mri_items(view: PumpSnapshot, now: datetime) -> list[WantedItem]:
    """The check after an MRI: due by the model's rule, of high priority once overdue."""
    items = []
    for exam in view.mri:
        overdue = exam.overdue_at <= now
        items.append(
            WantedItem(
                key=f"mri:{exam.id}",
                kind="mri",
                priority=Priority.HIGH if overdue else Priority.MEDIUM,
                harm_at=exam.check_due_at,
                what="Check after MRI overdue" if overdue else "Check the pump after MRI",
                why=f"MRI on {time_text(view, exam.performed_at)}; the check is due by "
                f"{time_text(view, exam.check_due_at)}. A motor that stopped in the field may not have restarted.",
                next_step="Interrogate the pump, see that it delivers, and log the check.",
                since=exam.performed_at,
                link=page(view.serial, "record") + f"#mri-{exam.id}",
            )
        )
    return items


def advisory_items(view: PumpSnapshot, _now: datetime) -> list[WantedItem]:
    """Advisories that cover the pump and that nobody has acknowledged for it."""
    return [
        WantedItem(
            key=f"advisory:{one.match_id}",
            kind="advisory",
            priority=Priority.LOW,
            harm_at=one.matched_at + ADVISORY_WITHIN,
            what=f"Advisory {one.reference}{'' if one.covered == 'yes' else ' may cover this pump'}: {one.title}"[:300],
            why=_covered(one) + f"{one.action} An advisory alone is no reason to replace a pump that works.",
            next_step=(
                "Read it, decide what it means for this patient, and acknowledge it."
                if one.covered == "yes"
                else "Ask the maker whether this serial is covered, then acknowledge it with the answer."
            ),
            since=one.matched_at,
            link=page(view.serial) + f"#advisory-{one.match_id}",
        )
        for one in view.advisories
    ]


def _covered(one: AdvisorySeen) -> str:
    if one.covered == "yes":
        return ""
    return "This pump may be covered: a part of the notice could not be read. Check with the maker. "
