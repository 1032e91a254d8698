"""Whether a file can be executed on this machine, in the words that Lambda has where it cannot."""

from __future__ import annotations

import os
import platform

_ELF = b"\x7fELF"
# the machine of an ELF file: two bytes at 18, the lower one first where the byte at 5 is 1
_MACHINES = {62: ("x86_64", "amd64"), 183: ("aarch64", "arm64")}
_HEAD_BYTES = 512


def fault(program: str, shown: str) -> str:
    """Why `program`, which the function sees as `shown`, cannot be executed; empty where nothing speaks against it."""
    with open(program, "rb") as file:
        head = file.read(_HEAD_BYTES)
    if head.startswith(b"#!"):
        # a script with Windows' ends of lines names an interpreter that ends with one
        interpreter = head[2:].split(b"\n", 1)[0].strip(b" \t").split(b" ")[0]
        return "" if os.path.exists(interpreter) else f"fork/exec {shown}: no such file or directory"
    if head.startswith(_ELF) and len(head) > 20:
        made_for = _MACHINES.get(int.from_bytes(head[18:20], "little"), ())
        if not made_for or platform.machine().lower() in made_for:
            return ""
    elif platform.system() != "Linux":
        return ""
    return f"fork/exec {shown}: exec format error"
