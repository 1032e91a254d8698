"""How functions run: interpreters, packages, execution environments, and the Runtime API that they speak.

pools          Runtimes, the engine: environments by version of a function, kept warm
environments   one execution environment: its phases
processes      its processes, frozen and thawed together
interface      the Runtime API: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
extensions     the Extensions API
snapshots      SnapStart: environments that go on from an initialised process
telemetry      the Telemetry and Logs APIs; what may be asked of them is in `subscribing`
reports        the records of the platform's events
failures       why an environment cannot go on
plans          what has to be started for a function
interpreters   which interpreters this machine has
installing     what functions need besides: `fogbank lambda install`
supplies       has it installed when a function needs it
packages       unpacked code
output         what a function writes, as log events
"""
