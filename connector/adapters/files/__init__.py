"""CSV files that a company's HR puts into a folder. Only reading; nothing is ever written there."""
