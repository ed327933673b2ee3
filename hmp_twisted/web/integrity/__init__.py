"""A recording's certificate as people read it: a sentence, a drawing to scale, a table."""
