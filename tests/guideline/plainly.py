"""CMM-210 written out a second time, by hand and for complete facts only: what the evaluation is held against.

``QUESTIONS`` names, for each question and indication, every fact with the values that matter: one on each side of its
limit, and every choice. ``holds`` is true when the criteria are met. A fact that another one answers is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Full = Mapping[str, Any]
YES_NO = (True, False)
EXCEPTION = ("done", "not_done", "contraindicated_documented", "contraindicated_undocumented")


def replacement(f: Full) -> bool:
    lost = f["no_longer_beneficial"] and not f["repairable"] and not f["components_functional"]
    failing = f["battery_nearing_end"] or lost or f["impending_failure_notice"]
    return bool(failing and not f["abuse_or_neglect"])


def replacement_read_jointly(f: Full) -> bool:
    lost = f["no_longer_beneficial"] and not f["repairable"]
    failing = (f["battery_nearing_end"] and lost) or f["impending_failure_notice"]
    return bool(failing and not f["abuse_or_neglect"])


def pain_trial(f: Full) -> bool:
    accepted = ("done", "contraindicated_documented")
    managed = f["noninvasive_months"] >= 6 and f["noninvasive_failed"] and f["provider_directed"]
    tried = f["active_exercise"] in accepted and f["fixed_schedule_analgesics"] in accepted
    opiates = f["agrees_to_halve_opiates"] or not f["trial_drug_is_opiate"]
    return bool(
        f["documented_pathology"]
        and managed
        and tried
        and not f["further_intervention_indicated"]
        and f["behavioral_statement"]
        and opiates
    )


def pain_permanent(f: Full) -> bool:
    relief = f["pain_reduction_percent"] >= 50 and f["pain_reduction_hours"] >= 8
    return bool(pain_trial(f) and relief and f["function_increased"])


def spasticity_trial(f: Full) -> bool:
    tried = f["oral_trial_weeks"] >= 6 and f["oral_trial_failed"] and f["physical_therapy_included"]
    tone = f["ashworth_average"] >= 3 or f["modified_ashworth"] in {"2", "3", "4"}
    return bool(f["oral_contraindicated_or_intolerant"] or tried or (tone and f["spasm_frequency"] >= 2))


def spasticity_permanent(f: Full) -> bool:
    fell = f["ashworth_reduction"] >= 2 or f["spasm_frequency_reduction"] >= 2
    response = (fell and f["response_hours"] >= 4) or f["other_beneficial_response"]
    return bool(spasticity_trial(f) and response)


def cancer_trial(f: Full) -> bool:
    return bool(f["noninvasive_failed_or_contraindicated"])


def cancer_permanent(f: Full) -> bool:
    waived = f["advanced_disease"] and f["limited_survival"] and f["high_procedural_risk"]
    return bool(cancer_trial(f) and (f["pain_reduction_percent"] >= 50 or waived))


REPLACEMENT: dict[str, tuple[Any, ...]] = dict.fromkeys(
    (
        "battery_nearing_end",
        "no_longer_beneficial",
        "repairable",
        "components_functional",
        "impending_failure_notice",
        "abuse_or_neglect",
    ),
    YES_NO,
)
PAIN_TRIAL: dict[str, tuple[Any, ...]] = {
    "documented_pathology": YES_NO,
    "noninvasive_months": (6, 5.999),
    "noninvasive_failed": YES_NO,
    "provider_directed": YES_NO,
    "active_exercise": EXCEPTION,
    "fixed_schedule_analgesics": EXCEPTION,
    "further_intervention_indicated": YES_NO,
    "behavioral_statement": YES_NO,
    "trial_drug_is_opiate": YES_NO,
    "agrees_to_halve_opiates": YES_NO,
}
PAIN_PERMANENT: dict[str, tuple[Any, ...]] = {
    **PAIN_TRIAL,
    "pain_reduction_percent": (50, 49.999),
    "pain_reduction_hours": (8.0, 7.999),
    "function_increased": YES_NO,
}
SPASTICITY_TRIAL: dict[str, tuple[Any, ...]] = {
    "oral_contraindicated_or_intolerant": YES_NO,
    "oral_trial_weeks": (6, 5.999),
    "oral_trial_failed": YES_NO,
    "physical_therapy_included": YES_NO,
    "ashworth_average": (3, 2.999),
    "modified_ashworth": ("2", "1+", "0", "4"),
    "spasm_frequency": (2, 1),
}
SPASTICITY_PERMANENT: dict[str, tuple[Any, ...]] = {
    **SPASTICITY_TRIAL,
    "ashworth_reduction": (2, 1.999),
    "spasm_frequency_reduction": (2, -1),
    "response_hours": (4, 3.999),
    "other_beneficial_response": YES_NO,
}
CANCER_TRIAL: dict[str, tuple[Any, ...]] = {"noninvasive_failed_or_contraindicated": YES_NO}
CANCER_PERMANENT: dict[str, tuple[Any, ...]] = {
    **CANCER_TRIAL,
    "pain_reduction_percent": (50, 49.999),
    "advanced_disease": YES_NO,
    "limited_survival": YES_NO,
    "high_procedural_risk": YES_NO,
}

Case = tuple[str, str | None, Mapping[str, tuple[Any, ...]], Callable[[Full], bool]]
CASES: tuple[Case, ...] = (
    ("replacement", None, REPLACEMENT, replacement),
    ("trial", "nonmalignant_pain", PAIN_TRIAL, pain_trial),
    ("permanent_implant", "nonmalignant_pain", PAIN_PERMANENT, pain_permanent),
    ("trial", "spasticity_or_dystonia", SPASTICITY_TRIAL, spasticity_trial),
    ("permanent_implant", "spasticity_or_dystonia", SPASTICITY_PERMANENT, spasticity_permanent),
    ("trial", "cancer_pain", CANCER_TRIAL, cancer_trial),
    ("permanent_implant", "cancer_pain", CANCER_PERMANENT, cancer_permanent),
)


def case_name(case: Case) -> str:
    return f"{case[0]} for {case[1]}" if case[1] else case[0]


def given(case: Case, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts as a question is asked with them: with the indication, where there is one."""
    return {"indication": case[1], **facts} if case[1] else dict(facts)


def not_met(case: Case) -> str:
    return "not_medically_necessary" if case[0] == "replacement" else "experimental_investigational_unproven"


def outcome(case: Case, facts: Full) -> str:
    return "medically_necessary" if case[3](facts) else not_met(case)
