"""Programs that measure: speed, faults in full number, accuracy, a hostile communicator."""
