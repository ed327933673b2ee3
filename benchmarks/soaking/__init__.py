"""The parts of ``benchmarks.soak``: encoders, players, the stage with its faults, the ledger."""
