"""Nothing is kept that the product itself never names: code that only tests call goes, or a reason stands beside it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.reached import Source, targets

ROOT = Path(__file__).parents[2]
FOLDERS = ("devices", "simulators", "tracker")
_PLAIN_DECORATORS = {"dataclass", "contextmanager", "cache", "lru_cache", "property", "classmethod", "staticmethod"}

#: what nobody in the product names, and why it stays
STAYS = {
    "devices.model.PumpModel.flow_min_ml_per_day": "a limit of the catalogue, beside the upper one",
    "devices.topics.SUBSCRIPTIONS": "the contract of the wire, for those who listen beside ingest",
    "simulators.generate_patient.NOT_SIMULATED": "why a model is not simulated; a test asks it of every model",
    "simulators.publications.speak": "a clinic's messages without a broker, for programs that read them from Python",
    "tracker.actions.pumps.enrol_pump.enrol_pump": "one pump, as Python programs enrol it; the rest enrols lists",
    "tracker.broker.jetstream_limits.OTHER_BYTES": "the sum that a test holds against the whole store",
    "tracker.cli.log_format.take_down_logging": "undoes what setting up does, for a process that runs several commands",
    "tracker.coding.codes.BY_NUMBER": "a code by its number, for readers of the package",
    "tracker.records.alarm.alarm_events": "an alarm's own history",
    "tracker.records.tables.SUBJECTS": "names the modules so that their tables are known to the metadata",
}
_CALLED_BY_LIBRARIES = {
    "settings_customise_sources",  # pydantic-settings
    "get_field_value",
    "load_dialect_impl",  # SQLAlchemy
    "process_bind_param",
    "result_processor",
    "handleError",  # logging
    "on_chunk_header",  # httptools
    "do_GET",  # http.server
    "do_PUT",
    "log_message",
    "handle_DATA",  # aiosmtpd
    "_sock_send",  # paho
    "_create_socket_connection",
}


def _files() -> Iterator[tuple[str, ast.Module]]:
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if "migrations" not in parts:
                yield ".".join(parts).removesuffix(".__init__"), ast.parse(path.read_text())


def _is_registered(node: ast.stmt) -> bool:
    """Whether a decorator hands it to somebody: a route, a validator, a listener."""
    decorators = getattr(node, "decorator_list", [])
    plain = (one.func if isinstance(one, ast.Call) else one for one in decorators)
    return any(not (isinstance(one, ast.Name) and one.id in _PLAIN_DECORATORS) for one in plain)


def _words(trees: list[tuple[str, ast.Module]]) -> set[str]:
    """Every name that is used anywhere, whatever it stands for; the templates' too."""
    found: set[str] = set()
    for _, tree in trees:
        for node in ast.walk(tree):
            match node:
                case ast.Attribute(attr=name) | ast.Name(id=name) | ast.keyword(arg=str(name)):
                    found.add(name)
                case ast.Constant(value=str(text)):
                    found.add(text)
    for page in (ROOT / "tracker" / "web" / "templates").rglob("*.html"):
        found |= set(re.findall(r"\w+", page.read_text()))
    return found


def test_every_name_is_used_by_the_product_itself() -> None:
    source = Source(ROOT, FOLDERS)
    trees = list(_files())
    used, words = source.used(), _words(trees) | _CALLED_BY_LIBRARIES
    dead = set()
    for module, tree in trees:
        for node in tree.body:
            for name in targets(node):
                if (
                    (module, name) not in used
                    and not name.startswith("__")
                    and not _is_registered(node)
                    and name != "main"
                ):
                    dead.add(f"{module}.{name}")
            if isinstance(node, ast.ClassDef):
                dead |= {
                    f"{module}.{node.name}.{one.name}"
                    for one in node.body
                    if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
                    and not one.name.startswith("__")
                    and one.name not in words
                    and not _is_registered(one)
                }
    assert sorted(dead - set(STAYS)) == [], "remove it, use it, or say in STAYS why it stays"
    assert sorted(set(STAYS) - dead) == [], "it is used by now, or gone"
