"""The Schema Registry's refusals. Status comes from the model; each carries its code once more as a member.

The API reference gives codes, not sentences: these follow those that users quote in the issue trackers of Terraform's provider and the CDK.
"""

from __future__ import annotations

from fogbank.kernel.errors import AWSError


def _error(code: str, message: str) -> AWSError:
    return AWSError(code, message, Code=code.removesuffix("Exception"))


def bad_request(message: str) -> AWSError:
    return _error("BadRequestException", message)


def not_found(noun: str, name: str) -> AWSError:
    return _error("NotFoundException", f"{noun} with name {name} does not exist.")


def conflict(noun: str, name: str) -> AWSError:
    return _error("ConflictException", f"{noun} with name {name} already exists.")


def invalid_next_token() -> AWSError:
    return bad_request("The NextToken is not valid.")


def invalid_name(noun: str, name: str) -> AWSError:
    return bad_request(f"{noun} name {name} is not valid: it has 1 to 64 letters, digits, '.', '-', '_' and '@'.")


def reserved_registry(name: str) -> AWSError:
    return _error("ForbiddenException", f"Registry name {name} is reserved: names that begin with aws. are AWS's.")


def not_empty(name: str) -> AWSError:
    return bad_request(f"Registry {name} is not empty: its schemas have to be deleted first.")


def no_such_arn(arn: str) -> AWSError:
    return _error("NotFoundException", f"Resource {arn} does not exist.")


def no_such_version(name: str, version: str) -> AWSError:
    return _error("NotFoundException", f"Version {version} of schema {name} does not exist.")


def invalid_content(reason: str) -> AWSError:
    return bad_request(f"The content of the schema is not valid: {reason}")


def invalid_event(reason: str) -> AWSError:
    return bad_request(f"The event is not valid: {reason}")


def unknown_type(given: str) -> AWSError:
    return bad_request(f"Schema type {given} is not one of OpenApi3, JSONSchemaDraft4.")


def unknown_export(given: str) -> AWSError:
    return bad_request(f"A schema of the type OpenApi3 is exported as JSONSchemaDraft4, not as {given}.")


def unknown_language(given: str) -> AWSError:
    return bad_request(f"Language {given} is not one of Go1, Java8, Python36, TypeScript3.")


def only_from_openapi() -> AWSError:
    return bad_request("Code bindings are generated from schemas of the type OpenApi3.")


def no_binding(language: str) -> AWSError:
    return _error("NotFoundException", f"There is no code binding for {language}: it has to be put first.")


def no_policy(registry: str) -> AWSError:
    return _error("NotFoundException", f"Registry {registry} does not have a policy.")


def another_revision() -> AWSError:
    return _error("PreconditionFailedException", "The RevisionId is not that of the policy.")


def invalid_policy(reason: str) -> AWSError:
    return bad_request(f"The policy is not valid: {reason}")


def not_a_bus(arn: str) -> AWSError:
    return bad_request(f"SourceArn {arn} is not the ARN of an event bus of this account and Region.")


def too_many_tags() -> AWSError:
    return bad_request("A resource has at most 50 tags, whose keys do not begin with aws:.")
