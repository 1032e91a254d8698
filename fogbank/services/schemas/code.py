"""Code bindings: the classes of a schema in Java, Python, TypeScript and Go, with what reads and writes their JSON. Pure.

A generator gives files by path. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-schema-code-bindings.html
"""

from __future__ import annotations

import io
import keyword
import zipfile
from collections.abc import Callable

from fogbank.services.schemas.classes import Class, Field, Type

Files = dict[str, str]
Package = tuple[str, ...]
Generator = Callable[[Package, list[Class]], Files]

_EPOCH = (1980, 1, 1, 0, 0, 0)


def archive(files: Files) -> bytes:
    """The files as a ZIP, the same bytes for the same files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for path, text in sorted(files.items()):
            target.writestr(zipfile.ZipInfo(path, _EPOCH), text, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _spelled(kind: Type, names: dict[str, str], array: str) -> str:
    """A type in a language that has these names and spells arrays like that."""
    if kind.kind == "array":
        return array.format(_spelled(kind.item or Type("any"), names, array))
    return kind.name if kind.kind == "class" else names[kind.kind]


def _lines(parts: list[str]) -> str:
    return "\n".join(parts) + "\n"


# -- Python

_PYTHON_HEAD = '''"""{name}, as the schema describes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass
class {name}:
'''

_PYTHON_MARSHALLER = '''"""Classes from JSON documents, and back."""

from __future__ import annotations

import importlib
import json
from typing import Any


class Marshaller:
    @classmethod
    def marshall(cls, value: Any) -> Any:
        """A document (dict, list, plain value) of an instance."""
        if isinstance(value, list):
            return [cls.marshall(item) for item in value]
        names = getattr(type(value), "_names", None)
        if names is None:
            return value
        found = {name: getattr(value, field) for field, name in names.items()}
        return {name: cls.marshall(each) for name, each in found.items() if each is not None}

    @classmethod
    def unmarshall(cls, document: Any, type_name: Any) -> Any:
        """An instance of a class (or its name) from a document, or from JSON text."""
        if isinstance(document, str) and isinstance(type_name, type):
            document = json.loads(document)
        made = type_name if isinstance(type_name, type) else cls._class(type_name)
        if made is None or not isinstance(document, dict):
            return document
        given = {field: document.get(name) for field, name in made._names.items()}
        return made(**{field: cls._value(value, made._types.get(field)) for field, value in given.items()})

    @classmethod
    def _value(cls, value: Any, type_name: Any) -> Any:
        if isinstance(value, list):
            return [cls._value(item, type_name) for item in value]
        return value if type_name is None else cls.unmarshall(value, type_name)

    @staticmethod
    def _class(name: str) -> Any:
        package = __name__.rpartition(".")[0]
        return getattr(importlib.import_module(f"{package}.{name}"), name)
'''


def _python_name(field: Field) -> str:
    name = field.snake()
    return f"{name}_" if keyword.iskeyword(name) else name


def _innermost(kind: Type) -> Type:
    return kind if kind.item is None else _innermost(kind.item)


def _python(package: Package, classes: list[Class]) -> Files:
    names = {"string": "str", "number": "float", "integer": "int", "boolean": "bool", "time": "str", "any": "Any"}
    folder = "/".join(package)
    files = {f"{'/'.join(package[: depth + 1])}/__init__.py": "" for depth in range(len(package))}
    files[f"{folder}/marshaller.py"] = _PYTHON_MARSHALLER
    for each in classes:
        inner = [(field, _innermost(field.type)) for field in each.fields]
        types = {_python_name(field): kind.name for field, kind in inner if kind.kind == "class"}
        known = {_python_name(field): field.name for field in each.fields}
        spelled = {_python_name(field): _spelled(field.type, names, "list[{}]") for field in each.fields}
        body = [f"    {name}: {kind} | None = None" for name, kind in spelled.items()]
        body += [
            f"    _names: ClassVar[dict[str, str]] = {known!r}",
            f"    _types: ClassVar[dict[str, str]] = {types!r}",
        ]
        files[f"{folder}/{each.name}.py"] = _PYTHON_HEAD.format(name=each.name) + _lines(body)
    return files


# -- TypeScript

_TYPESCRIPT_MARSHALLER = """/** Classes from JSON documents, and back. */
export class Marshaller {
  public static marshall<T>(value: T): string {
    return JSON.stringify(value);
  }

  public static unmarshall<T>(text: string): T {
    return JSON.parse(text) as T;
  }
}
"""


def _typescript(package: Package, classes: list[Class]) -> Files:
    names = {"string": "string", "number": "number", "integer": "number", "boolean": "boolean", "time": "string"}
    names["any"] = "any"
    folder = "/".join(package)
    files = {f"{folder}/marshaller/Marshaller.ts": _TYPESCRIPT_MARSHALLER}
    for each in classes:
        inner = {_innermost(field.type).name for field in each.fields} - {"", each.name}
        body = [f"import {{ {name} }} from './{name}';" for name in sorted(inner)]
        body += ["", f"export interface {each.name} {{"]
        body += [f"  {_quoted(field.name)}?: {_spelled(field.type, names, 'Array<{}>')};" for field in each.fields]
        files[f"{folder}/{each.name}.ts"] = _lines([*body, "}"])
    files[f"{folder}/index.ts"] = _lines([f"export * from './{each.name}';" for each in classes])
    return files


def _quoted(name: str) -> str:
    return name if name.isidentifier() else f"'{name}'"


# -- Java

_JAVA_MARSHALLER = """package {package}.marshaller;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** Classes from JSON documents, and back. */
public final class Marshaller {{
    private static final ObjectMapper MAPPER = new ObjectMapper()
        .registerModule(new JavaTimeModule())
        .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    private Marshaller() {{
    }}

    public static <T> void marshal(OutputStream output, T value) throws IOException {{
        MAPPER.writeValue(output, value);
    }}

    public static <T> T unmarshal(InputStream input, Class<T> type) throws IOException {{
        return MAPPER.readValue(input, type);
    }}
}}
"""


def _java(package: Package, classes: list[Class]) -> Files:
    names = {"string": "String", "number": "BigDecimal", "integer": "Integer", "boolean": "Boolean", "time": "Date"}
    names["any"] = "Object"
    folder, name = "/".join(package), ".".join(package)
    files = {f"{folder}/marshaller/Marshaller.java": _JAVA_MARSHALLER.format(package=name)}
    for each in classes:
        head = [f"package {name};", "", "import com.fasterxml.jackson.annotation.JsonProperty;", ""]
        head += ["import java.math.BigDecimal;", "import java.util.Date;", "import java.util.List;", ""]
        body = [f"public class {each.name} {{"]
        for field in each.fields:
            body += _java_field(field, _spelled(field.type, names, "List<{}>"))
        files[f"{folder}/{each.name}.java"] = _lines([*head, *body, "}"])
    return files


def _java_field(field: Field, kind: str) -> list[str]:
    return [
        f'    @JsonProperty("{field.name}")',
        f"    private {kind} {field.camel()}_;",
        "",
        f"    public {kind} get{field.pascal()}() {{",
        f"        return this.{field.camel()}_;",
        "    }",
        "",
        f"    public void set{field.pascal()}({kind} value) {{",
        f"        this.{field.camel()}_ = value;",
        "    }",
        "",
    ]


# -- Go

_GO_MARSHALLER = """package {package}

import "encoding/json"

// Unmarshal gives the event of a JSON document.
func Unmarshal(data []byte) ({root}, error) {{
	var event {root}
	err := json.Unmarshal(data, &event)
	return event, err
}}

// Marshal gives the JSON document of an event.
func Marshal(event {root}) ([]byte, error) {{
	return json.Marshal(event)
}}
"""


def _go(package: Package, classes: list[Class]) -> Files:
    names = {"string": "string", "number": "float64", "integer": "int64", "boolean": "bool", "time": "time.Time"}
    names["any"] = "interface{}"
    folder, name = "/".join(package), package[-1]
    files: Files = {}
    for each in classes:
        body = [f"package {name}", ""]
        if any(_innermost(field.type).kind == "time" for field in each.fields):
            body += ['import "time"', ""]
        body += [f"// {each.name} is as the schema describes it.", f"type {each.name} struct {{"]
        for field in each.fields:
            kind = _spelled(field.type, names, "[]{}")
            body.append(f'\t{field.pascal()} {kind} `json:"{field.name},omitempty"`')
        files[f"{folder}/{each.name}.go"] = _lines([*body, "}"])
    root = next((each.name for each in classes if each.name == "AWSEvent"), classes[0].name if classes else "")
    if root:
        files[f"{folder}/marshaller.go"] = _GO_MARSHALLER.format(package=name, root=root)
    return files


GENERATORS: dict[str, Generator] = {"Go1": _go, "Java8": _java, "Python36": _python, "TypeScript3": _typescript}
"""By the names that the API has for languages."""
