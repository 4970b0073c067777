"""The ``tracker`` command. A command's module is imported when it is called, so that each starts fast."""

from __future__ import annotations

import difflib
import importlib
import sys

#: name -> (module, what it does). A module offers ``app`` (a typer.Typer), or ``main(words)`` for the evaluators,
#: which start in a fraction of the time without a command-line library.
COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("tracker.cli.demo.command", "everything on this machine, with a simulated clinic"),
    "serve": ("tracker.cli.serve", "ingest, scheduler and web in one process"),
    "ingest": ("tracker.cli.ingest", "take telemetry from the broker into the database"),
    "web": ("tracker.cli.web", "the pages and the JSON API"),
    "schedule": ("tracker.cli.schedule", "the scheduled jobs; several may run, one works at a time"),
    "send": ("tracker.cli.send", "deliver messages: mail, webhooks, web push, Apprise addresses"),
    "sentinel": ("tracker.cli.sentinel", "on another machine: say what is due when the tracker can't"),
    "broker": ("tracker.cli.broker", "the embedded MQTT broker; files for Mosquitto"),
    "alive": ("tracker.cli.healthcheck", "whether a process gives signs of life, for health checks"),
    "config": ("tracker.cli.config", "every setting with its value, default and origin"),
    "db": ("tracker.cli.db", "upgrade, check, backup, verify and restore the database"),
    "staff": ("tracker.cli.staff", "people who may sign in, and their API tokens"),
    "oncall": ("tracker.cli.oncall", "who is told of what: policies and rotations"),
    "pumps": ("tracker.cli.pumps", "enrol, list and import pumps"),
    "programmers": ("tracker.cli.programmers", "the clinic's own programmers, which sessions are held against"),
    "advisories": ("tracker.cli.advisories", "import recalls and match them to the pumps"),
    "audit": ("tracker.cli.audit", "check the audit trail; signed checkpoints of it"),
    "rehearse": ("tracker.cli.rehearse", "play written cases on virtual time and judge them"),
    "assess": ("tracker.cli.assess", "answer guideline questions, JSON Lines in and out"),
    "code": ("tracker.cli.assess", "procedure codes of what was done, JSON Lines in and out"),
}
EVALUATORS = frozenset({"assess", "code"})


def main(arguments: list[str] | None = None) -> None:
    """Run the command named first; an error that a person can correct is one sentence on stderr and exit status 1."""
    words = sys.argv[1:] if arguments is None else arguments
    if not words or words[0] in {"-h", "--help", "help"}:
        sys.stdout.write(overview())
        sys.exit(0 if words else 2)
    if words[0] == "--version":
        from importlib.metadata import version

        sys.stdout.write(f"pump-tracker {version('pump-tracker')}\n")
        sys.exit(0)
    if words[0] not in COMMANDS:
        near = difflib.get_close_matches(words[0], COMMANDS, n=1)
        hint = f"did you mean `tracker {near[0]}`?" if near else "`tracker --help` lists the commands"
        sys.stderr.write(f"tracker: there is no command {words[0]!r}; {hint}\n")
        sys.exit(2)
    module = importlib.import_module(COMMANDS[words[0]][0])
    if words[0] in EVALUATORS:
        sys.exit(module.main(words))
    import logging

    from tracker.cli.log_format import set_up_logging
    from tracker.errors import TrackerError

    set_up_logging(level=logging.WARNING)  # a process sets up its own; of any other, standard output is its answer
    try:
        module.app(words[1:], prog_name=f"tracker {words[0]}")
    except TrackerError as fault:
        sys.exit(_told(fault.detail))
    except Exception as fault:
        from tracker.cli.error_messages import worded

        sentence = worded(fault)
        if sentence is None:
            raise
        sys.exit(_told(sentence))


def _told(sentence: str) -> int:
    sys.stderr.write(f"tracker: {sentence}\n")
    return 1


def overview() -> str:
    """The list of commands, a line each."""
    lines = [f"  {name:<13}{summary}" for name, (_, summary) in COMMANDS.items()]
    return "\n".join(
        [
            "usage: tracker COMMAND [--help] … | tracker --version",
            "",
            "Implanted intrathecal pumps from implant to explant: telemetry in, replacement criteria out.",
            "Settings come from the environment with the prefix TRACKER_ (see docs/operations.md).",
            "",
            *lines,
            "",
        ]
    )


if __name__ == "__main__":
    main()
