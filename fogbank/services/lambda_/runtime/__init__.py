"""How functions run: interpreters, packages, execution environments, and the Runtime API that they speak.

pools          Runtimes, the engine: environments by version of a function, kept warm
environments   one execution environment: a process, its Runtime API, its logs, its memory
interface      the Runtime API: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
plans          what has to be started for a function
interpreters   which interpreters this machine has
packages       unpacked code
output         what a function writes, as log events
"""
