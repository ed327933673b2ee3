"""What is wrong with a source, as far as its packets tell: ETSI TR 101 290, first two priorities.

All sources are inspected together, three times a second, by NumPy; a source is a small number, a
*slot*. Only program tables that differ from the one before are read one by one. From the inside
out: :mod:`.psi` (sections, pure), :mod:`.counters` (what is counted), :mod:`.gathered` (what came
since the last inspection, and when), :mod:`.tables` (PAT, PMT, CAT, CRC), :mod:`.presence` (what
must come every so often), :mod:`.references` (PCR), :mod:`.marks` (for the index).

Which indicator is counted where, and what cannot be known, is in ``docs/integrity.md``.
"""
