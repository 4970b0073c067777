"""What the guideline's text leaves open, found since its release, and what is done here instead.

A released file never changes, and no answer rests on these remarks: they stand beside it and may grow.
"""

from __future__ import annotations

from tracker.guideline.schema import Guideline, Omission

_CMM_210_2_0_2019 = (
    Omission(
        section="CMM-210.1",
        what=(
            'It does not say for whom a pump may be used without a program to restore function ("for most '
            'individuals").'
        ),
        here="Such a program is not asked for.",
    ),
    Omission(
        section="CMM-210.1",
        what="It does not say when a trial is a single injection and when an infusion by catheter.",
        here="Either is accepted; only the response is asked for.",
    ),
    Omission(
        section="CMM-210.2",
        what="It does not say what a case-by-case decision weighs beside the criteria.",
        here="Every answer carries that note; nothing beside the criteria is evaluated.",
    ),
    Omission(
        section="CMM-210.3",
        what="It does not say what documents a pathology, by whom and how recently.",
        here="A statement of yes or no is asked for.",
    ),
    Omission(
        section="CMM-210.3",
        what=(
            "It does not say whether six months of management are to be unbroken, how recent they are, or "
            "which doses and exercises are sufficient."
        ),
        here="The months and the failure are asked for, as the clinician states them.",
    ),
    Omission(
        section="CMM-210.3",
        what=(
            "It does not say who judges that further treatment is not likely to be effective, nor how old a "
            "behavioral statement may be."
        ),
        here="Each is a statement of the clinician.",
    ),
    Omission(
        section="CMM-210.3",
        what="It does not say by which scale pain and function are measured, nor when within the trial.",
        here="The percentage, the hours and the increase in function are taken as recorded.",
    ),
    Omission(
        section="CMM-210.3",
        what=(
            "For cancer pain it gives no hours over which the reduction of pain lasts, and does not say which "
            "noninvasive methods were to be tried."
        ),
        here=("No hours are asked for; failure, intolerance or contraindication is a statement of the clinician."),
    ),
    Omission(
        section="CMM-210.3",
        what=(
            "It does not define severe, refractory or intractable, nor how many oral drugs, which doses and "
            "how much physical therapy make a six-week trial."
        ),
        here="The weeks, the failure and the therapy are taken as recorded.",
    ),
    Omission(
        section="CMM-210.3",
        what="For spasticity and dystonia it names intrathecal systems alone, for pain epidural ones too.",
        here="The route is not evaluated.",
    ),
    Omission(
        section="CMM-210.5",
        what=(
            "It does not say within what time an end of the battery is nearing, who documents it, and whether "
            "a forecast does."
        ),
        here=(
            "Six months are assumed, in which surgery is planned. The pump's own indicator, a document that a "
            "person enters, or the charge that the pump itself reports (where even the late end of its "
            "interval lies within six months) document it. A projection from age, from the model's limit or "
            "from other pumps is shown as such and stays unknown."
        ),
    ),
    Omission(
        section="CMM-210.5",
        what=(
            "It does not say who finds that a device is no longer beneficial or cannot be repaired, nor when "
            "a stalled pump is beyond repair."
        ),
        here="A named person documents each; a stalled pump asks for it.",
    ),
    Omission(
        section="CMM-210.5",
        what=(
            "It does not say which alarms are a built-in notice of impending failure, nor whether a notice "
            "that passed still counts."
        ),
        here="The alarm table says which, and why. A notice once given stays given.",
    ),
    Omission(
        section="CMM-210.5",
        what=("It does not say how far back evidence of abuse or neglect is looked for, nor whose neglect counts."),
        here="Findings since the implant are ruled on one by one; a clinician signs.",
    ),
    Omission(
        section="CMM-210.6",
        what="It does not say whether telling the pump its new volume at a refill is reprogramming.",
        here="It is coded as a refill, and said so; a person may amend it.",
    ),
    Omission(
        section="CMM-210.6",
        what="It does not say how its codes stand beside each other on one day, nor with which modifiers.",
        here="One code of a visit a pump and day; a second one is shown as a conflict.",
    ),
)

_FOUND_SINCE: dict[str, tuple[Omission, ...]] = {"2.0.2019": _CMM_210_2_0_2019}


def omissions_of(document: Guideline) -> tuple[Omission, ...]:
    """All omissions of a version: those of its file, then those found since."""
    return document.omissions + _FOUND_SINCE.get(document.version, ())
