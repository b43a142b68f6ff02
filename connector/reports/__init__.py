"""A night for readers: a workbook and a page, made from one record. Nothing is judged, fetched or written back here."""
