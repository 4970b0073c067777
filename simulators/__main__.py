"""`python -m simulators`: pretend pumps that speak to a tracker over MQTT."""

from simulators.commands import app

if __name__ == "__main__":
    app(prog_name="python -m simulators")
