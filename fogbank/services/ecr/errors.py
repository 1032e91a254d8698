"""ECR's refusals in AWS's words. Their status comes from the model.

Sources: the Errors sections of the ECR API reference, and the answers of the service as quoted in the issue trackers of the AWS SDKs, the
CDK and Terraform's provider. Uploads, replication and templates are worded after the nearest of these.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fogbank.kernel.errors import AWSError

if TYPE_CHECKING:
    from fogbank.protocols import Violation


# -- requests as a whole


def invalid_parameter(message: str) -> AWSError:
    return AWSError("InvalidParameterException", message)


def unsatisfied(member: str, constraint: str) -> AWSError:
    return invalid_parameter(f"Invalid parameter at '{member}' failed to satisfy constraint: '{constraint}'")


def invalid_request(message: str, violations: list[Violation]) -> AWSError:
    """What the model finds wrong, as ECR says it."""
    first = violations[0]
    return unsatisfied(first.member, first.constraint[:1].lower() + first.constraint[1:])


def invalid_token() -> AWSError:
    return invalid_parameter("Invalid parameter at 'nextToken' failed to satisfy constraint: 'must be a valid token'")


def validation(message: str) -> AWSError:
    return AWSError("ValidationException", message)


# -- repositories


def _of(name: str, registry: str) -> str:
    return f"the repository with name '{name}' in the registry with id '{registry}'"


def repository_not_found(name: str, registry: str) -> AWSError:
    return AWSError(
        "RepositoryNotFoundException",
        f"The repository with name '{name}' does not exist in the registry with id '{registry}'",
    )


def repository_exists(name: str, registry: str) -> AWSError:
    return AWSError(
        "RepositoryAlreadyExistsException",
        f"The repository with name '{name}' already exists in the registry with id '{registry}'",
    )


def repository_not_empty(name: str, registry: str) -> AWSError:
    return AWSError(
        "RepositoryNotEmptyException",
        f"The repository with name '{name}' in registry with id '{registry}' cannot be deleted because it still contains images",
    )


def kms(message: str) -> AWSError:
    return AWSError("KmsException", message, kmsError=message)


# -- images


def _image(digest: str | None, tag: str | None) -> str:
    return f"{{imageDigest:'{digest or 'null'}', imageTag:'{tag or 'null'}'}}"


def image_not_found(name: str, registry: str, digest: str | None, tag: str | None) -> AWSError:
    return AWSError(
        "ImageNotFoundException",
        f"The image with imageId {_image(digest, tag)} does not exist within the repository with name '{name}' "
        f"in the registry with id '{registry}'",
    )


def image_exists(name: str, registry: str, digest: str, tag: str | None) -> AWSError:
    tagged = f" and tag '{tag}'" if tag else ""
    return AWSError(
        "ImageAlreadyExistsException",
        f"Image with digest '{digest}'{tagged} already exists in the repository with name '{name}' "
        f"in registry with id '{registry}'",
    )


def tag_is_immutable(name: str, tag: str) -> AWSError:
    return AWSError(
        "ImageTagAlreadyExistsException",
        f"The image tag '{tag}' already exists in the '{name}' repository and cannot be overwritten because the tag is immutable.",
    )


def digest_does_not_match(given: str, computed: str) -> AWSError:
    return AWSError(
        "ImageDigestDoesNotMatchException",
        f"Image digest '{given}' does not match the digest '{computed}' computed from the image manifest",
    )


def layers_not_found(name: str, registry: str, digests: Iterable[str]) -> AWSError:
    return AWSError(
        "LayersNotFoundException",
        f"Layers with digests '[{', '.join(digests)}]' not found within {_of(name, registry)}",
    )


def images_not_found(name: str, registry: str, digests: Iterable[str]) -> AWSError:
    return AWSError(
        "ReferencedImagesNotFoundException",
        f"Images with digests '[{', '.join(digests)}]' required for pushing image into repository with name '{name}' "
        f"in the registry with id '{registry}' do not exist",
    )


def invalid_manifest(reason: str) -> AWSError:
    return unsatisfied("imageManifest", reason)


def image_archived(name: str, registry: str, digest: str) -> AWSError:
    return AWSError("ImageArchivedException", f"The image with digest '{digest}' in {_of(name, registry)} is archived")


def storage_class_unchanged(reason: str) -> AWSError:
    return AWSError("ImageStorageClassUpdateNotSupportedException", reason)


def too_many_tags_on_image() -> AWSError:
    return AWSError("LimitExceededException", "The maximum number of tags per image has been reached.")


# -- layers


def layer_not_found(name: str, registry: str, digest: str) -> AWSError:
    return layers_not_found(name, registry, [digest])


def upload_not_found(name: str, registry: str, upload: str) -> AWSError:
    return AWSError(
        "UploadNotFoundException",
        f"Upload with uploadId '{upload}' not found in {_of(name, registry)}",
    )


def invalid_part(name: str, registry: str, upload: str, last: int) -> AWSError:
    """`last` is the last byte that is there, -1 when there is none."""
    return AWSError(
        "InvalidLayerPartException",
        "The layer part size is not valid, or the first byte specified is not consecutive to the last byte "
        "of a previous layer part upload.",
        registryId=registry,
        repositoryName=name,
        uploadId=upload,
        lastValidByteReceived=last,
    )


def part_too_small() -> AWSError:
    return AWSError("LayerPartTooSmallException", "Layer parts must be at least 5 MiB in size.")


def empty_upload() -> AWSError:
    return AWSError("EmptyUploadException", "The specified layer upload does not contain any layer parts.")


def invalid_layer(given: str, computed: str) -> AWSError:
    return AWSError(
        "InvalidLayerException",
        f"The layer digest calculation performed by Amazon ECR upon receipt of the image layer, '{computed}', "
        f"does not match the digest specified, '{given}'.",
    )


def layer_exists(name: str, registry: str, digest: str) -> AWSError:
    return AWSError(
        "LayerAlreadyExistsException", f"The image layer with digest '{digest}' already exists in {_of(name, registry)}"
    )


# -- documents of repositories and registries


def no_lifecycle_policy(name: str, registry: str) -> AWSError:
    return AWSError(
        "LifecyclePolicyNotFoundException",
        f"Lifecycle policy does not exist for the repository with name '{name}' in the registry with id '{registry}'",
    )


def no_preview(name: str, registry: str) -> AWSError:
    return AWSError(
        "LifecyclePolicyPreviewNotFoundException",
        f"Lifecycle policy preview does not exist for '{name}' in the registry with id '{registry}'",
    )


def preview_in_progress(name: str, registry: str) -> AWSError:
    return AWSError(
        "LifecyclePolicyPreviewInProgressException",
        f"Lifecycle policy preview is in progress for '{name}' in the registry with id '{registry}'",
    )


def invalid_lifecycle_policy(reason: str) -> AWSError:
    return unsatisfied("LifecyclePolicyText", f"Lifecycle policy validation failure:\n{reason}\n")


def no_repository_policy(name: str, registry: str) -> AWSError:
    return AWSError(
        "RepositoryPolicyNotFoundException",
        f"Repository policy does not exist for the repository with name '{name}' in the registry with id '{registry}'",
    )


def no_registry_policy(registry: str) -> AWSError:
    return AWSError(
        "RegistryPolicyNotFoundException", f"Registry policy does not exist in the registry with id '{registry}'"
    )


def invalid_policy(reason: str) -> AWSError:
    return invalid_parameter(f"Invalid parameter at 'PolicyText' failed to satisfy constraint: '{reason}'")


def locks_out() -> AWSError:
    return invalid_policy("Policy would prevent the current principal from setting another policy: set force")


def limit_exceeded(what: str) -> AWSError:
    return AWSError("LimitExceededException", f"The limit of {what} has been reached.")


# -- the rest


def invalid_tag(reason: str) -> AWSError:
    return AWSError("InvalidTagParameterException", reason)


def too_many_tags(arn: str) -> AWSError:
    return AWSError("TooManyTagsException", f"The maximum number of tags has been reached for the resource {arn}.")


def scan_not_found(name: str, registry: str, digest: str | None, tag: str | None) -> AWSError:
    return AWSError(
        "ScanNotFoundException",
        f"Image scan does not exist for the image with '{_image(digest, tag)}' in {_of(name, registry)}",
    )


def no_signing_configuration(registry: str) -> AWSError:
    return AWSError(
        "SigningConfigurationNotFoundException",
        f"Signing configuration does not exist in the registry with id '{registry}'",
    )


def rule_not_found(prefix: str, registry: str) -> AWSError:
    return AWSError(
        "PullThroughCacheRuleNotFoundException",
        f"Pull through cache rule with prefix '{prefix}' does not exist in the registry with id '{registry}'",
    )


def rule_exists(prefix: str, registry: str) -> AWSError:
    return AWSError(
        "PullThroughCacheRuleAlreadyExistsException",
        f"Pull through cache rule with prefix '{prefix}' already exists in the registry with id '{registry}'",
    )


def unsupported_upstream(url: str) -> AWSError:
    return AWSError("UnsupportedUpstreamRegistryException", f"The upstream registry '{url}' is not supported.")


def secret_not_found(arn: str) -> AWSError:
    return AWSError("SecretNotFoundException", f"The secret with ARN '{arn}' does not exist.")


def secret_out_of_reach(arn: str) -> AWSError:
    return AWSError("UnableToAccessSecretException", f"The secret with ARN '{arn}' cannot be accessed.")


def upstream_out_of_reach() -> AWSError:
    return AWSError(
        "UnableToGetUpstreamImageException",
        "The image or images were unable to be pulled using the pull through cache rule: Fogbank reaches no registries but its own.",
    )


def template_not_found(prefix: str, registry: str) -> AWSError:
    return AWSError(
        "TemplateNotFoundException",
        f"The repository creation template with prefix '{prefix}' does not exist in the registry with id '{registry}'",
    )


def template_exists(prefix: str, registry: str) -> AWSError:
    return AWSError(
        "TemplateAlreadyExistsException",
        f"The repository creation template with prefix '{prefix}' already exists in the registry with id '{registry}'",
    )


def exclusion_exists(arn: str) -> AWSError:
    return AWSError("ExclusionAlreadyExistsException", f"The exclusion for the principal '{arn}' already exists.")


def exclusion_not_found(arn: str) -> AWSError:
    return AWSError("ExclusionNotFoundException", f"The exclusion for the principal '{arn}' does not exist.")


def backfill_in_progress(region: str) -> AWSError:
    return AWSError(
        "ReplicationBackfillInProgressException",
        f"A replication backfill is already in progress for the destination region '{region}'.",
    )


def backfill_is_over(id: str, status: str) -> AWSError:
    return AWSError(
        "ReplicationBackfillInvalidStatusException", f"The replication backfill with id '{id}' is {status}."
    )


def backfill_not_found(id: str) -> AWSError:
    return AWSError("ReplicationBackfillNotFoundException", f"The replication backfill with id '{id}' does not exist.")
