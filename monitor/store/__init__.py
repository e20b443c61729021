"""What wirebell remembers: rows that are the truth and the schedule, in one SQLite file.

Every function takes an open transaction and values, and returns values; ``Database`` runs it.
"""
