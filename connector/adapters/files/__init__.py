"""Spreadsheets that a company's HR puts into a folder: CSV and Excel. Only reading; nothing is ever written there."""
