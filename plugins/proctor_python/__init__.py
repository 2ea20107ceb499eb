"""What knows Python: programs that travel with a command, and readers of what they report.

A program is run as `{proctor_python} {inputs}/NAME.py {inputs}/arguments.json` in the work tree, with
`program.inputs("NAME", arguments)` laid beside it. The module of the same name holds its arguments and its report.
"""
