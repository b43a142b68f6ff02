"""Kingdee Cloud (K/3 Cloud, 云星空): people, loans and books are read, a risk flag is written.

Only this product's protocol lives here; what a row means to the company is said by the mapping file.
"""
