"""Component physics: pure relations between temperatures, flows and powers.

Every relation is written once with :mod:`lowlift.thermal.ops` and serves NumPy batches of shape ``(B, n)``
and CasADi columns of shape ``(n, 1)`` alike. Nothing here holds state or touches a file.
"""
