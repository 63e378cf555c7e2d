"""The planted-defect benchmark: topics of known kind are put into real debates, and what becomes of each is counted."""
