"""Settings of the kernels that this environment starts."""

# A kernel talks to its notebook over TCP inside the machine and warns of it each time; a close starts several.
c.IPKernelApp.log_level = 40
