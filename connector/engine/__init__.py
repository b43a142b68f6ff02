"""When and where work runs: the schedule, the right to run, the thread that works. What the work is, others know.

No decision about an employee or a mark is made here, and no text for people is written.
"""
