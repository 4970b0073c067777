"""mq-bridge as a user would set it up to bring MQTT into SQL: one route, one row a message, acknowledged after storing.

``python -m benchmarks.bridge BROKER_URL CLIENT_ID DATABASE_URL``. Its rows are not checked against a pump's
model, and there is no state, no alarm, no gap and no receipt.
"""

from __future__ import annotations

import signal
import sys

import mq_bridge

COLUMNS = ("model", "epoch", "seq", "measured_at", "reservoir_ml", "flow_ml_per_day", "infusion", "motor", "firmware")
TABLE = (
    "CREATE TABLE bridged (model TEXT, epoch BIGINT, seq BIGINT, measured_at {time}, reservoir_ml DOUBLE PRECISION, "
    "flow_ml_per_day DOUBLE PRECISION, infusion TEXT, motor TEXT, firmware TEXT)"
)


def main() -> None:
    """Run the route until told to stop."""
    broker, client_id, database = sys.argv[1:]
    postgres = database.startswith("postgres")
    values = [
        f"${{payload:{name}}}" + ("::timestamptz" if postgres and name == "measured_at" else "") for name in COLUMNS
    ]
    route = mq_bridge.Route.from_config(
        {
            "input": {
                "mqtt": {
                    "url": broker,
                    "topic": "pumps/+/telemetry",
                    "client_id": client_id,
                    "protocol": "v3",
                    "qos": 1,
                    "clean_session": False,
                    "queue_capacity": 4000,
                    "max_inflight": 1000,
                }
            },
            "output": {
                "sqlx": {
                    "url": database,
                    "table": "bridged",
                    "insert_query": f"INSERT INTO bridged ({', '.join(COLUMNS)}) VALUES ({', '.join(values)})",
                }
            },
            "batch_size": 1000,
        }
    )
    signal.signal(signal.SIGTERM, lambda *_: mq_bridge.request_shutdown())
    route.run()


if __name__ == "__main__":
    main()
