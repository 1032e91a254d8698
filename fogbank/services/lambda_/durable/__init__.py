"""Durable functions: executions that outlive their invocations, replayed from what they have checkpointed.

    starting     Invoke of a durable function        driving      its function is invoked, again and again, until it is done
    checkpoints  what the function saves             updates      what that does to an operation: step, wait, callback, context
    chaining     functions that it invokes           callbacks    what others send it
    timers       what ends by the clock              managing     stopping, pausing, resuming, deleting
    lifecycle    beginning and end of an execution   ledger       an execution while a transaction changes it

https://docs.aws.amazon.com/lambda/latest/dg/durable-functions.html
"""
