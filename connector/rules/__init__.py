"""Files of people, loans and exits, and rules as conditions over their columns. Pure: no reading, no clock."""
