"""The configuration of a function: what is asked for, checked, and how it is answered."""

from __future__ import annotations

import hashlib
import re
import time
from typing import Any

from fogbank import protocols
from fogbank.kernel import Context
from fogbank.services.lambda_ import errors, limits
from fogbank.services.lambda_.durable import settings as durable
from fogbank.services.lambda_.function import sealing
from fogbank.services.lambda_.package import code
from fogbank.services.lambda_.records import Answer, Function, Request, arn_of

# Members of a request that are members of the configuration, and what they are when nobody says.
DEFAULTS: dict[str, Any] = {
    "Description": "",
    "Timeout": 3,
    "MemorySize": 128,
    "TracingConfig": {"Mode": "PassThrough"},
    "EphemeralStorage": {"Size": 512},
    "SnapStart": {"ApplyOn": "None"},
}
_MEMBERS = (
    "Runtime",
    "Role",
    "Handler",
    "Description",
    "Timeout",
    "MemorySize",
    "VpcConfig",
    "DeadLetterConfig",
    "Environment",
    "KMSKeyArn",
    "TracingConfig",
    "Layers",
    "FileSystemConfigs",
    "ImageConfig",
    "EphemeralStorage",
    "SnapStart",
    "LoggingConfig",
)
# What only creating, or new code, sets.
_FIRST = ("PackageType", "Architectures", "TenancyConfig", "CapacityProviderConfig", "DurableConfig")
_DEPRECATED = frozenset(
    {
        "nodejs",
        "nodejs4.3",
        "nodejs4.3-edge",
        "nodejs6.10",
        "nodejs8.10",
        "nodejs10.x",
        "nodejs12.x",
        "nodejs14.x",
        "python2.7",
        "python3.6",
        "python3.7",
        "dotnetcore1.0",
        "dotnetcore2.0",
        "dotnetcore2.1",
        "dotnetcore3.1",
        "ruby2.5",
        "ruby2.7",
        "java8",
        "go1.x",
        "provided",
    }
)
# Names that a function may not set: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
_RESERVED = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
    }
)

# The first versions of runtimes that have snapshots.
_SNAP_START = {"python": (3, 12), "java": (11,), "dotnet": (8,)}
_SNAP_START_SCRATCH_MIB = 512
_VERSIONED = re.compile(r"(python|java|dotnet)(\d+(?:\.\d+)?)")


def runtimes() -> list[str]:
    """The names of the runtimes that functions can still be made for, by language and version."""
    named = protocols.load("lambda").shape("Runtime").traits["enum"]
    return sorted((name for name in named if name not in _DEPRECATED | {"custom"}), key=_by_version)


def _by_version(runtime: str) -> tuple[str, int, str]:
    found = re.fullmatch(r"([a-z]+)(\d+)?\.?(.*)", runtime)
    assert found is not None
    return found[1], int(found[2] or 0), found[3].zfill(8)


def first(request: Request) -> dict[str, Any]:
    """The configuration of a new function. Raises InvalidParameterValueException."""
    config = {name: request[name] for name in (*_MEMBERS, *_FIRST) if request.get(name) is not None}
    config = {**DEFAULTS, "PackageType": "Zip", "Architectures": ["x86_64"], **config}
    if config["PackageType"] == "Zip":
        for name in ("Runtime", "Handler"):
            if name not in config:
                raise errors.invalid_parameter(
                    "Runtime and Handler are mandatory parameters for functions created with deployment packages."
                )
    elif "Runtime" in config or "Handler" in config or config.get("Layers"):
        raise errors.invalid_parameter(
            "Please don't provide Handler or Runtime or Layer when the intent is to create a function by image."
        )
    if config.get("Runtime") in _DEPRECATED:
        raise errors.invalid_parameter(
            f"The runtime parameter of {config['Runtime']} is no longer supported for creating or updating "
            f"AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions."
        )
    if "DurableConfig" in config:
        config["DurableConfig"] = durable.first(config["DurableConfig"])
    return check(config, request)


def updated(config: dict[str, Any], request: Request) -> dict[str, Any]:
    """The configuration with what a request changes."""
    changes = {name: request[name] for name in _MEMBERS if request.get(name) is not None}
    if request.get("DurableConfig") is not None:
        changes["DurableConfig"] = durable.updated(config.get("DurableConfig"), request["DurableConfig"])
    return check({**config, **changes}, request)


def check(config: dict[str, Any], request: Request) -> dict[str, Any]:
    _check_most("timeout", config["Timeout"], limits.TIMEOUT_SECONDS)
    if not config.get("CapacityProviderConfig"):
        _check_most("memorySize", config["MemorySize"], limits.MEMORY_MIB)
        _check_most("ephemeralStorage.size", config["EphemeralStorage"]["Size"], limits.SCRATCH_MIB)
    variables = (config.get("Environment") or {}).get("Variables") or {}
    reserved = sorted(_RESERVED.intersection(variables))
    if reserved:
        raise errors.invalid_parameter(
            "Lambda was unable to configure your environment variables because the environment variables you have provided "
            f"contains reserved keys that are currently not supported for modification. Reserved keys used in this request: "
            f"{', '.join(reserved)}"
        )
    size = sum(len(name.encode()) + len(value.encode()) for name, value in variables.items())
    if size > limits.ENVIRONMENT_BYTES:
        raise errors.invalid_parameter(
            "Lambda was unable to configure your environment variables because the environment variables you have provided "
            f"exceeded the 4KB limit. String measured: {variables}"
        )
    _check_logging(config.get("LoggingConfig") or {})
    if len(config.get("Layers") or []) > limits.LAYERS:
        raise errors.invalid_parameter("Cannot reference more than 5 layers.")
    if config["SnapStart"]["ApplyOn"] != "None":
        _check_snap_start(config)
    return config


def _check_logging(logging: dict[str, Any]) -> None:
    """Only JSON has levels. https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html"""
    has_levels = "ApplicationLogLevel" in logging or "SystemLogLevel" in logging
    if has_levels and logging.get("LogFormat", "Text") == "Text":
        raise errors.invalid_parameter(
            'LogLevel is not supported when LogFormat is set to "Text". Remove LogLevel from your request or change '
            'the LogFormat to "Json" and try again.'
        )


def _check_snap_start(config: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html#snapstart-runtimes"""
    runtime = config.get("Runtime", "")
    found = _VERSIONED.fullmatch(runtime)
    if config["PackageType"] == "Image":
        raise errors.not_with_snap_start("A container image")
    if found is None or tuple(map(int, found[2].split("."))) < _SNAP_START[found[1]]:
        raise errors.not_with_snap_start(runtime)
    if config["EphemeralStorage"]["Size"] > _SNAP_START_SCRATCH_MIB:
        raise errors.not_with_snap_start(f"Ephemeral storage of more than {_SNAP_START_SCRATCH_MIB} MB")
    if config.get("FileSystemConfigs"):
        raise errors.not_with_snap_start("A file system")


def _check_most(member: str, value: int, most: int) -> None:
    """Limits that the model does not have. Raises ValidationException."""
    if value > most:
        raise errors.validation(
            f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: "
            f"Member must have value less than or equal to {most}"
        )


def log_group(function: Function) -> str:
    logging = function.config.get("LoggingConfig") or {}
    return logging.get("LogGroup") or f"/aws/lambda/{function.name}"


async def described(ctx: Context, function: Function, qualifier: str = "") -> Answer:
    """The same with the environment variables, as far as the caller may see them; in a transaction."""
    return answer(ctx, await sealing.shown(ctx, function), qualifier)


def answer(ctx: Context, function: Function, qualifier: str = "", latest_is_qualified: bool = False) -> Answer:
    """The FunctionConfiguration of a version. Its ARN has the qualifier that was asked for."""
    config = function.config
    arn = arn_of(ctx, function.name)
    variables = config.get("Environment")
    logging = {"LogFormat": "Text", "LogGroup": log_group(function), **(config.get("LoggingConfig") or {})}
    if logging["LogFormat"] == "JSON":
        logging = {"ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO", **logging}
    result: Answer = {
        **{name: value for name, value in config.items() if name not in ("ImageConfig", "Layers", "VpcConfig")},
        "FunctionName": function.name,
        "FunctionArn": f"{arn}:{qualifier}" if qualifier else arn,
        "CodeSize": function.code.size,
        "CodeSha256": code.sha256(function.code),
        "Description": config.get("Description", ""),
        "LastModified": timestamp(function.modified),
        "Version": function.version,
        "RevisionId": function.revision,
        "State": function.state,
        "StateReason": function.state_reason or None,
        "StateReasonCode": function.state_code or None,
        "LastUpdateStatus": function.update_status,
        "LastUpdateStatusReason": function.update_reason or None,
        "LastUpdateStatusReasonCode": function.update_code or None,
        "SnapStart": {**config["SnapStart"], "OptimizationStatus": "On" if function.snap_starts else "Off"},
        "LoggingConfig": logging,
        "DeadLetterConfig": config.get("DeadLetterConfig")
        if (config.get("DeadLetterConfig") or {}).get("TargetArn")
        else None,
        "KMSKeyArn": config.get("KMSKeyArn") or None,
        "Environment": variables if variables and any(variables.values()) else None,
        "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": [], "VpcId": "", **(config.get("VpcConfig") or {})},
        "Layers": [{"Arn": each.arn, "CodeSize": each.code.size} for each in function.layers] or None,
    }
    if config["PackageType"] == "Image":
        result["ImageConfigResponse"] = {"ImageConfig": config["ImageConfig"]} if config.get("ImageConfig") else None
    else:
        result["RuntimeVersionConfig"] = {"RuntimeVersionArn": runtime_arn(ctx, config["Runtime"])}
    return result


def runtime_arn(ctx: Context, runtime: str) -> str:
    """The version of a runtime, of which each has one here."""
    return f"arn:{ctx.partition}:lambda:{ctx.region}::runtime:{hashlib.sha256(runtime.encode()).hexdigest()}"


def timestamp(moment: float) -> str:
    """`2026-11-21T08:00:00.000+0000`"""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment)) + f".{int(moment * 1000) % 1000:03}+0000"
