"""The words of the business as types: tables, findings, marks, plans, values. Pure; no input or output here."""
