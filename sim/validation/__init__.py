"""Validation: any table in the format of the reference tables, recomputed with the library's components and compared row by row."""
