"""Velocity, the language of mapping templates.

    Template(text).render({"input": ..., "util": ..., "context": {...}})

Written here since the one library that there is for Python (airspeed) reaches any attribute of any Python object from within a
template (`$x.__class__`), and so whoever may write a template could run code in the server, beyond accounts and permissions. Here
templates see values (texts, numbers, lists, maps) with the methods that Java has for them, and tools that say which methods they have.

https://velocity.apache.org/engine/1.7/user-guide.html
"""

from fogbank.apis.velocity.parser import TemplateError
from fogbank.apis.velocity.template import Template
from fogbank.apis.velocity.values import Tool

__all__ = ["Template", "TemplateError", "Tool"]
