"""The table of the accuracy run, as lines of Markdown that read as well on a screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.accuracy import goals, judge, score
from benchmarks.accuracy.foretold import Foretold
from benchmarks.accuracy.judge import Warned
from benchmarks.accuracy.lived import Lived


@dataclass(frozen=True, slots=True)
class Sizes:
    """What was run: the command, the seeds and how long the simulated clinics lived."""

    command: str
    forecast_seeds: tuple[int, ...]
    forecast_patients: int
    forecast_years: int
    careful_seeds: tuple[int, ...]
    neglected_seeds: tuple[int, ...]
    clinic_pumps: int
    clinic_days_before: int
    clinic_days: int


def lines(sizes: Sizes, foretold: Sequence[Foretold], clinics: Sequence[Lived]) -> list[str]:
    """The whole document."""
    return [*_head(sizes), *_verdict(foretold, clinics), *_forecasts(foretold), *_worklist(clinics)]


def _verdict(foretold: Sequence[Foretold], clinics: Sequence[Lived]) -> list[str]:
    broken = goals.unmet([one for clinic in foretold for one in clinic.asked], clinics)
    if not broken:
        return ["**Every goal below is met.**", ""]
    return ["**Not met:** " + "; ".join(broken) + ".", ""]


def _head(sizes: Sizes) -> list[str]:
    def named(seeds: tuple[int, ...]) -> str:
        return ", ".join(map(str, seeds))

    return [
        "# Accuracy",
        "",
        (
            "Forecasts and the worklist, held against what truly happened in simulated clinics. Written by "
            f"`{sizes.command}`, which takes five to ten minutes on two processors; the same command gives the same "
            "figures."
        ),
        "",
        (
            f"- Forecasts: clinics of the seeds {named(sizes.forecast_seeds)}, {sizes.forecast_years} years each, "
            f"{sizes.forecast_patients} pumps each at the least. None of these seeds was looked at when the forecasts "
            "were fitted."
        ),
        (
            f"- Worklist: clinics of the seeds {named(sizes.careful_seeds)} (patients come to their refills and pumps "
            f"are replaced in time, but for what chance does) and {named(sizes.neglected_seeds)} (each patient stays "
            "away for weeks once a year, and surgery comes after the end of service), "
            f"{sizes.clinic_pumps} pumps each. They live for {sizes.clinic_days_before / 365.25:.1f} years before they "
            f"begin to use the tracker, and {sizes.clinic_days / 365.25:.1f} years with it. Every message passes as "
            "wire bytes through ingest's store. The jobs run every third noon alone, though in earnest they run "
            "within seconds, so that warnings are measured at their worst. On weekdays at noon the staff confirm each "
            "draft and acknowledge each alarm; they refill and operate by the simulated clinic's own calendar, never "
            "by the worklist, and close no line by hand. Where a line says that nothing tells when a pump runs empty "
            "(a port meters nothing), they enter how long a fill lasts and the day of the last refill, as it asks."
        ),
        "",
    ]


def _forecasts(foretold: Sequence[Foretold]) -> list[str]:
    asked = [one for clinic in foretold for one in clinic.asked]
    pumps = sum(clinic.pumps for clinic in foretold)
    found = [
        "## Forecasts",
        "",
        (
            f"{pumps:,} pumps, asked about every two weeks (reservoir) and every month (battery). Goals: intervals "
            f"that say 80 % hold {goals.LEAST_COVERAGE:.0%} to {goals.MOST_COVERAGE:.0%} of the outcomes; the median "
            f"error of the indicator's date a year ahead is at most {goals.ERI_ERROR_DAYS:.0f} days."
        ),
        "",
        "| Forecast | Truth lay ahead by | Forecasts | Pumps | 80 % interval held | Median error, days |",
        "|---|---|--:|--:|--:|--:|",
    ]
    found += [
        f"| {row.what} | {row.ahead} | {row.forecasts:,} | {row.pumps} | {row.coverage:.1%} | {row.error_days:.1f} |"
        for row in score.rows(asked)
    ]
    unknown = sum(clinic.unknown_battery for clinic in foretold), sum(clinic.unknown_reservoir for clinic in foretold)
    return [
        *found,
        "",
        (
            'A horizon takes in forecasts made somewhat earlier and later (365 days: 300 to 440). The rows "all" '
            "are the calibration, since a forecast does not know how far ahead the truth lies; those by horizon show "
            "where the errors are. A pump that its model's hard limit stops is known to the day and always inside, "
            "so a second row leaves those out whose interval is that one day."
        ),
        "",
        (
            f"No answer, with the reason told: {unknown[0]:,} times for a battery, {unknown[1]:,} times for a "
            "reservoir (a port that meters nothing, a pump that stands still). The reservoir's truth is what would "
            f"have come had nobody visited; {sum(clinic.never_came for clinic in foretold):,} times the pump stood "
            "still for good before that, and those are left out."
        ),
        "",
    ]


def _worklist(clinics: Sequence[Lived]) -> list[str]:
    years = judge.pump_years(clinics)
    careful = [lived for lived in clinics if not lived.neglected]
    found = [
        "## Worklist",
        "",
        (
            f"{years:,.0f} pump-years, {sum(lived.messages for lived in clinics):,} messages, "
            f"{sum(len(lived.lives) for lived in clinics)} pumps. Goals: no pump reaches empty or its end of service "
            f"without a line that was open before, in {goals.PUMP_YEARS:,} pump-years; in routine months fewer than "
            f"{goals.BURDEN} lines a pump-month."
        ),
        "",
        "| A pump reached | How often | Without a line before | Lead, days: shortest | tenth | middle | longest |",
        "|---|--:|--:|--:|--:|--:|--:|",
        *(_harm(title, judge.warned(clinics, what)) for title, what in _HARMS),
        "",
        "| Lines opened | Number | Per pump-month |",
        "|---|--:|--:|",
    ]
    for title, burden in (
        ("In routine months (nothing but visits, this month and the last)", judge.routine_burden(careful)),
        ("In all months of the clinics that are not neglectful", judge.burden(careful)),
    ):
        found.append(f"| {title} | {burden.lines:,} | {burden.per_month:.2f} |")
    return [*found, "", *_false_alarms(careful), *_false_findings([lived for lived in clinics if lived.neglected])]


def _false_findings(neglectful: Sequence[Lived]) -> list[str]:
    """Findings weigh on a replacement: where there is neglect, no more than there is may be found."""
    false = opened = 0
    for lived in neglectful:
        for line in lived.opened:
            if line.kind == "finding" and line.serial is not None:
                opened += 1
                false += judge.is_false(line, lived.lives[line.serial]) is True
    return [
        (
            f"Where there is neglect, {false} of the {opened:,} findings in the {judge.pump_years(neglectful):,.0f} "
            "pump-years of the neglectful clinics had nothing of the kind behind them."
        ),
        "",
    ]


_HARMS = (
    *goals.HARMS,
    ("its replacement indicator (no harm yet)", "eri"),
)


def _harm(title: str, warned: Warned) -> str:
    leads = warned.lead_days
    if not leads:
        return f"| {title} | {warned.came} | {warned.missed} | | | | |"
    shown = (leads[0], leads[len(leads) // 10], median(leads), leads[-1])
    return f"| {title} | {warned.came} | {warned.missed} | " + " | ".join(f"{days:.1f}" for days in shown) + " |"


def _false_alarms(careful: Sequence[Lived]) -> list[str]:
    years = judge.pump_years(careful)
    kinds = judge.told(careful)
    foretelling = [kind for kind in kinds if kind.foretells]
    false = sum(kind.false for kind in foretelling)
    return [
        (
            f"False alarms in the {years:,.0f} pump-years of the clinics that are not neglectful: "
            f"**{false / years:.3f} per pump-year** ({false} of {sum(kind.opened for kind in foretelling):,} lines "
            "that foretell something). A line is false when what it warned of was not true and would not have come "
            "had nobody acted: neither the low mark nor the drug's last day within 17 days of a refill line (it "
            "comes ten days ahead); no end of service within a year of a battery line (it comes six months before "
            "the early end of the interval); a stop that never was; silence of a communicator that spoke; a finding "
            "without anything of the kind in the truth."
        ),
        "",
        "| Kind of line | Opened per pump-year | False per pump-year |",
        "|---|--:|--:|",
        *(
            f"| {kind.kind} | {kind.opened / years:.2f} | "
            f"{f'{kind.false / years:.3f}' if kind.foretells else 'foretells nothing'} |"
            for kind in kinds
        ),
        "",
    ]
