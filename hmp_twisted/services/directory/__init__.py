"""What administrators keep: who may connect and act, what can be recorded, how it is described.

Plain functions of a SQLAlchemy connection, one module a kind of object. The caller owns the
transaction; nothing here commits. Results are frozen attrs rows, refusals are ``errors.*`` whose
message stands on its own: what was refused, why, and what would do.
"""
