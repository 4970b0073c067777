"""The ceiling: paho's own client, manual acknowledgment, nothing decoded and nothing stored.

``python -m benchmarks.bare PORT CLIENT_ID MESSAGES [USER PASSWORD]`` takes so many messages out of its persistent
session and prints the seconds, the processor seconds and the peak memory from the first to the last of them, as JSON.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion


def cpu_seconds() -> float:
    """Processor time of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Subscribe; take the messages; report."""
    port, client_id, wanted, *account = sys.argv[1:]
    target, taken = int(wanted), 0
    began = used = 0.0

    def on_connect(client: mqtt.Client, *_: Any) -> None:
        client.subscribe([("pumps/+/telemetry", 1)])

    def on_subscribe(client: mqtt.Client, *_: Any) -> None:
        if not target:
            client.disconnect()

    def on_message(client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        nonlocal taken, began, used
        if not taken:
            began, used = time.perf_counter(), cpu_seconds()
        taken += 1
        client.ack(message.mid, message.qos)
        if taken == target:
            report = {"seconds": time.perf_counter() - began, "cpu": cpu_seconds() - used, "messages": taken - 1}
            peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line)
            sys.stdout.write(json.dumps({**report, "peak_mib": int(peak.split()[1]) / 1024}))
            client.disconnect()

    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id, clean_session=False, manual_ack=True)
    client.on_connect, client.on_subscribe, client.on_message = on_connect, on_subscribe, on_message
    if account:
        client.username_pw_set(*account)
    client.connect("127.0.0.1", int(port))
    client.loop_forever()


if __name__ == "__main__":
    main()
