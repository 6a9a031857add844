"""How long tests wait for something that another process or the browser does.

No test is about these times: they end a test that would wait forever, on the slowest
and busiest machine.
"""

SECONDS_FOR_A_PROCESS = 300.0
SECONDS_FOR_THE_TAB = 90.0
