"""Where the figures in this package come from: a key such as `S1` and the source it stands for.

A figure that carries no key was found in no source. It is marked as an assumption wherever it stands, may be changed by
the clinic, and is never shown as a cited fact.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

SOURCES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "S1": "Medtronic UK, patient page on drug pumps, “Getting a Replacement”: five to seven years by daily "
        "dose, at most seven, replacement indicator 90 days before the automatic shut-off, surgery planned "
        "about six months ahead.",
        "S2": "Medtronic US, SynchroMed II product page.",
        "S2b": "Medtronic, SynchroMed II product page for export markets (approved 2003).",
        "S2c": "Medtronic release of 2003 on SynchroMed II: morphine and baclofen proven stable in the pump for "
        "six months.",
        "S3": "Press account of the Health Canada letter on SynchroMed II batteries: replacement indicator, low "
        "battery reset, shortened time to end of service (secondary source).",
        "S3c": "Medtronic, product advisories for patients, July 2011: alarm tones, low battery reset.",
        "S5": "Gillette Children's, discharge information for intrathecal baclofen: critical and non-critical "
        "pump alarms.",
        "S6": "Hong Kong Medical Device Division, safety alert of 8 December 2020: pumps left stopped after an "
        "incomplete session.",
        "S7": "Johnson & Johnson MedTech, patient support for Codman pumps: about one ounce, propellant driven, "
        "no battery.",
        "S8": "Wesemann and others 2014 (PMC4218763): SynchroMed II delivered 1 % more than programmed over 6 to 12 "
        "months in patients, 2.5 % more per refill, and 2.4 % less in the laboratory.",
        "S9": "Textbook chapter on malfunction of intrathecal pumps (aneskey.com): three to nine years of "
        "battery life.",
        "S10": "Medtronic news, “Medtronic receives FDA approval for SynchroMed III”, 10 October 2023.",
        "S11": "Flowonix, Prometra MRI instructions PL-21604-02, January 2020: models, reservoirs, emptying "
        "before MRI.",
        "S11b": "Flowonix, Prometra II manual (13827), page 14: valve after an emergency MRI.",
        "S12": "Trial report, PubMed 23057877: delivered against programmed volume of Prometra.",
        "S13": "Flowonix brief statements PL-19589-02 (2019) and -04 (August 2024): labelled drugs, ages, "
        "contraindications.",
        "S14": "Intera pump safety information: check the flow and refill sooner when it is over 15 % off the label.",
        "S15": "Archimedes user manual and the Codman pump catheter manual: constant flow, pain and spasticity.",
        "S16": "Report of the 2013 MedStream recall: fill level sensor, low reservoir alarm normally at 3 mL, "
        "part numbers.",
        "S18": "Medtronic, information for prescribers MA09758A027 (February 2013): IsoMed volumes and flow suffixes.",
        "S19": "Textbook chapter on complications of intrathecal delivery (aneskey.com): IsoMed is a "
        "constant-flow pump.",
        "S20": "FDA and press texts on the 2012 and 2013 SynchroMed recalls: models, reservoirs, approved drugs, "
        "failure by drug, the maker's telephone line.",
        "S23": "Neurosurgery, August 2004, study of the residual volume at which patients show withdrawal.",
        "S24": "Flowonix, Prometra patient therapy controller manual, page 5: refill date set where 3.0 mL would "
        "remain.",
        "S25": "Medtronic, MRI guidelines for SynchroMed EL: restart of the rotor 2 to 24 hours late.",
        "S25b": "Report on 112 MRI examinations of patients with pumps: interrogation after each.",
        "S26": "Flowonix, urgent field safety notice, October 2019: Prometra relabelled MR Unsafe in Europe.",
        "S27": "Prialt prescribing information: 14 days for the first fill, then 40 days diluted and 84 "
        "undiluted; doses; pumps.",
        "S30": "Maino and others 2017: in 221 refills, a discrepancy over 1 mL (20 mL pump) or 2 mL (40 mL pump) "
        "may matter.",
        "S32": "Classen and others 2004: morphine, bupivacaine and clonidine together over 96 % after 90 days.",
        "S32b": "Stabilis, entry 1678: baclofen with morphine, 30 days.",
        "S41": "Coding guide for reservoir and pump implantation (anesthesiabilling.org).",
        "S43": "Textbook chapter on intrathecal therapy for abdominal pain (aneskey.com): daily dose ranges.",
        "S44": "Textbook chapter on withdrawal of intrathecal drugs (aneskey.com): what happens when each drug stops.",
        "S45": "Lioresal Intrathecal, dosing information: concentrations and the boxed warning on abrupt stop.",
        "F1": "Hildebrand and others 2001 (J Pain Symptom Manage 22:1042): hydromorphone alone at 37 °C over 95 % "
        "after four months; a refill every three months is called appropriate.",
        "F2": "PubMed 11587115: bupivacaine 7.5 mg/mL alone over 96 % after twelve weeks.",
        "F3": "Hildebrand and others 2003 (PubMed 12727045): morphine with clonidine at least 94 % after 90 days.",
        "F5": "Javed 2020 (10.36076/pmcr.2020/4/15): in five patients' pumps hydromorphone, alone and with ziconotide, "
        "and ziconotide with baclofen were found to decay.",
        "F6": "University of Wisconsin, nursing page on pump refills: morphine for up to 90 days.",
        "F14": "Family practice notebook (fpnotebook.com) on baclofen withdrawal: when it begins (secondary source).",
        "F15": "Neurosurgery wiki on baclofen withdrawal: how often severe, and how it grows (secondary source).",
        "F16": "Pocket nurse drug guide: intrathecal baclofen, maintenance 90 to 703 mcg a day in spasticity of "
        "cerebral origin, changes of 5 to 20 % (secondary source).",
        "F17": "Textbook chapter on ziconotide (aneskey.com): start at 2.4 mcg a day at most, steps of at most 2.4 not "
        "oftener than weekly, at most 19.2 mcg a day.",
        "S7b": "MiniMed, implantable insulin pump manual (3160), page 53: altitudes over 2,500 m and depths change the "
        "pump's flow.",
        "S28": "Programming and refilling of intrathecal pumps (functionalneuro.surgery): what a session reads "
        "and sets, the reservoir volume among it.",
        "S29": "A810 programmer's manual (manualmachine.com): the last screen compares all settings, old and new.",
        "S38c": "A leaking SynchroMed pump, Pain 1997: 14 mL missing through a damaged septum.",
        "S38d": "Anesthesiology 89/5/1264: more left than expected, with a blocked catheter as the first suspicion.",
        "S39": "CISA advisory ICSMA-18-137-01 on a programmer's memory card.",
        "S53": "Coding forum (aapc.com), threads on 62369 where the volume alone was updated (secondary source).",
        "F7": "Abstract on clonidine with hydromorphone: 2.4 mL of the reservoir can't be drawn back.",
        "S49": "Bolash and others 2015 (PubMed 25250852): 559 pumps, median 5.9 years when explanted for the battery.",
    }
)
